//! Proof that a webhook comes from GHL: a signature over the raw body bytes (`facts/ghl.md` section 3).
//!
//! Owns: the choice between the two signatures and their check. Refuses: falling back to the older one when the
//! newer is present, and comparing `N/A`, which GHL's samples show where there is none.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::RsaPublicKey;
use rsa::pkcs1v15::{Signature as RsaSignature, VerifyingKey};
use rsa::pkcs8::DecodePublicKey;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::signature::Verifier as _;
use sha2::Sha256;

/// Header of the Ed25519 signature, what GHL sends today.
const ED25519_HEADER: &str = "x-ghl-signature";
/// Header of its predecessor, RSA-SHA256 with PKCS #1 v1.5 padding.
const RSA_HEADER: &str = "x-wh-signature";

/// An Ed25519 public key.
#[derive(Clone)]
pub struct Ed25519Key(ed25519_dalek::VerifyingKey);

impl Ed25519Key {
    /// Reads PEM, bare base64 of the same DER, or base64 of the 32 raw bytes.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn parse(text: &str) -> Result<Self, String> {
        let der = key_bytes(text)?;
        let info = SubjectPublicKeyInfoRef::try_from(der.as_slice()).ok();
        let inside = info.and_then(|info| info.subject_public_key.as_bytes());
        let raw = inside.unwrap_or(&der).try_into().ok();
        raw.and_then(|raw| ed25519_dalek::VerifyingKey::from_bytes(raw).ok())
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

/// A signature as a request carries it.
#[derive(Clone, Debug)]
pub enum Signature {
    /// What GHL sends today.
    Ed25519(ed25519_dalek::Signature),
    /// Its predecessor; about twenty times as costly to check.
    Rsa(RsaSignature),
}

impl Signature {
    /// The signature that counts; `header` gives a request header's value by its lower-case name. If the Ed25519 header
    /// is present, only that one counts.
    ///
    /// # Errors
    /// [`SignatureError`]; wrong is also what cannot be a signature at all.
    pub fn find<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Result<Self, SignatureError> {
        let given = |name| header(name).map(str::trim);
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| SignatureError::Wrong);
        let found = match (given(ED25519_HEADER), given(RSA_HEADER)) {
            (Some("N/A" | ""), _) | (None, Some("N/A" | "") | None) => {
                return Err(SignatureError::Missing);
            }
            (Some(text), _) => {
                ed25519_dalek::Signature::from_slice(&decode(text)?).map(Self::Ed25519)
            }
            (None, Some(text)) => RsaSignature::try_from(decode(text)?.as_slice()).map(Self::Rsa),
        };
        found.map_err(|_| SignatureError::Wrong)
    }
}

impl Verifier {
    /// A verifier over the two keys.
    #[must_use]
    pub fn new(ed25519: Ed25519Key, rsa: RsaKey) -> Self {
        Self { ed25519, rsa }
    }

    /// Whether the signature is that of `body`.
    #[must_use]
    pub fn fits(&self, signature: &Signature, body: &[u8]) -> bool {
        match signature {
            Signature::Ed25519(signature) => self.ed25519.0.verify(body, signature).is_ok(),
            Signature::Rsa(signature) => self.rsa.0.verify(body, signature).is_ok(),
        }
    }

    /// Whether each Ed25519 signature is that of its body. Checked together, eight good ones take half as long as one by
    /// one.
    #[must_use]
    pub fn fit_each(&self, signatures: &[ed25519_dalek::Signature], bodies: &[&[u8]]) -> Vec<bool> {
        let key = self.ed25519.0;
        let keys = vec![key; signatures.len()];
        if signatures.len() > 1 && ed25519_dalek::verify_batch(bodies, signatures, &keys).is_ok() {
            return vec![true; signatures.len()];
        }
        // A bad one is among them: each is looked at by itself.
        let pairs = signatures.iter().zip(bodies);
        pairs
            .map(|(signature, body)| key.verify(body, signature).is_ok())
            .collect()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}
