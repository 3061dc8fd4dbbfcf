//! A file's description as columns of `inbound_media`.

use whatsapp_events::{MediaFile, MediaKeys};

pub(super) const fn name_of(keys: MediaKeys) -> &'static str {
    match keys {
        MediaKeys::Image => "image",
        MediaKeys::Video => "video",
        MediaKeys::Audio => "audio",
        MediaKeys::Document => "document",
    }
}

/// A text as Postgres can store it: without NUL.
pub(super) fn text(text: Option<&String>) -> Option<String> {
    text.map(|text| text.replace('\0', ""))
}

/// What the sender says of the length.
pub(super) fn length(file: &MediaFile) -> Option<i64> {
    let length = file.length?;
    Some(i64::try_from(length).unwrap_or(i64::MAX))
}

/// The columns of a file that is wanted or linked.
pub(super) struct FileColumns {
    pub(super) keys: String,
    pub(super) direct_path: Option<String>,
    pub(super) url: Option<String>,
    pub(super) media_key: Vec<u8>,
    pub(super) sha256: Option<Vec<u8>>,
    pub(super) encrypted_sha256: Option<Vec<u8>>,
    pub(super) length: Option<i64>,
    pub(super) mimetype: Option<String>,
    pub(super) file_name: Option<String>,
}

impl TryFrom<FileColumns> for MediaFile {
    type Error = sqlx::Error;

    fn try_from(row: FileColumns) -> sqlx::Result<Self> {
        let hash = |hash: Option<Vec<u8>>| hash.and_then(|hash| hash.try_into().ok());
        let media_key = row.media_key.try_into();
        Ok(Self {
            keys: match row.keys.as_str() {
                "image" => MediaKeys::Image,
                "video" => MediaKeys::Video,
                "audio" => MediaKeys::Audio,
                _ => MediaKeys::Document,
            },
            direct_path: row.direct_path,
            url: row.url,
            media_key: media_key
                .map_err(|_| sqlx::Error::Decode("a key has not 32 bytes".into()))?,
            sha256: hash(row.sha256),
            encrypted_sha256: hash(row.encrypted_sha256),
            length: row.length.and_then(|length| u64::try_from(length).ok()),
            mimetype: row.mimetype,
            file_name: row.file_name,
        })
    }
}
