//! Old messages: written days before they arrived, as those are that WhatsApp gives again after a phone was linked again.
//!
//! Each is held until a person decides: shown in GHL, or forgotten. Those to be shown become `accepted` a few at a time,
//! and only while nothing else of their location waits: a customer who writes now waits for a few of them at most.

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::db::contacts::lids::LID_SERVER;
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::{Reason, Step};

/// What is older when it arrives is not posted by itself: its customer has been answered, or expects no answer any more,
/// and a workflow would answer. What a gateway or a phone that was off over a long weekend brings is younger.
pub const OLD: Duration = Duration::days(3);
/// `late` of a message about which a person is asked.
pub(super) const ASKED: &str = "asked";
/// Rows in one statement, so that no lock lasts long.
const BATCH: i64 = 500;
/// Messages of a location that become due together: a live message waits for so many at most.
const AT_ONCE: i64 = 5;
/// Nothing of the location may be due now or within this time: that is how long a message waits for its file at most,
/// and longer than a post takes.
const QUIET: Duration = Duration::minutes(2);

/// The old messages of a location.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OldMessages {
    /// How many wait for a person's word.
    pub asked: i64,
    /// How many are to be shown and wait for newer messages.
    pub shown: i64,
    /// When the oldest that waits for a word was written.
    pub oldest: Option<OffsetDateTime>,
    /// The last of them that came: a person's word is about those up to it.
    pub last: Option<MessageId>,
}

/// The old messages of a location.
pub async fn find(pool: &Pool, location: &LocationId) -> sqlx::Result<OldMessages> {
    sqlx::query_as!(
        OldMessages,
        r#"
        select count(*) as "asked!", min(sent_at) as oldest, max(id) as "last: MessageId",
            (
                select count(*)
                from inbound
                where location_id = $1 and late = 'shown'
            ) as "shown!"
        from inbound
        where location_id = $1 and late = 'asked'
        "#,
        location.as_str(),
    )
    .fetch_one(pool)
    .await
}

/// Has the old messages of a location up to `last` shown in GHL. Returns their number.
pub async fn show(
    pool: &Pool,
    location: &LocationId,
    last: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let mut all = 0;
    loop {
        let shown = sqlx::query!(
            r#"
            with chosen as (
                select location_id, id
                from inbound
                where location_id = $1 and late = 'asked' and id <= $2
                order by id
                limit $3
                for update
            ),
            shown as (
                update inbound i
                set late = 'shown', reason_code = $5::jsonb->>'code', reason_args = null
                from chosen
                where i.location_id = any (array[chosen.location_id]) and i.id = chosen.id
                returning i.location_id, i.id, i.reason_code
            )
            insert into timeline (location_id, message_id, at, state, cause_code)
            select location_id, id, $4, 'held', reason_code
            from shown
            "#,
            location.as_str(),
            last.0,
            BATCH,
            now,
            Reason::from(Step::OldMessageShown) as Reason,
        )
        .execute(pool)
        .await?
        .rows_affected();
        all += shown;
        if shown == 0 {
            return Ok(all);
        }
    }
}

/// Forgets the old messages of a location up to `last`, with their texts and the keys of their files. Returns their
/// number.
pub async fn forget(
    pool: &Pool,
    location: &LocationId,
    last: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let mut all = 0;
    loop {
        let mut tx = pool.begin().await?;
        let forgotten = forget_some(&mut tx, location, (last, false), BATCH, now).await?;
        tx.commit().await?;
        all += forgotten;
        if forgotten == 0 {
            return Ok(all);
        }
    }
}

/// Forgets all old messages of a location that is being uninstalled, those to be shown, too: nobody can want them any
/// more, and they must not be among its failed messages.
pub(in crate::db) async fn forget_all(
    tx: &mut Connection,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let all = (MessageId(i64::MAX), true);
    forget_some(tx, location, all, i64::MAX, now)
        .await
        .map(|_| ())
}

