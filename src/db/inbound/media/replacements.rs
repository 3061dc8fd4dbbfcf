//! A larger version of a picture or video, which takes the place of the one that came before.

use whatsapp_events::MediaFile;

use crate::db::connection::Pool;
use crate::db::inbound::media::row;
use crate::model::ids::{LocationId, WaMessageId};

/// Has the message `parent` fetch `file` instead of its own, unless that is being fetched already. False if there is no
/// such message.
pub async fn replace_file(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    parent: &WaMessageId,
    from_me: bool,
    file: &MediaFile,
) -> sqlx::Result<bool> {
    // Postgres cannot store NUL.
    let text = |text: &Option<String>| text.as_ref().map(|text| text.replace('\0', ""));
    let length = file
        .length
        .map(|length| i64::try_from(length).unwrap_or(i64::MAX));
    sqlx::query_scalar!(
        r#"
        with parent as (
            select location_id, id
            from inbound
            where location_id = $1 and number = $2 and wa_message_id = $3 and from_me = $4
        ),
        replaced as (
            update inbound_media m
            set keys = $5, direct_path = $6, url = $7, media_key = $8, sha256 = $9, encrypted_sha256 = $10,
                length = $11, mimetype = $12, file_name = $13
            from parent
            where m.location_id = any (array[parent.location_id]) and m.message_id = parent.id
                and m.state = 'wanted' and m.attempt = 0
        )
        select exists (select from parent) as "is_known!"
        "#,
        location.as_str(),
        number,
        parent.as_str(),
        from_me,
        row::name_of(file.keys),
        text(&file.direct_path),
        text(&file.url),
        file.media_key.as_slice(),
        file.sha256.as_ref().map(<[u8; 32]>::as_slice),
        file.encrypted_sha256.as_ref().map(<[u8; 32]>::as_slice),
        length,
        text(&file.mimetype),
        text(&file.file_name),
    )
    .fetch_one(pool)
    .await
}
