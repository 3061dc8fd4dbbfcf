//! The better file of a message that came with a smaller one.

use time::OffsetDateTime;
use whatsapp_events::MediaFile;

use crate::db::connection::Pool;
use crate::db::inbound::NewInbound;
use crate::db::inbound::media::row;
use crate::model::ids::{LocationId, WaMessageId};

/// Whether a message with this id has arrived with its content.
pub async fn has_arrived(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    id: &WaMessageId,
    from_me: bool,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from inbound
            where location_id = $1
                and number = $2
                and wa_message_id = $3
                and from_me = $4
                and not (state = 'held' and undecrypted)
        ) as "has_arrived!"
        "#,
        location.as_str(),
        number,
        id.as_str(),
        from_me,
    )
    .fetch_one(pool)
    .await
}

/// Puts the file of `better` in the place of the one that the message `of` of the same chat has, if that one is still
/// wanted and nobody has begun to post the message. A fetch of the smaller file that is under way comes to nothing.
/// Returns whether it was replaced.
pub async fn replace_file(
    pool: &Pool,
    better: &NewInbound<'_>,
    of: &WaMessageId,
    file: &MediaFile,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let length = file
        .length
        .map(|length| i64::try_from(length).unwrap_or(i64::MAX));
    let replaced = sqlx::query!(
        r#"
        with first as (
            select location_id, id
            from inbound
            where location_id = $1
                and number = $2
                and wa_message_id = $3
                and from_me = $4
                and conversation = $5
                and state in ('accepted', 'held')
                and post_started_at is null
            for update
        )
        update inbound_media m
        set keys = $6,
            direct_path = $7,
            url = $8,
            media_key = $9,
            sha256 = $10,
            encrypted_sha256 = $11,
            length = $12,
            mimetype = $13,
            file_name = $14,
            due_at = $15,
            attempt = m.attempt + 1
        from first
        where m.location_id = any (array[first.location_id]) and m.message_id = first.id and m.state = 'wanted'
        "#,
        better.location.as_str(),
        better.number,
        of.as_str(),
        better.from_me,
        better.conversation,
        row::name_of(file.keys),
        file.direct_path,
        file.url,
        file.media_key.as_slice(),
        file.sha256.as_ref().map(<[u8; 32]>::as_slice),
        file.encrypted_sha256.as_ref().map(<[u8; 32]>::as_slice),
        length,
        file.mimetype,
        file.file_name,
        now,
    )
    .execute(pool)
    .await?;
    Ok(replaced.rows_affected() > 0)
}
