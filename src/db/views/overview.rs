//! What a location's own users see of their numbers and messages.
//!
//! It must not read a message's text, more of a customer's number than its last four digits, or a row of another
//! location: every statement is limited to the location that the caller has proven. Each reads a bounded number of rows
//! along an index, because a page may be opened while a campaign of a million messages is being sent.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::views::recipients;
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::Reason;
use crate::model::states::{Direction, MessageState};

/// The newest messages of each direction that are counted and searched, which takes some 20 ms. A page that shows fewer
/// than there are has to say so.
pub const WINDOW: i64 = 10_000;
/// Digits of a customer's number that are shown, and searched for.
const SHOWN_DIGITS: usize = 4;
/// The newest events that are searched for a number's last one.
const EVENT_WINDOW: i64 = 1_000;

/// A number with its settings.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are columns, each of its own"
)]
pub struct NumberState {
    /// E.164 digits.
    pub number: String,
    /// What the business calls it.
    pub name: Option<String>,
    /// Its location sends from it.
    pub is_default: bool,
    /// Its keys are stored; an uninstall deletes them.
    pub is_connected: bool,
    /// Why sending is on hold.
    pub hold_reason: Option<Reason>,
    /// When it was connected the last time.
    pub connected_at: OffsetDateTime,
    /// Its own pause between two sends, milliseconds; none: that of the settings.
    pub min_interval_ms: Option<i32>,
    /// Messages of groups go to GHL.
    pub forwards_groups: bool,
    /// Messages that the business writes on the phone go to GHL.
    pub mirrors_phone: bool,
    /// When Waapify last posted an event of it, if that was recently.
    pub last_event_at: Option<OffsetDateTime>,
}

/// The numbers of a location, the default first. Numbers without keys are included only if no number has keys: usually
/// they were removed, but after an uninstall they can be connected again. Reads along the primary keys of `numbers` and
/// `waapify_events`.
pub async fn list_numbers(pool: &Pool, location: &LocationId) -> sqlx::Result<Vec<NumberState>> {
    sqlx::query_as!(
        NumberState,
        r#"
        select n.number, n.name, n.is_default, n.webhook_secret is not null as "is_connected!",
            coalesce(reason_of(n.hold_code, n.hold_args), circuit_reason(n.location_id, n.number))
                as "hold_reason: Reason",
            n.connected_at, n.min_interval_ms, n.forwards_groups, n.mirrors_phone,
            (
                select e.received_at
                from (
                    select number, received_at
                    from waapify_events
                    where location_id = n.location_id
                    order by id desc
                    limit $2
                ) e
                where e.number = n.number
                limit 1
            ) as last_event_at
        from numbers n
        where n.location_id = $1
            and (
                n.webhook_secret is not null
                or not exists (
                    select 1
                    from numbers other
                    where other.location_id = $1 and other.webhook_secret is not null
                )
            )
        order by n.is_default desc, n.connected_at desc
        "#,
        location.as_str(),
        EVENT_WINDOW,
    )
    .fetch_all(pool)
    .await
}

/// How many messages are in a state.
#[derive(Clone, Debug)]
pub struct Count {
    /// Which way they go.
    pub direction: Direction,
    /// The state.
    pub state: MessageState,
    /// How many.
    pub count: i64,
}

/// Counts the messages of a location since `since` by state, among the newest [`WINDOW`] of each direction and without
/// the business's own echoes. Reads along the primary keys.
pub async fn count_states(
    pool: &Pool,
    location: &LocationId,
    since: OffsetDateTime,
) -> sqlx::Result<Vec<Count>> {
    sqlx::query_as!(
        Count,
        r#"
        select 'outbound' as "direction!: Direction", state as "state!: MessageState", count(*) as "count!"
        from (
            select state, accepted_at
            from outbound
            where location_id = $1
            order by id desc
            limit $3
        ) o
        where accepted_at >= $2
        group by state
        union all
        select 'inbound', state, count(*)
        from (
            select state, accepted_at, from_me
            from inbound
            where location_id = $1
            order by id desc
            limit $3
        ) i
        where accepted_at >= $2 and (not from_me or state <> 'ignored')
        group by state
        "#,
        location.as_str(),
        since,
        WINDOW,
    )
    .fetch_all(pool)
    .await
}

