//! Files of customers' messages: wanted, then attached (GHL has it), linked (the reader fetches it through us) or
//! missing.
//!
//! A message with a file is not due before the file's fate is known, or its time is over; whoever learns either first
//! decides, and the other changes nothing. What opens the file stays only as long as it is wanted or linked. A link's
//! secret is kept as its hash here; the message's text holds the link, because a post may have to be repeated as it was.

mod links;
mod row;

pub(in crate::db) use links::end_links;
pub use links::find_linked;
use time::{Duration, OffsetDateTime};
use whatsapp_events::MediaFile;

use crate::db::connection::{Connection, Pool};
use crate::db::history::timeline;
use crate::db::inbound::InboundJob;
use crate::db::inbound::media::row::FileColumns;
use crate::db::queue::{claimed, set_due};
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::{Reason, Step};
use crate::model::states::{MediaState, MessageState};

/// A file to keep with its message.
#[derive(Clone, Copy, Debug)]
pub struct NewMedia<'a> {
    /// As the message describes it.
    pub file: &'a MediaFile,
    /// How long its message waits for it at most.
    pub until: OffsetDateTime,
    /// What the message then says.
    pub texts: Texts<'a>,
}

/// What a message says for each fate of its file; [`SLOT`] stands for what only that fate tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Texts<'a> {
    /// With the file beside it.
    pub attached: Option<&'a str>,
    /// With the link in its slot.
    pub linked: Option<&'a str>,
    /// With the reason in its slot.
    pub missing: Option<&'a str>,
}

/// Stands in [`Texts`] for the link or the reason. Unicode keeps it for such use within a program.
pub const SLOT: &str = "\u{FDD0}";

/// A claimed file, with what is known of its message.
#[derive(Clone, Debug)]
pub struct MediaJob {
    /// Whose message.
    pub location_id: LocationId,
    /// Our id of the message.
    pub message_id: MessageId,
    /// Digits of the sender, or the address of a group.
    pub phone: String,
    /// The sender's WhatsApp name.
    pub sender_name: Option<String>,
    /// When the customer wrote it; none where the business did.
    pub wrote_at: Option<OffsetDateTime>,
    /// The file.
    pub file: MediaFile,
    /// Failed attempts.
    pub failures: i32,
    /// The fence.
    pub attempt: i32,
}

