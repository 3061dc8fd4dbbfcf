//! Searches of messages of both directions, a page at a time, newest first (keyset by id).
//!
//! Like `messages`, it must not read a message's text, or more of a customer's number than its last four digits.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::views::messages;
use crate::db::views::messages::MessageRow;
use crate::model::ids::{LocationId, MessageId};
use crate::model::states::MessageState;

/// Ids that the search by time goes back at first: a few minutes or hours of a busy service.
const FIRST_REACH: i64 = 1_000;
/// How much further it goes each time. At most so many times more than needed is then read.
const REACH_FACTOR: i64 = 4;
/// Messages of each place whose times are compared, because one alone may have waited.
const SAMPLE: i64 = 10;
/// Longest time from a message's arrival to its row, which gives it its id. Events wait while the database or the service
/// cannot read them; a day of that is noticed.
const LONGEST_WAIT: Duration = Duration::DAY;

/// What is looked for; what is none is not asked.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Its location.
    pub location: Option<LocationId>,
    /// Its state. Failed and held messages have indexes of their own; the others of a location are read one by one.
    pub state: Option<MessageState>,
    /// It arrived then or later.
    pub since: Option<OffsetDateTime>,
    /// It arrived before.
    pub until: Option<OffsetDateTime>,
    /// The customer's number ends so; four digits at most.
    pub chat_end: Option<String>,
    /// It has a reason.
    pub with_reason: bool,
}

/// Where to look.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The locations. Those keys begin with, so that knowing them saves reading whole tables.
    places: Vec<LocationId>,
    /// No message that fits has a smaller id.
    first: i64,
}

/// Finds where to look.
pub async fn find_scope(pool: &Pool, search: &Search) -> sqlx::Result<Scope> {
    let places = match &search.location {
        Some(location) => vec![location.clone()],
        None => messages::list_places(pool).await?,
    };
    let first = match search.since {
        Some(since) => find_first(pool, &places, since).await?,
        None => 0,
    };
    Ok(Scope { places, first })
}

/// An id below those of all messages, of whatever location, that arrived `since` then.
pub(in crate::db) async fn find_first_id(pool: &Pool, since: OffsetDateTime) -> sqlx::Result<i64> {
    find_first(pool, &messages::list_places(pool).await?, since).await
}

/// An id below those of all messages that arrived `since` then. No index has their times, but ids follow them: so it goes
/// back from the newest id, each time further, until only older messages are there.
async fn find_first(
    pool: &Pool,
    places: &[LocationId],
    since: OffsetDateTime,
) -> sqlx::Result<i64> {
    let newest = find_newest(pool, places).await?.unwrap_or_default();
    let mut reach = FIRST_REACH;
    while reach < newest {
        let first = newest - reach;
        let latest = find_latest(pool, places, first).await?;
        if latest.is_some_and(|latest| latest < since - LONGEST_WAIT) {
            return Ok(first);
        }
        reach *= REACH_FACTOR;
    }
    Ok(0)
}

async fn find_newest(pool: &Pool, places: &[LocationId]) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        r#"
        select max(m.id)
        from unnest($1::text[]) as place (id)
        cross join lateral (
            select id
            from messages
            where location_id = place.id
            order by id desc
            limit 1
        ) m
        "#,
        &texts(places) as &[&str],
    )
    .fetch_one(pool)
    .await
}

/// When the last of some messages arrived: of each place the first ones from this id on.
async fn find_latest(
    pool: &Pool,
    places: &[LocationId],
    first: i64,
) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar!(
        r#"
        select max(m.accepted_at)
        from unnest($1::text[]) as place (id)
        cross join lateral (
            select accepted_at
            from messages
            where location_id = place.id and id >= $2
            order by id
            limit $3
        ) m
        "#,
        &texts(places) as &[&str],
        first,
        SAMPLE,
    )
    .fetch_one(pool)
    .await
}

fn texts(places: &[LocationId]) -> Vec<&str> {
    places.iter().map(LocationId::as_str).collect()
}

/// The newest messages in this scope before the one with the id `before`, newest first. Leaves out ignored messages that
/// the business wrote: they are echoes of messages that are found already.
pub async fn list_messages(
    pool: &Pool,
    scope: &Scope,
    search: &Search,
    before: Option<MessageId>,
    limit: i64,
) -> sqlx::Result<Vec<MessageRow>> {
    let rows = sqlx::query_as!(
        MessageRow,
        r#"
        select m.direction as "direction!", m.location_id as "location_id!", m.id as "id!", m.state as "state!",
            m.reason, m.number, m.chat_end, m.ghl_message_id, m.parts_sent, m.parts, m.accepted_at as "accepted_at!"
        from unnest($1::text[]) as place (id)
        -- The newest of each location, along the primary keys.
        cross join lateral (
            select *
            from messages
            where location_id = place.id
                and id < $2
                and id >= $9
                and ($3::text is null or state = $3)
                and ($4::timestamptz is null or accepted_at >= $4)
                and ($5::timestamptz is null or accepted_at < $5)
                and ($6::text is null or right(chat_end, length($6)) = $6)
                and (not $7 or reason is not null)
                and not is_echo
            order by id desc
            limit $8
        ) m
        order by m.id desc
        limit $8
        "#,
        &texts(&scope.places) as &[&str],
        before.map_or(i64::MAX, |id| id.0),
        search.state as Option<MessageState>,
        search.since,
        search.until,
        search.chat_end,
        search.with_reason,
        limit,
        scope.first,
    )
    .fetch_all(pool)
    .await?;
    messages::with_ends(pool, rows).await
}
