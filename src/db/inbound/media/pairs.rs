//! The better file of a message that came with a smaller one, which stays in reserve.

use time::OffsetDateTime;
use whatsapp_events::MediaFile;

use crate::db::connection::{Connection, Pool};
use crate::db::inbound::NewInbound;
use crate::db::inbound::media::{Texts, row};
use crate::model::ids::{LocationId, MessageId, WaMessageId};

/// A message of one side of a chat.
#[derive(Clone, Copy, Debug)]
pub struct InChat<'a> {
    /// The location of the number that received it.
    pub location: &'a LocationId,
    /// That number, digits.
    pub number: &'a str,
    /// The chat, as [`NewInbound::conversation`].
    pub conversation: &'a str,
    /// Written on our side.
    pub from_me: bool,
    /// WhatsApp's id.
    pub id: &'a WaMessageId,
}

/// What a message is that a better picture names as its smaller form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// It has not arrived.
    Unknown,
    /// It has arrived without its content.
    Stub,
    /// A file that is shown or will be, or a message that is not for GHL.
    File,
    /// A message of another chat, or one without a file, or with one that cannot be had.
    Other,
}

/// What is known of a message that a better picture of the same chat names.
pub async fn find_named(pool: &Pool, named: InChat<'_>) -> sqlx::Result<Named> {
    let found = sqlx::query!(
        r#"
        select i.conversation = $5 as "is_here!",
            i.state = 'held' and i.undecrypted as "is_stub!",
            i.state = 'ignored' or coalesce(m.state <> 'missing', false) as "is_file!"
        from inbound i
        left join inbound_media m on m.location_id = i.location_id and m.message_id = i.id
        where i.location_id = $1 and i.number = $2 and i.wa_message_id = $3 and i.from_me = $4
        "#,
        named.location.as_str(),
        named.number,
        named.id.as_str(),
        named.from_me,
        named.conversation,
    )
    .fetch_optional(pool)
    .await?;
    Ok(match found {
        None => Named::Unknown,
        Some(row) if !row.is_here => Named::Other,
        Some(row) if row.is_stub => Named::Stub,
        Some(row) if row.is_file => Named::File,
        Some(_) => Named::Other,
    })
}

/// Keeps the file of `small` in reserve for the better picture of the same chat that came before it. Returns whether there
/// is one; not one that could not be had.
pub async fn offer(pool: &Pool, small: InChat<'_>, file: &MediaFile) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        with better as (
            select m.location_id, m.message_id
            from inbound_media m
            join inbound i on i.location_id = m.location_id and i.id = m.message_id
            where m.location_id = $1
                and m.better_of = $3
                and m.state <> 'missing'
                and i.number = $2
                and i.from_me = $4
                and i.conversation = $5
        ),
        kept as (
            update inbound_media m
            set spare = jsonb_build_object('keys', $6::text, 'direct_path', $7::text, 'url', $8::text,
                'media_key', $9::bytea, 'sha256', $10::bytea, 'encrypted_sha256', $11::bytea, 'length', $12::bigint,
                'mimetype', $13::text, 'file_name', $14::text)
            from better
            where m.location_id = any (array[better.location_id]) and m.message_id = better.message_id
                and m.state = 'wanted'
        )
        select exists (select 1 from better) as "is_there!"
        "#,
        small.location.as_str(),
        small.number,
        small.id.as_str(),
        small.from_me,
        small.conversation,
        row::name_of(file.keys),
        row::text(file.direct_path.as_ref()),
        row::text(file.url.as_ref()),
        file.media_key.as_slice(),
        file.sha256.as_ref().map(<[u8; 32]>::as_slice),
        file.encrypted_sha256.as_ref().map(<[u8; 32]>::as_slice),
        row::length(file),
        row::text(file.mimetype.as_ref()),
        row::text(file.file_name.as_ref()),
    )
    .fetch_one(pool)
    .await
}

/// Puts the file in reserve in the place of the present one; it is due now. `attempt`: the claim of the caller. `is_refused`:
/// only GHL does not take the present one, so that it stays in reserve itself, for a link. False, without a change, if there
/// is none in reserve, or the caller has lost the claim.
pub async fn fall_back(
    connection: &mut Connection,
    location: &LocationId,
    message: MessageId,
    attempt: Option<i32>,
    is_refused: bool,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        r#"
        update inbound_media m
        set (keys, direct_path, url, media_key, sha256, encrypted_sha256, length, mimetype, file_name) = (
                select s.keys, s.direct_path, s.url, s.media_key, s.sha256, s.encrypted_sha256, s.length, s.mimetype,
                    s.file_name
                from jsonb_populate_record(null::inbound_media, m.spare) s
            ),
            spare = case when $5 then jsonb_build_object('is_refused', true, 'keys', m.keys, 'direct_path', m.direct_path,
                'url', m.url, 'media_key', m.media_key, 'sha256', m.sha256, 'encrypted_sha256', m.encrypted_sha256,
                'length', m.length, 'mimetype', m.mimetype, 'file_name', m.file_name) end,
            better_of = null,
            due_at = $4,
            -- It was not tried yet.
            failures = 0,
            waits = m.attempt
        where location_id = $1
            and message_id = $2
            and state = 'wanted'
            and spare is not null
            and attempt = coalesce($3, attempt)
        "#,
        location.as_str(),
        message.0,
        attempt,
        now,
        is_refused,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts the file of `better` in the place of the one that the message `of` of the same chat has, if that one is still
/// wanted and nobody has begun to post the message. A fetch of the smaller file that is under way comes to nothing; it stays
/// in reserve. `texts`: those of the better one, which are used if the smaller one has no words. Returns whether it was
/// replaced.
pub async fn replace_file(
    pool: &Pool,
    better: &NewInbound<'_>,
    of: &WaMessageId,
    (file, texts): (&MediaFile, Texts<'_>),
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
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
        set spare = coalesce(m.spare, jsonb_build_object('keys', m.keys, 'direct_path', m.direct_path, 'url', m.url,
                'media_key', m.media_key, 'sha256', m.sha256, 'encrypted_sha256', m.encrypted_sha256,
                'length', m.length, 'mimetype', m.mimetype, 'file_name', m.file_name)),
            keys = $6,
            direct_path = $7,
            url = $8,
            media_key = $9,
            sha256 = $10,
            encrypted_sha256 = $11,
            length = $12,
            mimetype = $13,
            file_name = $14,
            due_at = $15,
            text_attached = coalesce(m.text_attached, $16),
            text_linked = case when m.text_attached is null then coalesce($17, m.text_linked) else m.text_linked end,
            text_missing = case when m.text_attached is null then coalesce($18, m.text_missing) else m.text_missing end,
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
        row::text(file.direct_path.as_ref()),
        row::text(file.url.as_ref()),
        file.media_key.as_slice(),
        file.sha256.as_ref().map(<[u8; 32]>::as_slice),
        file.encrypted_sha256.as_ref().map(<[u8; 32]>::as_slice),
        row::length(file),
        row::text(file.mimetype.as_ref()),
        row::text(file.file_name.as_ref()),
        now,
        texts.attached,
        texts.linked,
        texts.missing,
    )
    .execute(pool)
    .await?;
    Ok(replaced.rows_affected() > 0)
}
