//! Proof that a webhook comes from GHL: a signature over the raw body bytes (`docs/vendors/ghl.md#signatures`).
//!
//! Chooses between the two signatures and checks them. It must not use the older one when the newer is present, or
//! check `N/A`, which GHL's samples have in place of a signature.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_zebra::{Signature as Ed25519Signature, VerificationKey, batch};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use rsa::RsaPublicKey;
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::DecodePublicKey;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::traits::PublicKeyParts as _;

/// Header of the Ed25519 signature, which GHL sends today.
const ED25519_HEADER: &str = "x-ghl-signature";
/// Header of its predecessor, RSA-SHA256 with PKCS #1 v1.5 padding.
const RSA_HEADER: &str = "x-wh-signature";

/// An Ed25519 public key.
#[derive(Clone)]
pub struct Ed25519Key(VerificationKey);

impl Ed25519Key {
    /// Reads PEM, bare base64 of the same DER, or base64 of the 32 raw bytes.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let der = key_bytes(text)?;
        let info = SubjectPublicKeyInfoRef::try_from(der.as_slice()).ok();
        let inside = info.and_then(|info| info.subject_public_key.as_bytes());
        VerificationKey::try_from(inside.unwrap_or(&der))
            .map(Self)
            .map_err(|_| "is not an Ed25519 public key in PEM or base64".to_owned())
    }
}

/// An RSA public key of the legacy signature.
#[derive(Clone)]
pub struct RsaKey(UnparsedPublicKey<Vec<u8>>);

/// Shortest key that is taken, in bytes: 2,048 bits, below which nobody counts RSA as safe.
const MIN_RSA_BYTES: usize = 256;

impl RsaKey {
    /// Reads PEM or bare base64 of the same DER.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let key = RsaPublicKey::from_public_key_der(&key_bytes(text)?).ok();
        let key = key.filter(|key| key.size() >= MIN_RSA_BYTES);
        let der = key.and_then(|key| key.to_pkcs1_der().ok());
        let der = der.ok_or("is not an RSA public key of 2,048 bits or more in PEM or base64")?;
        let key = der.as_bytes().to_vec();
        Ok(Self(UnparsedPublicKey::new(
            &RSA_PKCS1_2048_8192_SHA256,
            key,
        )))
    }
}

/// Removes the PEM lines and white space around the base64 text. Settings may have PEM on one line with `\n` written
/// out.
fn key_bytes(text: &str) -> Result<Vec<u8>, String> {
    let text = text.replace("\\n", "\n");
    let base64: String = text
        .replace("-----BEGIN PUBLIC KEY-----", "")
        .replace("-----END PUBLIC KEY-----", "")
        .split_whitespace()
        .collect();
    STANDARD
        .decode(base64)
        .map_err(|_| "is neither PEM nor base64".to_owned())
}

/// Checks signatures with the platform's two public keys.
#[derive(Clone)]
pub struct Verifier {
    ed25519: Ed25519Key,
    rsa: RsaKey,
}

/// Why a webhook is not believed.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum SignatureError {
    /// Neither header is there, or it says `N/A`.
    #[error("the request carries no signature")]
    Missing,
    /// The signature does not fit these bytes and this key.
    #[error("the signature does not match the body")]
    Wrong,
}

/// The signature of a request.
#[derive(Clone, Debug)]
pub enum Signature {
    /// GHL sends this today.
    Ed25519(Ed25519Signature),
    /// Its predecessor, several times as costly to check.
    Rsa(Vec<u8>),
}

impl Signature {
    /// The signature that counts; `header` gives a request header's value by its lower-case name. If the Ed25519 header
    /// is present, only that one counts.
    ///
    /// # Errors
    /// [`SignatureError`]; `Wrong` also for a value that cannot be a signature.
    pub fn find<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Result<Self, SignatureError> {
        let given = |name| header(name).map(str::trim);
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| SignatureError::Wrong);
        let found = match (given(ED25519_HEADER), given(RSA_HEADER)) {
            (Some("N/A" | ""), _) | (None, Some("N/A" | "") | None) => {
                return Err(SignatureError::Missing);
            }
            (Some(text), _) => Ed25519Signature::from_slice(&decode(text)?)
                .map(Self::Ed25519)
                .ok(),
            (None, Some(text)) => Some(Self::Rsa(decode(text)?)),
        };
        found.ok_or(SignatureError::Wrong)
    }
}

impl Verifier {
    /// A verifier with the two keys.
    #[must_use]
    pub fn new(ed25519: Ed25519Key, rsa: RsaKey) -> Self {
        Self { ed25519, rsa }
    }

    /// Whether the signature is that of `body`.
    #[must_use]
    pub fn fits(&self, signature: &Signature, body: &[u8]) -> bool {
        match signature {
            Signature::Ed25519(signature) => self.ed25519.0.verify(signature, body).is_ok(),
            Signature::Rsa(signature) => self.rsa.0.verify(body, signature).is_ok(),
        }
    }

    /// Whether each Ed25519 signature is that of its body. Sixteen good ones, checked together, take a third of the
    /// time of single checks, because they share a key.
    #[must_use]
    pub fn fit_each(&self, signed: &[(Ed25519Signature, &[u8])]) -> Vec<bool> {
        let key = self.ed25519.0;
        if signed.len() > 1 {
            let mut batch = batch::Verifier::new();
            for (signature, body) in signed {
                batch.queue((key.into(), *signature, *body));
            }
            if batch.verify(rand::rng()).is_ok() {
                return vec![true; signed.len()];
            }
        }
        // A single signature, or a bad one among them: check each by itself.
        let each = signed.iter();
        each.map(|(signature, body)| key.verify(signature, body).is_ok())
            .collect()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}
