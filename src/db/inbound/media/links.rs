//! Download links: the file behind a link, and the end of links at an uninstall.

use time::OffsetDateTime;
use whatsapp_events::MediaFile;

use crate::db::connection::{Connection, Pool};
use crate::db::inbound::media::row::FileColumns;
use crate::model::ids::LocationId;
use crate::model::reason::{Media, Reason};

/// The file behind a link; none after the link has expired.
pub async fn find_linked(
    pool: &Pool,
    link_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<MediaFile>> {
    let found = sqlx::query_as!(
        FileColumns,
        r#"
        select keys as "keys!", direct_path, url, media_key as "media_key!", sha256, encrypted_sha256, length, mimetype,
            file_name
        from inbound_media
        where link_hash = $1 and state = 'linked' and link_ends_at > $2
        "#,
        link_hash,
        now,
    )
    .fetch_optional(pool)
    .await?;
    found.map(MediaFile::try_from).transpose()
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
            file_name = null
        where location_id = $1 and state in ('wanted', 'linked')
        "#,
        location.as_str(),
        Reason::from(Media::Uninstalled) as Reason,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
