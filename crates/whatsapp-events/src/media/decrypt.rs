//! WhatsApp's encryption of files, undone while they stream by (`docs/vendors/whatsapp.md#media-files`; checked with
//! Baileys' own vectors).
//!
//! Owns: keys, mac, padding, and the comparison with everything that the message says about its file. Refuses: holding
//! more than one piece; what it gives before [`Decryptor::finish`] has been called is not proven yet.

use std::mem;

use aes::Aes256;
use cbc::cipher::{BlockDecryptMut, KeyIvInit};
use ring::{digest, hkdf, hmac};
use subtle::ConstantTimeEq;

use crate::media::MediaFile;

/// AES's block.
pub(super) const BLOCK: usize = 16;
/// Bytes of the HMAC that are kept at the file's end.
pub(super) const MAC: usize = 10;
/// What must stay back until the end is known: the mac, and the block with the padding.
const TAIL: usize = MAC + BLOCK;
/// iv (16), cipher key (32), mac key (32), and one for references that files do not use (32).
const EXPANDED: usize = 112;

/// Why a file is not what the message announced. Nothing of the file is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MediaError {
    /// No room for a mac and one block.
    #[error("too short for a mac and one block")]
    TooShort,
    /// Another key, other bytes, or not whole.
    #[error("the mac differs")]
    Mac,
    /// Not the bytes that were announced.
    #[error("the hash of the encrypted bytes differs")]
    EncryptedHash,
    /// Not the plaintext that was announced.
    #[error("the hash of the file differs")]
    PlainHash,
    /// Longer or shorter than announced.
    #[error("the length differs")]
    Length,
    /// No padding at its end, or no whole blocks: its maker made a mistake.
    #[error("the padding is wrong")]
    Padding,
    /// No keys could be derived.
    #[error("no keys can be derived")]
    Key,
}

/// One file on its way.
pub struct Decryptor {
    cipher: cbc::Decryptor<Aes256>,
    mac: hmac::Context,
    encrypted_hash: digest::Context,
    plain_hash: digest::Context,
    /// What came and is not decrypted yet: a tail and less than a block, between two pieces.
    held: Vec<u8>,
    length: u64,
    said_encrypted: Option<[u8; 32]>,
    said_plain: Option<[u8; 32]>,
    said_length: Option<u64>,
}

impl Decryptor {
    /// For the file that a message describes.
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
            length: 0,
            said_encrypted: file.encrypted_sha256,
            said_plain: file.sha256,
            said_length: file.length,
        })
    }

    /// The next bytes as the server holds them → the next bytes of the file, maybe none.
    pub fn feed(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        let ready = self.held.len().saturating_sub(TAIL) / BLOCK * BLOCK;
        let rest = self.held.split_off(ready);
        let mut blocks = mem::replace(&mut self.held, rest);
        self.encrypted_hash.update(&blocks);
        self.mac.update(&blocks);
        self.decrypt(&mut blocks);
        self.count(&blocks);
        blocks
    }

    /// The end of the file, when all of it came and is what was announced.
    ///
    /// # Errors
    /// [`MediaError`]: the first that does not fit, from the outside inwards.
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
        self.count(&last);
        if differs(self.said_plain, self.plain_hash.clone()) {
            return Err(MediaError::PlainHash);
        }
        if self.said_length.is_some_and(|said| said != self.length) {
            return Err(MediaError::Length);
        }
        Ok(last)
    }

    /// Whole blocks, in place.
    fn decrypt(&mut self, blocks: &mut [u8]) {
        for block in blocks.as_chunks_mut::<BLOCK>().0 {
            self.cipher.decrypt_block_mut(block.into());
        }
    }

    fn count(&mut self, plain: &[u8]) {
        self.plain_hash.update(plain);
        self.length += plain.len() as u64;
    }
}

/// Whether a hash is not the one that was announced, if one was.
fn differs(said: Option<[u8; 32]>, ours: digest::Context) -> bool {
    said.is_some_and(|said| ours.finish().as_ref() != said)
}
