//! Decrypts WhatsApp's files as a stream (`docs/vendors/whatsapp.md#media-files`; checked with Baileys' own vectors).
//!
//! Owns keys, MAC, padding, and the comparison with everything that the message says about its file. Holds one piece
//! at most. Bytes that are returned before [`Decryptor::finish`] are not verified yet.

use std::mem;

use aes::Aes256;
use cbc::cipher::{BlockDecryptMut, KeyIvInit};
use ring::{digest, hkdf, hmac};
use subtle::ConstantTimeEq;

use crate::media::MediaFile;

/// AES's block size, in bytes.
pub(super) const BLOCK: usize = 16;
/// Bytes of the HMAC that the file ends with.
pub(super) const MAC: usize = 10;
/// Bytes to hold back until the end is known: the MAC, and the block with the padding.
const TAIL: usize = MAC + BLOCK;
/// IV (16), cipher key (32), MAC key (32), and a key that files do not use (32).
const EXPANDED: usize = 112;

/// Why a file is not the one that the message announced. Contains nothing of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// Too short for a MAC and one block.
    #[error("too short for a mac and one block")]
    TooShort,
    /// The MAC differs: another key, changed bytes, or an incomplete file.
    #[error("the mac differs")]
    Mac,
    /// The encrypted bytes are not the announced ones.
    #[error("the hash of the encrypted bytes differs")]
    EncryptedHash,
    /// The decrypted file is not the announced one.
    #[error("the hash of the file differs")]
    PlainHash,
    /// The padding is missing or wrong, or the last block is not whole: the sender's client made a mistake.
    #[error("the padding is wrong")]
    Padding,
    /// No keys can be derived.
    #[error("no keys can be derived")]
    Key,
}

/// The decryption of one file.
pub struct Decryptor {
    cipher: cbc::Decryptor<Aes256>,
    mac: hmac::Context,
    encrypted_hash: digest::Context,
    plain_hash: digest::Context,
    /// Bytes received but not decrypted yet: between two pieces, a tail and less than a block.
    held: Vec<u8>,
    said_encrypted: Option<[u8; 32]>,
    said_plain: Option<[u8; 32]>,
}

impl Decryptor {
    /// Starts the decryption of the file that a message describes.
    ///
    /// # Errors
    /// [`MediaError::Key`], which does not happen with keys of 32 bytes.
    pub fn new(file: &MediaFile) -> Result<Self, MediaError> {
        struct Length;
        impl hkdf::KeyType for Length {
            fn len(&self) -> usize {
                EXPANDED
            }
        }
        let mut keys = [0; EXPANDED];
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
            .extract(&file.media_key)
            .expand(&[file.keys.info()], Length)
            .and_then(|expanded| expanded.fill(&mut keys))
            .map_err(|_| MediaError::Key)?;
        let (iv, key, mac_key) = (&keys[..16], &keys[16..48], &keys[48..80]);
        let cipher =
            cbc::Decryptor::<Aes256>::new_from_slices(key, iv).map_err(|_| MediaError::Key)?;
        let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, mac_key));
        mac.update(iv);
        Ok(Self {
            cipher,
            mac,
            encrypted_hash: digest::Context::new(&digest::SHA256),
            plain_hash: digest::Context::new(&digest::SHA256),
            held: Vec::new(),
            said_encrypted: file.encrypted_sha256,
            said_plain: file.sha256,
        })
    }

    /// Takes the next encrypted bytes and returns the next decrypted ones, which may be none.
    pub fn feed(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        let ready = self.held.len().saturating_sub(TAIL) / BLOCK * BLOCK;
        let rest = self.held.split_off(ready);
        let mut blocks = mem::replace(&mut self.held, rest);
        self.encrypted_hash.update(&blocks);
        self.mac.update(&blocks);
        self.decrypt(&mut blocks);
        self.plain_hash.update(&blocks);
        blocks
    }

    /// Returns the end of the file, after every check has passed.
    ///
    /// # Errors
    /// [`MediaError`]: the first check that fails, in the order length, MAC, encrypted hash, padding, hash. The
    /// announced length is not checked, because it is often wrong (`docs/vendors/whatsapp.md#media-files`).
    pub fn finish(mut self) -> Result<Vec<u8>, MediaError> {
        let mut last = mem::take(&mut self.held);
        if last.len() < TAIL {
            return Err(MediaError::TooShort);
        }
        let mac = last.split_off(last.len() - MAC);
        self.encrypted_hash.update(&last);
        self.encrypted_hash.update(&mac);
        self.mac.update(&last);
        let ours = self.mac.clone().sign();
        if !bool::from(ours.as_ref()[..MAC].ct_eq(&mac)) {
            return Err(MediaError::Mac);
        }
        if differs(self.said_encrypted, self.encrypted_hash.clone()) {
            return Err(MediaError::EncryptedHash);
        }
        if last.len() != BLOCK {
            return Err(MediaError::Padding);
        }
        self.decrypt(&mut last);
        let padding = usize::from(last[BLOCK - 1]);
        let end = BLOCK.checked_sub(padding).filter(|_| padding > 0);
        let end = end.ok_or(MediaError::Padding)?;
        if last[end..].iter().any(|byte| usize::from(*byte) != padding) {
            return Err(MediaError::Padding);
        }
        last.truncate(end);
        self.plain_hash.update(&last);
        if differs(self.said_plain, self.plain_hash.clone()) {
            return Err(MediaError::PlainHash);
        }
        Ok(last)
    }

    /// Decrypts whole blocks in place.
    fn decrypt(&mut self, blocks: &mut [u8]) {
        for block in blocks.as_chunks_mut::<BLOCK>().0 {
            self.cipher.decrypt_block_mut(block.into());
        }
    }
}

/// Whether a hash differs from the announced one. False if none was announced.
fn differs(said: Option<[u8; 32]>, ours: digest::Context) -> bool {
    said.is_some_and(|said| ours.finish().as_ref() != said)
}