/// Forgets old messages up to an id; with `true` those to be shown, too.
async fn forget_some(
    tx: &mut Connection,
    location: &LocationId,
    (last, even_shown): (MessageId, bool),
    limit: i64,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let forgotten = sqlx::query!(
        r#"
        with chosen as (
            select location_id, id
            from inbound
            where location_id = $1 and id <= $2 and (late = 'asked' or $3 and late = 'shown')
            order by id
            limit $4
            for update
        ),
        files as (
            update inbound_media m
            set state = 'missing',
                reason_code = $6::jsonb->>'code',
                reason_args = null,
                keys = null, direct_path = null, url = null, media_key = null, file_name = null,
                text_attached = null, text_linked = null, text_missing = null
            from chosen
            where m.location_id = any (array[chosen.location_id]) and m.message_id = chosen.id and m.state = 'wanted'
        ),
        forgotten as (
            update inbound i
            set state = 'ignored', late = null, undecrypted = false, text = null,
                reason_code = $6::jsonb->>'code', reason_args = null
            from chosen
            where i.location_id = any (array[chosen.location_id]) and i.id = chosen.id
            returning i.location_id, i.id
        )
        insert into timeline (location_id, message_id, at, state, cause_code)
        select location_id, id, $5, 'ignored', $6::jsonb->>'code'
        from forgotten
        "#,
        location.as_str(),
        last.0,
        even_shown,
        limit,
        now,
        Reason::from(Step::OldMessageForgotten) as Reason,
    )
    .execute(tx)
    .await?;
    Ok(forgotten.rows_affected())
}

/// Makes a few old messages due, the oldest first, of each location where nothing else waits. Those with a file are due
/// at `file_until` at the latest. One that came after `hidden_before` waits for the phone of its sender; an older one is
/// shown without. Returns their number.
pub async fn release_shown(
    pool: &Pool,
    (hidden_before, file_until): (OffsetDateTime, OffsetDateTime),
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let released = sqlx::query!(
        r#"
        -- From one location to the next along `inbound_shown`.
        with recursive place as (
            (
                select location_id
                from inbound
                where late = 'shown'
                order by location_id, sent_at, id
                limit 1
            )
            union all
            select next.location_id
            from place
            cross join lateral (
                select location_id
                from inbound
                where late = 'shown' and location_id > place.location_id
                order by location_id, sent_at, id
                limit 1
            ) next
        ),
        chosen as (
            select next.location_id, next.id
            from place
            cross join lateral (
                select location_id, id
                from inbound
                where location_id = place.location_id
                    and late = 'shown'
                    and state = 'held'
                    and not undecrypted
                    and (phone is not null or conversation not like '%' || $6 or accepted_at <= $7)
                order by sent_at, id
                limit $3
                for update skip locked
            ) next
            where not exists (
                select 1
                from inbound live
                where live.location_id = place.location_id and live.state = 'accepted' and live.due_at <= $4
            )
        ),
        released as (
            update inbound i
            set state = 'accepted', late = null, reason_code = null, reason_args = null,
                phone = case when i.conversation like '%' || $6 then coalesce(i.phone, i.conversation) else i.phone end,
                due_at = case
                    when exists (
                        select 1
                        from inbound_media m
                        where m.location_id = i.location_id and m.message_id = i.id and m.state = 'wanted'
                    ) then $2::timestamptz
                    else $1::timestamptz
                end
            from chosen
            where i.location_id = any (array[chosen.location_id]) and i.id = chosen.id
            returning i.location_id, i.id
        )
        insert into timeline (location_id, message_id, at, state, cause_code)
        select location_id, id, $1, 'accepted', $5::jsonb->>'code'
        from released
        "#,
        now,
        file_until,
        AT_ONCE,
        now + QUIET,
        Reason::from(Step::OldMessageShown) as Reason,
        LID_SERVER,
        hidden_before,
    )
    .execute(pool)
    .await?;
    Ok(released.rows_affected())
}
