//! The phones behind WhatsApp's hidden addresses (LIDs), and the messages that wait for such a phone.
//!
//! A waiting message and its phone may reach two processes at the same time. Both lock the LID's row in `lids` before
//! they read, so that one of them sees what the other did.

use std::collections::HashMap;

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::model::ids::LocationId;
use crate::model::reason::{Reason, Step};
use crate::model::states::LidSource;

/// Suffix of a conversation that is known only by its LID. The conversation of a phone is the phone alone.
pub const LID_SERVER: &str = "@lid";

/// A LID and the phone it belongs to.
#[derive(Clone, Debug)]
pub struct Pair<'a> {
    /// Digits of the LID.
    pub lid: &'a str,
    /// Digits of the phone: the number that people dial.
    pub phone: String,
    /// The name that arrived with it, for messages without one.
    pub name: Option<&'a str>,
    /// When WhatsApp reported it.
    pub said_at: OffsetDateTime,
    /// How it was learnt.
    pub learnt_by: LidSource,
}

/// Stores the phones of LIDs, each LID once, and releases the messages that wait for one of them: they are due now,
/// those with a file at `file_until` at the latest. Of two phones for one LID the later report counts, for messages
/// from then on. True if anything was new.
pub async fn learn(
    pool: &Pool,
    location: &LocationId,
    pairs: &[Pair<'_>],
    file_until: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let lids: Vec<&str> = pairs.iter().map(|pair| pair.lid).collect();
    let known = find_phones(pool, location, &lids).await?;
    let is_news = |pair: &&Pair<'_>| known.get(pair.lid) != Some(&pair.phone);
    let news: Vec<_> = pairs.iter().filter(is_news).collect();
    if news.is_empty() {
        return Ok(false);
    }
    let mut tx = pool.begin().await?;
    let learnt = record(&mut tx, location, &news).await?;
    if !learnt.is_empty() {
        release(&mut tx, location, &learnt, file_until, now).await?;
    }
    tx.commit().await?;
    Ok(!learnt.is_empty())
}

/// The phones of those LIDs whose phones are known.
pub async fn find_phones(
    pool: &Pool,
    location: &LocationId,
    lids: &[&str],
) -> sqlx::Result<HashMap<String, String>> {
    let known = sqlx::query!(
        r#"
        select lid, phone as "phone!"
        from lids
        where location_id = $1 and lid = any($2) and phone is not null
        "#,
        location.as_str(),
        lids as &[&str],
    )
    .map(|row| (row.lid, row.phone))
    .fetch_all(pool)
    .await?;
    Ok(known.into_iter().collect())
}

/// The pairs with one of these LIDs or phones.
pub async fn list_pairs(
    pool: &Pool,
    location: &LocationId,
    lids: &[&str],
    phones: &[&str],
) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query!(
        r#"
        select lid, phone as "phone!"
        from lids
        where location_id = $1 and phone is not null and (lid = any($2) or phone = any($3))
        "#,
        location.as_str(),
        lids as &[&str],
        phones as &[&str],
    )
    .map(|row| (row.lid, row.phone))
    .fetch_all(pool)
    .await
}

