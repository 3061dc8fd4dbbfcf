//! A file as a message names it: where WhatsApp keeps it, encrypted, and what opens it.
//!
//! Owns: the file's description, and in `decrypt` its way back to what the customer sent, in `name` what it is called, and
//! in `types` the types of files. Refuses: fetching it.

mod decrypt;
mod name;
mod types;

pub use decrypt::{Decryptor, MediaError};
pub use name::FileType;
pub use types::{KnownType, UNKNOWN_TYPE};

/// Which of WhatsApp's four sets of keys a file is sealed with (`docs/vendors/whatsapp.md#media-files`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKeys {
    /// Pictures and stickers.
    Image,
    /// Videos, GIFs and video notes.
    Video,
    /// Voice messages and other sound.
    Audio,
    /// Everything else.
    Document,
}

impl MediaKeys {
    /// What the keys of such a file are derived with beside its own key.
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

/// A file on WhatsApp's servers. Everything in it was written by a stranger.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaFile {
    /// The set of keys.
    pub keys: MediaKeys,
    /// Its path on WhatsApp's media host, from `/`.
    pub direct_path: Option<String>,
    /// Its address, which some clients spoil.
    pub url: Option<String>,
    /// What its keys are derived from.
    pub media_key: [u8; 32],
    /// SHA-256 of the file itself.
    pub sha256: Option<[u8; 32]>,
    /// SHA-256 of what the server holds.
    pub encrypted_sha256: Option<[u8; 32]>,
    /// Bytes of the file itself.
    pub length: Option<u64>,
    /// Its type, such as `image/jpeg` or `audio/ogg; codecs=opus`.
    pub mimetype: Option<String>,
    /// The name its sender's phone gave it; documents have one.
    pub file_name: Option<String>,
}

impl MediaFile {
    /// Bytes that WhatsApp's server holds of a file with so many: padded to whole blocks of 16 (a full one where it
    /// fits), and the mac.
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
        // The key opens a customer's file, its name is the customer's words.
        f.debug_struct("MediaFile")
            .field("keys", &self.keys)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}
