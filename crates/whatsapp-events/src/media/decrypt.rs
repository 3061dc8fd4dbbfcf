//! Decrypts WhatsApp's files as a stream (`docs/vendors/whatsapp.md#media-files`; checked with Baileys' own vectors).
//!
//! Owns keys, MAC, padding, and what proves a file: its MAC, which only the sender's key makes, or both hashes that the
//! message gives. The length that it gives is only a hint, because phones announce wrong ones. Holds one piece at most.
//! Bytes that are returned before [`Decryptor::finish`] are not verified yet.

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
    /// [`MediaError`]: the first check that fails, in the order length, padding, MAC and hashes.
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
        let has_mac = bool::from(ours.as_ref()[..MAC].ct_eq(&mac));
        let unproven = if has_mac {
            MediaError::Padding
        } else {
            MediaError::Mac
        };
        if last.len() != BLOCK {
            return Err(unproven);
        }
        self.decrypt(&mut last);
        let end = unpadded(&last).ok_or(unproven)?;
        last.truncate(end);
        self.plain_hash.update(&last);
        if has_mac || self.has_hashes() {
            Ok(last)
        } else {
            Err(MediaError::Mac)
        }
    }

    /// Whether both announced hashes fit.
    fn has_hashes(&self) -> bool {
        fits(self.said_encrypted, &self.encrypted_hash) && fits(self.said_plain, &self.plain_hash)
    }

    /// Decrypts whole blocks in place.
    fn decrypt(&mut self, blocks: &mut [u8]) {
        for block in blocks.as_chunks_mut::<BLOCK>().0 {
            self.cipher.decrypt_block_mut(block.into());
        }
    }
}

/// Whether a hash is the announced one. False if none was announced.
fn fits(said: Option<[u8; 32]>, ours: &digest::Context) -> bool {
    said.is_some_and(|said| ours.clone().finish().as_ref() == said)
}

/// The length of a last block without its padding.
fn unpadded(last: &[u8]) -> Option<usize> {
    let padding = usize::from(*last.last()?);
    let end = BLOCK.checked_sub(padding).filter(|_| padding > 0)?;
    let is_padded = last[end..].iter().all(|byte| usize::from(*byte) == padding);
    is_padded.then_some(end)
}
