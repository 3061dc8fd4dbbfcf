//! A described file as columns of `media`.

use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row as _};
use whatsapp_events::{MediaFile, MediaKeys};

pub(super) const fn name_of(keys: MediaKeys) -> &'static str {
    match keys {
        MediaKeys::Image => "image",
        MediaKeys::Video => "video",
        MediaKeys::Audio => "audio",
        MediaKeys::Document => "document",
    }
}

/// A file as its row keeps it.
#[derive(Clone, Debug)]
pub struct StoredFile(pub MediaFile);

impl FromRow<'_, PgRow> for StoredFile {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let keys = match row.try_get("keys")? {
            "image" => MediaKeys::Image,
            "video" => MediaKeys::Video,
            "audio" => MediaKeys::Audio,
            _ => MediaKeys::Document,
        };
        let media_key: Vec<u8> = row.try_get("media_key")?;
        let hash = |column: &str| -> sqlx::Result<Option<[u8; 32]>> {
            let hash: Option<Vec<u8>> = row.try_get(column)?;
            Ok(hash.and_then(|hash| hash.try_into().ok()))
        };
        let length: Option<i64> = row.try_get("length")?;
        Ok(Self(MediaFile {
            keys,
            direct_path: row.try_get("direct_path")?,
            url: row.try_get("url")?,
            media_key: media_key
                .try_into()
                .map_err(|_| sqlx::Error::Decode("a key has not 32 bytes".into()))?,
            sha256: hash("sha256")?,
            encrypted_sha256: hash("encrypted_sha256")?,
            length: length.and_then(|length| u64::try_from(length).ok()),
            mimetype: row.try_get("mimetype")?,
            file_name: row.try_get("file_name")?,
        }))
    }
}
