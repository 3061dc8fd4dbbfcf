//! Sealing of tokens and credentials for the database: AES-256-GCM of `ring`.
//!
//! Owns the sealed form `key id (4) ‖ nonce (12) ‖ ciphertext ‖ tag (16)`. A value opens only in the place (table, row,
//! column) that it was sealed for, which is bound as associated data.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

const KEY_BYTES: usize = 32;
/// Four bytes of the key's hash say which of the configured keys sealed a value; they need not be unique.
const KEY_ID_BYTES: usize = 4;

/// The first bytes of a sealed value: which key sealed it.
pub type KeyId = [u8; KEY_ID_BYTES];

/// One 32-byte sealing key.
#[derive(Clone)]
pub struct Key {
    id: KeyId,
    cipher: LessSafeKey,
}

impl Key {
    /// Reads a key in the form of `ENCRYPTION_KEYS`: base64 of 32 bytes.
    ///
    /// # Errors
    /// A sentence for the operator, without the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(|_| "is not base64 (make one with `openssl rand -base64 32`)".to_owned())?;
        let wrong_size = || format!("has {} bytes and must have {KEY_BYTES}", bytes.len());
        let unbound = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| wrong_size())?;
        let hash = Sha256::digest(&bytes);
        let mut id = [0; KEY_ID_BYTES];
        id.copy_from_slice(&hash[..KEY_ID_BYTES]);
        Ok(Self {
            id,
            cipher: LessSafeKey::new(unbound),
        })
    }
}

/// Seals with the newest key, opens with any.
#[derive(Clone)]
pub struct Sealer {
    newest: Key,
    older: Vec<Key>,
}

/// A sealed value cannot be opened: sealed with a key that is not configured, moved from another row, or damaged.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "a stored secret cannot be opened with the configured ENCRYPTION_KEYS; put back the key it was sealed with, or connect again"
)]
pub struct OpenError;

impl Sealer {
    /// A sealer that seals with `newest`.
    #[must_use]
    pub fn new(newest: Key, older: Vec<Key>) -> Self {
        Self { newest, older }
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn newest(&self) -> KeyId {
        self.newest.id
    }

    /// Whether the key that sealed a value is one of ours.
    #[must_use]
    pub fn knows(&self, key_id: &[u8]) -> bool {
        let mut keys = std::iter::once(&self.newest).chain(&self.older);
        keys.any(|key| key.id == key_id)
    }

    /// Seals `secret` for `place`, such as `tokens/location/abc/access`.
    #[must_use]
    pub fn seal(&self, place: &str, secret: &SecretString) -> Vec<u8> {
        // Random nonces are safe below 2^32 values for each key (NIST SP 800-38D); a thousand locations seal fewer than
        // 10^7 a year.
        let nonce: [u8; NONCE_LEN] = rand::random();
        let mut text = secret.expose_secret().as_bytes().to_vec();
        let sealed = self.newest.cipher.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(place.as_bytes()),
            &mut text,
        );
        debug_assert!(sealed.is_ok(), "AES-GCM refuses only texts of 64 GiB");
        [&self.newest.id[..], &nonce, &text].concat()
    }

    /// Opens what [`Sealer::seal`] made for the same `place`.
    ///
    /// # Errors
    /// [`OpenError`] for a value of another place or key, or a damaged one.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<SecretString, OpenError> {
        let (id, rest) = sealed.split_at_checked(KEY_ID_BYTES).ok_or(OpenError)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(OpenError)?;
        let keys = std::iter::once(&self.newest).chain(&self.older);
        keys.filter(|key| key.id == id)
            .find_map(|key| {
                let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
                let mut text = text.to_vec();
                let opened = key
                    .cipher
                    .open_in_place(nonce, Aad::from(place.as_bytes()), &mut text)
                    .ok()?;
                String::from_utf8(opened.to_vec()).ok()
            })
            .map(SecretString::from)
            .ok_or(OpenError)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Key {
        Key::parse(&STANDARD.encode([byte; KEY_BYTES])).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_in_its_own_place_only() {
        let sealer = Sealer::new(key(1), vec![]);
        let value = sealer.seal("tokens/location/a", &"s3cret".into());
        let opened = sealer.open("tokens/location/a", &value).unwrap();
        assert_eq!(opened.expose_secret(), "s3cret");
        assert_eq!(
            sealer.open("tokens/location/b", &value).unwrap_err(),
            OpenError
        );
    }

    #[test]
    fn an_older_key_still_opens_and_a_missing_one_does_not() {
        let value = Sealer::new(key(1), vec![]).seal("p", &"x".into());
        assert!(Sealer::new(key(2), vec![key(1)]).open("p", &value).is_ok());
        assert!(Sealer::new(key(2), vec![]).open("p", &value).is_err());
    }

    #[test]
    fn a_damaged_or_cut_value_is_refused() {
        let sealer = Sealer::new(key(1), vec![]);
        let value = sealer.seal("p", &"x".into());
        for len in 0..value.len() {
            assert!(sealer.open("p", &value[..len]).is_err());
        }
        for at in 0..value.len() {
            let mut damaged = value.clone();
            damaged[at] ^= 1;
            assert!(sealer.open("p", &damaged).is_err());
        }
    }

    #[test]
    fn a_key_of_the_wrong_size_is_named_so() {
        assert!(Key::parse("AAAA").unwrap_err().contains("has 3 bytes"));
        assert!(Key::parse("not base64!").unwrap_err().contains("base64"));
    }
}
