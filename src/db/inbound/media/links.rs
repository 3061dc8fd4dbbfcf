//! Download links: the file behind a link, and the end of links at an uninstall.

use time::OffsetDateTime;
use whatsapp_events::MediaFile;

use crate::db::connection::{Connection, Pool};
use crate::db::inbound::media::row::FileColumns;
use crate::model::ids::LocationId;
use crate::model::reason::{Media, Reason};

/// The file behind a link, and whose it is, while the link lasts.
pub async fn find_linked(
    pool: &Pool,
    link_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<(LocationId, MediaFile)>> {
    let found = sqlx::query!(
        r#"
        select location_id, keys as "keys!", direct_path, url, media_key as "media_key!", sha256, encrypted_sha256, length, mimetype,
            file_name
        from inbound_media
        where link_hash = $1 and state = 'linked' and link_ends_at > $2
        "#,
        link_hash,
        now,
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let file = FileColumns {
        keys: row.keys,
        direct_path: row.direct_path,
        url: row.url,
        media_key: row.media_key,
        sha256: row.sha256,
        encrypted_sha256: row.encrypted_sha256,
        length: row.length,
        mimetype: row.mimetype,
        file_name: row.file_name,
    };
    Ok(Some((row.location_id, MediaFile::try_from(file)?)))
}

/// Ends the links of an uninstalled location, and deletes the keys of their files.
pub(in crate::db) async fn end_links(
    tx: &mut Connection,
    location: &LocationId,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound_media
        set state = 'missing',
            reason_code = $2::jsonb->>'code',
            reason_args = $2::jsonb->'args',
            link_hash = null,
            keys = null,
            direct_path = null,
            url = null,
            media_key = null,
            file_name = null,
            spare = null
        where location_id = $1 and state in ('wanted', 'linked')
        "#,
        location.as_str(),
        Reason::from(Media::Uninstalled) as Reason,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
