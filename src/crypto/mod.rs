//! Cryptography, all of it from well-kept crates: sealing of secrets at rest, signatures of webhooks, who sits before a
//! page inside GHL, random secrets.
//!
//! Owns: keys and what is done with them. Refuses: a primitive of its own.

mod seal;
mod signature;
mod sso;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
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

/// SHA-256 of a secret, by which it is looked up: the database then holds nothing that opens a door, and a
/// lookup by hash tells an attacker nothing through its timing.
#[must_use]
pub fn hash_secret(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}
