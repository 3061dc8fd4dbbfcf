//! The keys with which the simulated GHL signs its posts, and the cipher in which it names the user of a page.
//!
//! The keys are generated at the start and never leave the process; only their public halves can be read.

use std::io;
use std::sync::Arc;

use aes::Aes256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockEncryptMut as _, KeyIvInit as _};
use md5::{Digest as _, Md5};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{EncodePublicKey as _, LineEnding};
use rsa::rand_core::OsRng;
use rsa::signature::{SignatureEncoding as _, Signer as _};
use sha2::Sha256;

use crate::shared::Shared;

/// The DER bytes that come before the 32 bytes of the key in an Ed25519 SPKI (RFC 8410).
const ED25519_SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
/// GHL's key has 4096 bits; a shorter one is generated faster and verified by the same code.
const RSA_BITS: usize = 2048;

/// The public half of the signing key, in the two forms that the service's settings accept.
#[derive(Clone, Debug)]
pub struct PublicKeys {
    /// The SPKI in base64 on one line, as GHL publishes it.
    pub ed25519_base64: String,
    /// The same as PEM.
    pub ed25519_pem: String,
}

pub(super) struct Keys {
    ed25519: Ed25519KeyPair,
    rsa: Shared<Option<Arc<RsaPrivateKey>>>,
}

impl Keys {
    /// Generates the Ed25519 key. The RSA key is generated when it is first needed.
    pub(super) fn generate() -> io::Result<Self> {
        let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| io::Error::other("the system gave no randomness"))?;
        let ed25519 = Ed25519KeyPair::from_pkcs8(seed.as_ref())
            .map_err(|rejected| io::Error::other(rejected.to_string()))?;
        Ok(Self {
            ed25519,
            rsa: Shared::default(),
        })
    }

    pub(super) fn public(&self) -> PublicKeys {
        let mut spki = ED25519_SPKI.to_vec();
        spki.extend_from_slice(self.ed25519.public_key().as_ref());
        let base64 = STANDARD.encode(spki);
        PublicKeys {
            ed25519_pem: format!(
                "-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n"
            ),
            ed25519_base64: base64,
        }
    }

    /// The public RSA key as PEM. The first call generates the key.
    pub(super) fn rsa_pem(&self) -> io::Result<String> {
        self.rsa_key()?
            .to_public_key()
            .to_public_key_pem(LineEnding::LF)
            .map_err(io::Error::other)
    }

    /// Base64 of an Ed25519 signature of these bytes.
    pub(super) fn ed25519(&self, body: &[u8]) -> String {
        STANDARD.encode(self.ed25519.sign(body))
    }

    /// Base64 of an RSA PKCS#1 v1.5 signature of the SHA-256 of these bytes.
    pub(super) fn rsa(&self, body: &[u8]) -> io::Result<String> {
        let key = SigningKey::<Sha256>::new(self.rsa_key()?.as_ref().clone());
        let signature = key.try_sign(body).map_err(io::Error::other)?;
        Ok(STANDARD.encode(signature.to_bytes()))
    }

    fn rsa_key(&self) -> io::Result<Arc<RsaPrivateKey>> {
        let mut slot = self.rsa.lock();
        if let Some(key) = slot.as_ref() {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(RsaPrivateKey::new(&mut OsRng, RSA_BITS).map_err(io::Error::other)?);
        *slot = Some(Arc::clone(&key));
        Ok(key)
    }
}

/// Encrypts a text with a passphrase as `CryptoJS.AES.encrypt` does (`docs/vendors/ghl.md#single-sign-on`). Key and
/// IV come from `OpenSSL`'s `EVP_BytesToKey` with MD5, one round.
pub(super) fn encrypt_with_passphrase(passphrase: &str, salt: [u8; 8], plain: &str) -> String {
    let mut derived = Vec::with_capacity(48);
    let mut block = Vec::new();
    while derived.len() < 48 {
        let hash = Md5::new()
            .chain_update(&block)
            .chain_update(passphrase)
            .chain_update(salt);
        block = hash.finalize().to_vec();
        derived.extend_from_slice(&block);
    }
    let (key, iv) = derived.split_at(32);
    let mut sealed = b"Salted__".to_vec();
    sealed.extend_from_slice(&salt);
    // Room for the padding of one to sixteen bytes.
    let mut room = vec![0; plain.len() + 16];
    room[..plain.len()].copy_from_slice(plain.as_bytes());
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(key, iv);
    if let Ok(cipher) = cipher
        && let Ok(encrypted) = cipher.encrypt_padded_mut::<Pkcs7>(&mut room, plain.len())
    {
        sealed.extend_from_slice(encrypted);
    }
    STANDARD.encode(sealed)
}

#[cfg(test)]
mod tests {
    use super::encrypt_with_passphrase;

    #[test]
    fn a_payload_is_what_crypto_js_makes_of_it() {
        let plain = r#"{"userId":"wAapUsr5jWm3XcV8bNq1","companyId":"wAapCo2h7GfS9dKaP0tv","role":"admin","type":"agency","userName":"Aminah Contoh","email":"aminah@example.com"}"#;
        let secret = "3f0f8f2e-7a11-4c7a-9a44-invented00001";
        let salt = [0x20, 0xe5, 0x7e, 0x5e, 0x68, 0xfe, 0xa1, 0x7e];
        let payload = "U2FsdGVkX18g5X5eaP6hfn0JjxwrpFjxrFDY4mG9uPp1SbrShXpIARWSWA6RfMzqUDzT5bXbUeVjtDlg1uonsn6IKLvYpVUZ1Hb8m4b+C7Bhlz0mEHZvv8ErSdJ/HVmsaYN/i53m4DTLVOgbiWWn/alz2I/GIcc5yW8ENVjy0Be/EbLR4Soch8KHdyd4BQMt6FSjxxv78w828oCdfyRweX9MWeN6Iu0H1SLLMn6zLXA=";
        assert_eq!(encrypt_with_passphrase(secret, salt, plain), payload);
    }
}