claimed!(MediaJob, message_id.0, in location_id);

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate<'a> {
    /// GHL keeps it at this address.
    Attached(&'a str),
    /// It is fetched by a link.
    Linked(Link<'a>),
    /// It does not come, and why.
    Missing(&'a Reason),
}

/// Where a file is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// The address.
    pub address: &'a str,
    /// What its secret is known by.
    pub hash: &'a [u8],
    /// When it ends.
    pub ends_at: OffsetDateTime,
}

/// Keeps a message's file, to be fetched at once.
pub(in crate::db) async fn record_media(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
    media: NewMedia<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (file, texts) = (media.file, media.texts);
    // Postgres keeps no NUL.
    let text = |text: &Option<String>| text.as_ref().map(|text| text.replace('\0', ""));
    let length = file
        .length
        .map(|length| i64::try_from(length).unwrap_or(i64::MAX));
    sqlx::query!(
        r#"
        insert into inbound_media
            (location_id, message_id, keys, direct_path, url, media_key, sha256, encrypted_sha256, length, mimetype,
            file_name, due_at, text_attached, text_linked, text_missing)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
        "#,
        location.as_str(),
        message.0,
        row::name_of(file.keys),
        text(&file.direct_path),
        text(&file.url),
        file.media_key.as_slice(),
        file.sha256.as_ref().map(<[u8; 32]>::as_slice),
        file.encrypted_sha256.as_ref().map(<[u8; 32]>::as_slice),
        length,
        text(&file.mimetype),
        text(&file.file_name),
        now,
        texts.attached,
        texts.linked,
        texts.missing,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Claims files that are due, of messages that wait; each location in turn, so that one with many holds up no other.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<MediaJob>> {
    sqlx::query_file!("src/db/inbound/media/claim.sql", now, now + lease, limit,)
        .try_map(|row| {
            Ok(MediaJob {
                location_id: row.location_id,
                message_id: row.message_id,
                phone: row.phone,
                sender_name: row.sender_name,
                wrote_at: row.wrote_at,
                file: MediaFile::try_from(FileColumns {
                    keys: row.keys,
                    direct_path: row.direct_path,
                    url: row.url,
                    media_key: row.media_key,
                    sha256: row.sha256,
                    encrypted_sha256: row.encrypted_sha256,
                    length: row.length,
                    mimetype: row.mimetype,
                    file_name: row.file_name,
                })?,
                failures: row.failures,
                attempt: row.attempt,
            })
        })
        .fetch_all(pool)
        .await
}

/// Ends a file, and with it the wait of its message, which says from now on what fits. False for a stale owner, and where
/// the message did not wait any longer.
pub async fn finish(
    pool: &Pool,
    job: &MediaJob,
    fate: Fate<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let mut tx = pool.begin().await?;
    let message = (&job.location_id, job.message_id);
    let ended = end(&mut tx, message, Some(job.attempt), fate, now).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Ends a wait that took too long: the message leaves now, with a link to its file. Where the file's fate was decided a
/// moment ago, that counts. Gives what the message says and the address that is attached to it.
pub async fn settle(
    pool: &Pool,
    job: &InboundJob,
    link: Link<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<(String, Option<String>)> {
    let mut tx = pool.begin().await?;
    let message = (&job.location_id, job.id);
    end(&mut tx, message, None, Fate::Linked(link), now).await?;
    let settled = sqlx::query!(
        r#"
        select coalesce(i.text, '') as "text!", m.attachment
        from inbound i
        join inbound_media m on m.location_id = i.location_id and m.message_id = i.id
        where i.location_id = $1 and i.id = $2
        "#,
        job.location_id.as_str(),
        job.id.0,
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok((settled.text, settled.attachment))
}

async fn end(
    tx: &mut Connection,
    (location, message): (&LocationId, MessageId),
    attempt: Option<i32>,
    fate: Fate<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let (state, reason, attachment, link) = match fate {
        Fate::Attached(address) => (MediaState::Attached, None, Some(address), None),
        Fate::Linked(link) => (MediaState::Linked, None, None, Some(link)),
        Fate::Missing(reason) => (MediaState::Missing, Some(reason), None, None),
    };
    let ended = sqlx::query!(
        r#"
        update inbound_media
        set state = $3,
            reason_code = $4::jsonb->>'code',
            reason_args = $4::jsonb->'args',
            attachment = $5,
            link_hash = $6,
            link_ends_at = $7
        where location_id = $1
            and message_id = $2
            and state = 'wanted'
            and attempt = coalesce($8, attempt)
        "#,
        location.as_str(),
        message.0,
        state as MediaState,
        reason as Option<&Reason>,
        attachment,
        link.map(|link| link.hash),
        link.map(|link| link.ends_at),
        attempt,
    )
    .execute(&mut *tx)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    if link.is_none() {
        forget_file(tx, location, message).await?;
    }
    let (slot, cause) = match fate {
        Fate::Attached(_) => (String::new(), Step::FileInGhl.into()),
        Fate::Linked(link) => (link.address.to_owned(), Step::FileLinked.into()),
        Fate::Missing(reason) => (reason.english(), reason.clone()),
    };
    end_wait(tx, location, message, &slot, now).await?;
    timeline::record_step(
        tx,
        location,
        message,
        MessageState::Accepted,
        Some(&cause),
        now,
    )
    .await?;
    Ok(true)
}

/// The message says what became of its file, and leaves.
async fn end_wait(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
    slot: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound i
        -- A message that a worker has claimed, or that failed before, keeps its own time.
        set due_at = case when i.attempt = 0 then $3 else i.due_at end,
            text = replace(
                case m.state
                    when 'attached' then m.text_attached
                    when 'linked' then m.text_linked
                    else m.text_missing end,
                $4,
                $5
            )
        from inbound_media m
        where i.location_id = $1
            and i.id = $2
            and i.state <> 'posted'
            and m.location_id = i.location_id
            and m.message_id = i.id
        "#,
        location.as_str(),
        message.0,
        now,
        SLOT,
        slot,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// What opens a file that nobody fetches any more.
async fn forget_file(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound_media
        set keys = null, direct_path = null, url = null, media_key = null, file_name = null
        where location_id = $1 and message_id = $2
        "#,
        location.as_str(),
        message.0,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Puts a claimed file back until `due`, after a failure.
pub async fn finish_retry(
    pool: &Pool,
    job: &MediaJob,
    cause: &Reason,
    due: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound_media
        set due_at = $4,
            reason_code = $5::jsonb->>'code',
            reason_args = $5::jsonb->'args',
            failures = failures + 1
        where location_id = $1 and message_id = $2 and attempt = $3 and state = 'wanted'
        "#,
        job.location_id.as_str(),
        job.message_id.0,
        job.attempt,
        due,
        cause as &Reason,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends the leases of claims that are still held.
pub async fn release(pool: &Pool, jobs: &[MediaJob], now: OffsetDateTime) -> sqlx::Result<()> {
    set_due!(
        pool,
        jobs,
        now,
        "inbound_media",
        "q.location_id = any (array[c.location_id]) and q.message_id = c.id and q.state = 'wanted'"
    )
}
