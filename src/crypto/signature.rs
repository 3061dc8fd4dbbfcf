//! Proof that a webhook comes from GHL: a signature over the raw body bytes (`facts/ghl.md` section 3).
//!
//! Owns: the choice between the two signatures and their check. Refuses: falling back to the older one when the
//! newer is present, and comparing `N/A`, which GHL's samples show where there is none.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};
use rsa::RsaPublicKey;
use rsa::pkcs1v15::{Signature as RsaSignature, VerifyingKey};
use rsa::pkcs8::DecodePublicKey;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::signature::Verifier as _;
use sha2::Sha256;

/// Header of the Ed25519 signature, what GHL sends today.
pub const ED25519_HEADER: &str = "x-ghl-signature";
/// Header of its predecessor, RSA-SHA256 with PKCS #1 v1.5 padding.
pub const RSA_HEADER: &str = "x-wh-signature";
const ED25519_KEY_BYTES: usize = 32;

/// An Ed25519 public key.
#[derive(Clone)]
pub struct Ed25519Key(Vec<u8>);

impl Ed25519Key {
    /// Reads PEM, bare base64 of the same DER, or base64 of the 32 raw bytes.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let der = key_bytes(text)?;
        if der.len() == ED25519_KEY_BYTES {
            return Ok(Self(der));
        }
        let info = SubjectPublicKeyInfoRef::try_from(der.as_slice()).ok();
        info.and_then(|info| Some(info.subject_public_key.as_bytes()?.to_vec()))
            .filter(|key| key.len() == ED25519_KEY_BYTES)
            .map(Self)
            .ok_or_else(|| "is not an Ed25519 public key in PEM or base64".to_owned())
    }
}

/// An RSA public key of the legacy signature.
#[derive(Clone)]
pub struct RsaKey(VerifyingKey<Sha256>);

impl RsaKey {
    /// Reads PEM or bare base64 of the same DER.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let key = RsaPublicKey::from_public_key_der(&key_bytes(text)?)
            .map_err(|_| "is not an RSA public key in PEM or base64".to_owned())?;
        Ok(Self(VerifyingKey::new(key)))
    }
}

/// Drops the PEM lines and white space around the base64 text; settings also carry PEM on one line with `\n` written out.
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

impl Verifier {
    /// A verifier over the two keys.
    #[must_use]
    pub fn new(ed25519: Ed25519Key, rsa: RsaKey) -> Self {
        Self { ed25519, rsa }
    }

    /// Checks the signature of `body`; `header` gives a request header's value by its lower-case name.
    ///
    /// # Errors
    /// [`SignatureError`]; if the Ed25519 header is present, only that one counts.
    pub fn verify<'a>(
        &self,
        header: impl Fn(&str) -> Option<&'a str>,
        body: &[u8],
    ) -> Result<(), SignatureError> {
        let given = |name| header(name).map(str::trim);
        let fits = match (given(ED25519_HEADER), given(RSA_HEADER)) {
            (Some("N/A" | ""), _) | (None, Some("N/A" | "") | None) => {
                return Err(SignatureError::Missing);
            }
            (Some(signature), _) => self.fits_ed25519(signature, body),
            (None, Some(signature)) => self.fits_rsa(signature, body),
        };
        fits.then_some(()).ok_or(SignatureError::Wrong)
    }

    fn fits_ed25519(&self, signature: &str, body: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.ed25519.0);
        STANDARD
            .decode(signature)
            .is_ok_and(|signature| key.verify(body, &signature).is_ok())
    }

    fn fits_rsa(&self, signature: &str, body: &[u8]) -> bool {
        let signature = STANDARD
            .decode(signature)
            .ok()
            .and_then(|bytes| RsaSignature::try_from(bytes.as_slice()).ok());
        signature.is_some_and(|signature| self.rsa.0.verify(body, &signature).is_ok())
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}