/// A message in a list.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which way it goes.
    pub direction: Direction,
    /// Our id.
    pub id: MessageId,
    /// Its state.
    pub state: MessageState,
    /// Last digits of the customer's number, once known.
    pub chat_end: Option<String>,
    /// What GHL calls the customer, if it told.
    pub customer: Option<String>,
    /// When it arrived.
    pub accepted_at: OffsetDateTime,
    /// Why it is in that state, if recorded.
    pub why: Option<Reason>,
}

/// Fills in the last digits of customers of whom only the delivery tells yet.
async fn with_ends(
    pool: &Pool,
    location: &LocationId,
    mut rows: Vec<Entry>,
) -> sqlx::Result<Vec<Entry>> {
    let lacks = |row: &&Entry| row.direction == Direction::Outbound && row.chat_end.is_none();
    let keys = rows.iter().filter(lacks);
    let keys: Vec<_> = keys.map(|row| (location.as_str(), row.id)).collect();
    let mut ends = recipients::find_ends(pool, &keys).await?;
    for row in &mut rows {
        row.chat_end = row.chat_end.take().or_else(|| ends.remove(&row.id));
    }
    Ok(rows)
}

/// The failures of a location before the id `before`, newest first. Reads along the indexes `outbound_failed` and
/// `inbound_failed`.
pub async fn list_failures(
    pool: &Pool,
    location: &LocationId,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    let rows = sqlx::query_as!(
        Entry,
        r#"
        select m.direction as "direction!: Direction", m.id as "id!: MessageId", m.state as "state!: MessageState",
            m.chat_end, customer_name($1, m.direction, m.id) as customer, m.accepted_at as "accepted_at!",
            -- The last cause of its state, along `timeline_by_message`.
            (
                select reason_of(t.cause_code, t.cause_args)
                from timeline t
                where t.location_id = $1 and t.message_id = m.id and t.state = m.state
                order by t.at desc, t.step desc
                limit 1
            ) as "why: Reason"
        from (
            select *
            from messages
            where location_id = $1 and state = 'failed' and id < $3
            order by id desc
            limit $2
        ) m
        order by m.id desc
        "#,
        location.as_str(),
        limit,
        before,
    )
    .fetch_all(pool)
    .await?;
    with_ends(pool, location, rows).await
}

/// What is searched for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// One of these states; empty: any.
    pub states: &'a [MessageState],
    /// A part of the customer's name, or the last digits of the number.
    pub customer: Option<&'a str>,
}

impl Wanted<'_> {
    /// A pattern for names.
    fn name(&self) -> Option<String> {
        let name = self.customer?;
        // A sign of a pattern is a letter.
        let name = name
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        // GHL's names have spaces as people type them.
        let words: Vec<_> = name.split_whitespace().collect();
        Some(format!("%{}%", words.join("%")))
    }

    /// A pattern for the last four digits of a number, if it may be one.
    fn end(&self) -> Option<String> {
        let text = self
            .customer
            .filter(|text| !text.contains(char::is_alphabetic))?;
        let digits: Vec<_> = text.chars().filter(char::is_ascii_digit).collect();
        let last = digits.len().saturating_sub(SHOWN_DIGITS);
        (!digits.is_empty()).then(|| format!("%{}", digits[last..].iter().collect::<String>()))
    }
}

/// The messages of a location before the id `before`, newest first, that are wanted, among the newest [`WINDOW`] of each
/// direction before it. Reads along the primary keys; a search for a name also reads the location's contacts.
#[allow(
    clippy::too_many_lines,
    reason = "one statement with a part for each direction"
)]
pub async fn list_entries(
    pool: &Pool,
    location: &LocationId,
    wanted: Wanted<'_>,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    let rows = sqlx::query_file_as!(
        Entry,
        "src/db/views/list_entries.sql",
        location.as_str(),
        limit,
        before,
        wanted.states as &[MessageState],
        WINDOW,
        wanted.name(),
        wanted.end(),
    )
    .fetch_all(pool)
    .await?;
    with_ends(pool, location, rows).await
}
