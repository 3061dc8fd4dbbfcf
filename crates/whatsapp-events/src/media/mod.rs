//! A message's file on WhatsApp's servers, and its keys.
//!
//! Owns the description of the file. `decrypt` turns the encrypted bytes into the file, `name` gives it a safe name and
//! a type, `types` is the table of types. Does not fetch the file.

mod decrypt;
mod name;
mod types;

pub use decrypt::{Decryptor, MediaError};
pub use name::FileType;
pub use types::{KnownType, UNKNOWN_TYPE};

/// Which of WhatsApp's four sets of keys encrypts a file (`docs/vendors/whatsapp.md#media-files`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKeys {
    /// Pictures and stickers.
    Image,
    /// Videos, GIFs and video notes.
    Video,
    /// Voice messages and other audio.
    Audio,
    /// Everything else.
    Document,
}

impl MediaKeys {
    /// The fixed text that HKDF mixes with the media key to derive the keys of such a file.
    #[must_use]
    pub const fn info(self) -> &'static [u8] {
        match self {
            Self::Image => b"WhatsApp Image Keys",
            Self::Video => b"WhatsApp Video Keys",
            Self::Audio => b"WhatsApp Audio Keys",
            Self::Document => b"WhatsApp Document Keys",
        }
    }
}

/// A file on WhatsApp's servers. A stranger wrote everything in it.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaFile {
    /// The set of keys.
    pub keys: MediaKeys,
    /// Its path on WhatsApp's media host, beginning with `/`.
    pub direct_path: Option<String>,
    /// Its address, which some clients spoil.
    pub url: Option<String>,
    /// The 32 bytes from which its keys are derived.
    pub media_key: [u8; 32],
    /// SHA-256 of the decrypted file.
    pub sha256: Option<[u8; 32]>,
    /// SHA-256 of the encrypted bytes on the server.
    pub encrypted_sha256: Option<[u8; 32]>,
    /// Length of the decrypted file, in bytes, as its sender announced it: a hint, which is often wrong.
    pub length: Option<u64>,
    /// Its media type, such as `image/jpeg` or `audio/ogg; codecs=opus`.
    pub mimetype: Option<String>,
    /// The name that the sender's phone gave it. Documents have one.
    pub file_name: Option<String>,
}

impl MediaFile {
    /// Bytes on WhatsApp's server for a file of `length` bytes: the file padded to blocks of 16 (a full block more if
    /// it already fits), and the MAC.
    #[must_use]
    pub const fn encrypted_length(length: u64) -> u64 {
        let blocks = length / decrypt::BLOCK as u64 + 1;
        blocks
            .saturating_mul(decrypt::BLOCK as u64)
            .saturating_add(decrypt::MAC as u64)
    }
}

impl std::fmt::Debug for MediaFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The key opens a customer's file, and the name is the customer's text.
        f.debug_struct("MediaFile")
            .field("keys", &self.keys)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
