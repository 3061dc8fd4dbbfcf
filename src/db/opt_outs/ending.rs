//! What waits for a contact who opted out, and that no person wrote: it ends at once. What is overlooked, such as a message
//! that comes later, ends at its turn ([`find`]).

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::db::outbound::outcomes;
use crate::db::outbound::sources;
use crate::model::ids::{ContactId, LocationId, MessageId};
use crate::model::opt_out::OptedOutBy;
use crate::model::reason::{Failure, Reason};
use crate::model::states::Source;

/// Messages of one contact that end at once. More wait for nobody: the rest end at their turn.
const BATCH: i64 = 200;

/// Ends what waits for the contacts of a phone.
pub(in crate::db) async fn end_for_phone(
    tx: &mut Connection,
    location: &LocationId,
    forms: &[String],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let contacts = sqlx::query_scalar!(
        "select contact_id from contacts where location_id = $1 and phone = any ($2)",
        location.as_str(),
        forms,
    )
    .fetch_all(&mut *tx)
    .await?;
    for contact in contacts {
        let contact = ContactId::from(contact.as_str());
        end_for_contact(tx, location, &contact, OptedOutBy::Customer, now).await?;
    }
    Ok(())
}

/// Ends what waits for a contact and no person wrote. Where GHL was not asked who wrote a message, that is asked first.
pub(in crate::db) async fn end_for_contact(
    tx: &mut Connection,
    location: &LocationId,
    contact: &ContactId,
    by: OptedOutBy,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let ended = sqlx::query_scalar!(
        r#"
        select id as "id: MessageId"
        from outbound
        where location_id = $1 and conversation = $2 and state = 'accepted'
          and (source not in ('app', 'unknown') or source = 'unknown' and has_sender is false)
        order by location_id, conversation, id
        limit $3
        for update skip locked
        "#,
        location.as_str(),
        contact.as_str(),
        BATCH,
    )
    .fetch_all(&mut *tx)
    .await?;
    for message in ended {
        outcomes::fail(tx, location, message, &failure(by), now).await?;
    }
    sources::ask_about_contact(tx, location, contact, now).await
}

/// As `end_for_contact`, in a transaction of its own, if the contact has opted out.
pub async fn end_if_opted_out(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let by = sqlx::query_scalar!(
        r#"
        select opt_out_of(
            $1,
            array(select phone from contacts where location_id = $1 and contact_id = $2),
            $2
        ) as "by: OptedOutBy"
        "#,
        location.as_str(),
        contact.as_str(),
    )
    .fetch_one(pool)
    .await?;
    let Some(by) = by else {
        return Ok(());
    };
    let mut tx = pool.begin().await?;
    end_for_contact(&mut tx, location, contact, by, now).await?;
    tx.commit().await
}

/// Why a message ends that its reader does not want.
#[must_use]
pub fn failure(by: OptedOutBy) -> Reason {
    match by {
        OptedOutBy::Customer => Failure::OptedOut,
        OptedOutBy::Ghl => Failure::DndSet,
    }
    .into()
}

/// Why a claimed message may not be sent.
#[derive(Clone, Debug)]
pub struct Block {
    /// Who says so.
    pub by: OptedOutBy,
    /// Who wrote the message, as far as GHL was asked.
    pub source: Option<Source>,
}

/// Who says that a claimed message is not wanted; nobody: its claim is lost.
pub async fn find(
    pool: &Pool,
    location: &LocationId,
    message: MessageId,
    forms: &[String],
) -> sqlx::Result<Option<Block>> {
    let found = sqlx::query!(
        r#"
        select source as "source: Source", opt_out_of($1, $3, conversation) as "by: OptedOutBy"
        from outbound
        where location_id = $1 and id = $2
        "#,
        location.as_str(),
        message.0,
        forms,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.and_then(|row| {
        row.by.map(|by| Block {
            by,
            source: row.source,
        })
    }))
}

/// Whether a message is the one answer to a customer who opted out, which GHL delivers like any other. It is so only once.
pub async fn take_answer(
    pool: &Pool,
    location: &LocationId,
    message: MessageId,
    forms: &[String],
    text: &str,
) -> sqlx::Result<bool> {
    let taken = sqlx::query!(
        r#"
        update opt_outs
        set answer_message_id = $3
        where location_id = $1 and phone = any ($2) and word = 'stop'
          and answer = $4 and coalesce(answer_message_id, $3) = $3
        "#,
        location.as_str(),
        forms,
        message.0,
        text,
    )
    .execute(pool)
    .await?;
    Ok(taken.rows_affected() > 0)
}
