//! Files of customers' messages: wanted, then attached (GHL has it), linked (the reader downloads it through us) or
//! missing.
//!
//! A message with a file is not due before the file's fate is decided or the wait for it is over. The first of the two
//! counts, and the other changes nothing. The keys of a file are stored only while it is wanted or linked. A link's
//! secret is stored as a hash here; the message's text holds the link, because a post may have to be repeated
//! unchanged.

mod links;
mod pairs;
mod row;
mod waits;

pub(in crate::db) use links::end_links;
pub use links::find_linked;
pub use pairs::{InChat, Named, fall_back, find_named, offer, replace_file};
use time::{Duration, OffsetDateTime};
pub use waits::{finish_retry, hold, open, release, snooze};
use whatsapp_events::MediaFile;

use crate::db::connection::{Connection, Pool};
use crate::db::history::timeline;
use crate::db::inbound::media::row::FileColumns;
use crate::db::inbound::{InboundJob, late};
use crate::db::queue::{Capacity, claimed};
use crate::model::ids::{ContactId, LocationId, MessageId, WaMessageId};
use crate::model::reason::{Media, Reason, Step};
use crate::model::states::{MediaState, MessageState};

/// A file to store with its message.
#[derive(Clone, Copy, Debug)]
pub struct NewMedia<'a> {
    /// As the message describes it.
    pub file: &'a MediaFile,
    /// Until when its message waits for it at most.
    pub until: OffsetDateTime,
    /// What the message says once the file's fate is decided.
    pub texts: Texts<'a>,
    /// The message with the smaller form of it, if that has not arrived.
    pub better_of: Option<&'a WaMessageId>,
}

/// What a message says for each fate of its file. [`SLOT`] is replaced by the link or the reason.
#[derive(Clone, Copy, Debug, Default)]
pub struct Texts<'a> {
    /// The file is attached to the message.
    pub attached: Option<&'a str>,
    /// The slot is for the link.
    pub linked: Option<&'a str>,
    /// The slot is for the reason.
    pub missing: Option<&'a str>,
}

/// Placeholder in [`Texts`]: a code point that Unicode reserves for such use within a program.
pub const SLOT: &str = "\u{FDD0}";

/// A claimed file, with what is known of its message.
#[derive(Clone, Debug)]
pub struct MediaJob {
    /// The location of the message.
    pub location_id: LocationId,
    /// Our id of the message.
    pub message_id: MessageId,
    /// Digits of the sender, or the address of a group.
    pub phone: String,
    /// The number that received it.
    pub number: String,
    /// The sender's WhatsApp name.
    pub sender_name: Option<String>,
    /// GHL's contact of the message that it answers, if known.
    pub contact_id: Option<ContactId>,
    /// When the customer wrote it; none where the business did.
    pub wrote_at: Option<OffsetDateTime>,
    /// The file.
    pub file: MediaFile,
    /// Failed attempts.
    pub failures: i32,
    /// Times it waited for a call, a token or a contact.
    pub waits: i32,
    /// The fence.
    pub attempt: i32,
    /// A smaller form of it is in reserve.
    pub has_spare: bool,
    /// In reserve is a better form that GHL refused, for a link.
    pub has_refused: bool,
    /// For a better form without the smaller one: when its message arrived.
    pub better_since: Option<OffsetDateTime>,
}

claimed!(MediaJob, message_id.0, in location_id);

/// The final result for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate<'a> {
    /// GHL stores it at this address.
    Attached(&'a str),
    /// The reader downloads it through a link.
    Linked(Link<'a>),
    /// It is not available, for this reason, which the message tells in these words.
    Missing(&'a Reason),
}

/// A download link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link<'a> {
    /// The address.
    pub address: &'a str,
    /// SHA-256 of its secret.
    pub hash: &'a [u8],
    /// When it expires.
    pub ends_at: OffsetDateTime,
}

/// Stores a message's file, to be fetched at once.
pub(in crate::db) async fn record_media(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
    media: NewMedia<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (file, texts) = (media.file, media.texts);
    sqlx::query!(
        r#"
        insert into inbound_media
            (location_id, message_id, keys, direct_path, url, media_key, sha256, encrypted_sha256, length, mimetype,
            file_name, due_at, text_attached, text_linked, text_missing,
            better_of)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        "#,
        location.as_str(),
        message.0,
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
        media.better_of.map(WaMessageId::as_str),
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Claims due files of waiting messages, each location's in turn, so that one with many files delays no other.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    capacity: impl Into<Capacity>,
) -> sqlx::Result<Vec<MediaJob>> {
    let capacity = capacity.into();
    let left = capacity.left_json();
    sqlx::query_file!(
        "src/db/inbound/media/claim.sql",
        now,
        now + lease,
        capacity.limit,
        capacity.share,
        left
    )
    .try_map(|row| {
        Ok(MediaJob {
            location_id: row.location_id,
            message_id: row.message_id,
            phone: row.phone,
            number: row.number,
            sender_name: row.sender_name,
            contact_id: row.contact_id,
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
            waits: row.waits,
            attempt: row.attempt,
            has_spare: row.has_spare,
            has_refused: row.has_refused,
            better_since: row.better_since,
        })
    })
    .fetch_all(pool)
    .await
}

/// Decides a file's fate, ends the wait of its message and gives it the fitting text. False, without a change, when the
/// caller has lost the claim or the fate was decided before.
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

/// Ends a wait that took too long: the message is posted now, with a link to its file. If the file's fate was decided a
/// moment ago, that decision counts. The link is to the smaller form of a picture whose better one failed. Returns the message's text and the address of its attachment.
pub async fn settle(
    pool: &Pool,
    job: &InboundJob,
    link: Link<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<(String, Option<String>)> {
    let mut tx = pool.begin().await?;
    let message = (&job.location_id, job.id);
    if job.file_failed {
        fall_back(&mut tx, &job.location_id, job.id, None, false, now).await?;
    }
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
    let (slot, advice, cause) = match fate {
        Fate::Attached(_) => (String::new(), "", Step::FileInGhl.into()),
        Fate::Linked(link) => (link.address.to_owned(), "", Step::FileLinked.into()),
        Fate::Missing(reason) => (reason.english(), advice(reason), reason.clone()),
    };
    end_wait(tx, location, message, (&slot, advice), now).await?;
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

/// What the reader of a customer's message can do without the file.
const fn advice(reason: &Reason) -> &'static str {
    match reason {
        Reason::Media(reason) => reason.advice(),
        // Our own failure: WhatsApp has the file.
        _ => Media::Refused.advice(),
    }
}

/// Gives a message the text that fits its file's fate, and makes it due. `slot` goes into the text, and behind it, in a
/// customer's message, the advice.
async fn end_wait(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
    (slot, advice): (&str, &str),
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
                -- Nobody is asked to send an old one again.
                $5 || case when i.from_me or i.sent_at < i.accepted_at - $7::interval then '' else $6 end
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
        advice,
        late::OLD as Duration,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Deletes the keys of a file that nobody fetches any more.
async fn forget_file(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound_media
        set keys = null, direct_path = null, url = null, media_key = null, file_name = null,
            spare = null
        where location_id = $1 and message_id = $2
        "#,
        location.as_str(),
        message.0,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