/// Stores pairs. Returns the LIDs of those that no later report contradicts.
async fn record(
    tx: &mut Connection,
    location: &LocationId,
    news: &[&Pair<'_>],
) -> sqlx::Result<Vec<String>> {
    let lids: Vec<&str> = news.iter().map(|pair| pair.lid).collect();
    let phones: Vec<&str> = news.iter().map(|pair| pair.phone.as_str()).collect();
    let names: Vec<Option<&str>> = news.iter().map(|pair| pair.name).collect();
    let times: Vec<OffsetDateTime> = news.iter().map(|pair| pair.said_at).collect();
    let sources: Vec<LidSource> = news.iter().map(|pair| pair.learnt_by).collect();
    sqlx::query_scalar!(
        r#"
        insert into lids (location_id, lid, phone, name, said_at, learnt_by)
        select $1, said.lid, said.phone, said.name, said.said_at, said.learnt_by
        from unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
            as said (lid, phone, name, said_at, learnt_by)
        -- In one order everywhere: of two processes that learn at once, one waits for the other, and never both.
        order by said.lid
        on conflict (location_id, lid) do update set
            phone = excluded.phone,
            name = excluded.name,
            said_at = excluded.said_at,
            learnt_by = excluded.learnt_by
        where lids.phone is null or lids.said_at <= excluded.said_at
        returning lid
        "#,
        location.as_str(),
        &lids as &[&str],
        &phones as &[&str],
        &names as &[Option<&str>],
        &times,
        &sources as &[LidSource],
    )
    .fetch_all(tx)
    .await
}

/// The phone of a LID, if it is known.
pub async fn find_phone(
    pool: &Pool,
    location: &LocationId,
    lid: &str,
) -> sqlx::Result<Option<String>> {
    let found = sqlx::query_scalar!(
        r#"
        select phone
        from lids
        where location_id = $1 and lid = $2
        "#,
        location.as_str(),
        lid,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten())
}

/// Locks a LID until the transaction ends, so that no other process stores its phone. True if the phone is known.
pub(in crate::db) async fn lock(
    tx: &mut Connection,
    location: &LocationId,
    lid: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        insert into lids (location_id, lid)
        values ($1, $2)
        -- Changes nothing, but locks the row.
        on conflict (location_id, lid) do update set lid = excluded.lid
        returning phone is not null as "is_known!"
        "#,
        location.as_str(),
        lid,
    )
    .fetch_one(tx)
    .await
}

/// Messages in one statement, so that no lock lasts long; the rest follows at the next poll.
const BATCH: i64 = 500;

/// Shows messages that were held since `before` for their sender's phone in a contact without a phone: from then on their
/// LID stands in the phone's place. Returns their number.
pub async fn show_hidden(
    pool: &Pool,
    before: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let shown = sqlx::query!(
        r#"
        with due as (
            select location_id, id
            from inbound
            where state = 'held'
                and not undecrypted
                and late is null
                and phone is null
                and conversation like '%' || $3
                and accepted_at <= $1
            limit $4
            for update skip locked
        ),
        shown as (
            update inbound i
            set state = 'accepted', phone = i.conversation, reason_code = null, reason_args = null, due_at = $2
            from due
            where i.location_id = due.location_id and i.id = due.id
            returning i.location_id, i.id
        )
        insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
        select location_id, id, $2, 'accepted', $5::jsonb->>'code', $5::jsonb->'args'
        from shown
        "#,
        before,
        now,
        LID_SERVER,
        BATCH,
        Reason::from(Step::SenderStaysHidden) as Reason,
    )
    .execute(pool)
    .await?;
    Ok(shown.rows_affected())
}

/// Moves held messages of LIDs with a known phone into the phone's conversation. A message that also waits for its
/// content, or for a person's word, continues to wait for that.
pub(in crate::db) async fn release(
    tx: &mut Connection,
    location: &LocationId,
    lids: &[impl AsRef<str>],
    file_until: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let lids: Vec<&str> = lids.iter().map(AsRef::as_ref).collect();
    sqlx::query!(
        r#"
        with released as (
            update inbound i
            set phone = l.phone,
                conversation = l.phone,
                sender_name = coalesce(i.sender_name, l.name),
                -- One whose content is not known yet goes on waiting for that, and an old one for a person's word.
                state = case when i.undecrypted or i.late is not null then 'held' else 'accepted' end,
                reason_code = case when i.undecrypted or i.late is not null then i.reason_code end,
                reason_args = case when i.undecrypted or i.late is not null then i.reason_args end,
                due_at = case
                    when i.undecrypted or i.late is not null then i.due_at
                    -- Its file is being fetched.
                    when exists (
                        select 1
                        from inbound_media m
                        where m.location_id = i.location_id and m.message_id = i.id and m.state = 'wanted'
                    ) then $4
                    else $3
                end
            from lids l
            where l.location_id = $1
              and l.lid = any($2)
              and l.phone is not null
              and i.location_id = $1
              and i.state = 'held'
              and i.conversation = l.lid || $5
            returning i.location_id, i.id, i.state
        )
        insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
        select location_id, id, $3, state, $6::jsonb->>'code', $6::jsonb->'args'
        from released
        "#,
        location.as_str(),
        &lids as &[&str],
        now,
        file_until,
        LID_SERVER,
        Reason::from(Step::SenderKnown) as Reason,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
