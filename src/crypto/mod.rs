//! Cryptography, all of it from well-maintained crates: sealing of stored secrets (`seal`), signatures of webhooks
//! (`signature`) and of our own posts (`post_signature`), the user of a page inside GHL (`sso`), random secrets.
//!
//! Owns keys and their use. It must not implement a primitive itself.

mod post_signature;
mod seal;
mod signature;
mod sso;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
pub use post_signature::sign_post;
pub use seal::{Key, KeyId, OpenError, Sealer};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
pub use signature::{Ed25519Key, RsaKey, Signature, SignatureError, Verifier};
pub use sso::{SsoError, SsoUser, open_user};

/// A new secret for an address or a link: 32 random bytes, 43 characters of URL-safe base64.
#[must_use]
pub fn random_secret() -> SecretString {
    let bytes: [u8; 32] = rand::random();
    SecretString::from(URL_SAFE_NO_PAD.encode(bytes))
}

/// A secret of the same form that follows from `secret` and its `place`, and does not tell the one it came from.
#[must_use]
pub fn derive_secret(secret: &str, place: &str) -> String {
    let mut hash = Sha256::new();
    // The length keeps apart what belongs to which.
    for part in [secret, place] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// SHA-256 of several texts, by which the same ones are recognised without being kept.
#[must_use]
pub fn hash_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut hash = Sha256::new();
    // The length keeps apart what belongs to which.
    for text in texts {
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    }
    hash.finalize().to_vec()
}

/// SHA-256 of a secret, by which it is looked up: so the database holds no usable secret, and the timing of a look-up
/// tells an attacker nothing.
#[must_use]
pub fn hash_secret(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
