//! Whose rows are in a queue. It reads the same rows as `queue_counts`, so that both give the same sum.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::views::queue_counts::MAX_COUNT;
use crate::model::ids::LocationId;
use crate::model::states::{Queue, QueueState};

/// The rows of a location in a queue.
#[derive(Clone, Debug)]
pub struct Place {
    /// The location; empty: not known yet.
    pub location_id: LocationId,
    /// What GHL calls it.
    pub name: Option<String>,
    /// How many rows.
    pub count: i64,
    /// Since when the oldest waits.
    pub oldest: OffsetDateTime,
}

/// Which part of a list, by the place at its end: how many rows that has, and its location.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// The first places.
    #[default]
    First,
    /// Those after it.
    After(i64, LocationId),
    /// Those before it.
    Before(i64, LocationId),
}

/// The places in a queue and a state, those with the most rows first, among the first [`MAX_COUNT`] rows.
pub async fn list(
    pool: &Pool,
    queue: Queue,
    state: QueueState,
    part: &Part,
    limit: i64,
) -> sqlx::Result<Vec<Place>> {
    let mut places = match part {
        Part::First => list_part(pool, queue, state, (i64::MAX, ""), false, limit).await?,
        Part::After(count, id) => {
            list_part(pool, queue, state, (*count, id.as_str()), false, limit).await?
        }
        Part::Before(count, id) => {
            list_part(pool, queue, state, (*count, id.as_str()), true, limit).await?
        }
    };
    if matches!(part, Part::Before(..)) {
        places.reverse();
    }
    Ok(places)
}

/// The nearest places to a key: behind it, or before it with the nearest first.
#[allow(
    clippy::too_many_lines,
    reason = "one statement with a branch for each queue"
)]
async fn list_part(
    pool: &Pool,
    queue: Queue,
    state: QueueState,
    key: (i64, &str),
    is_back: bool,
    limit: i64,
) -> sqlx::Result<Vec<Place>> {
    sqlx::query_as!(
        Place,
        r#"
        select p.location_id as "location_id!: LocationId",
            (select name from account_names where owner_id = p.location_id) as name,
            p.count as "count!", p.oldest as "oldest!"
        from (
        select coalesce(q.location_id, '') as location_id, count(*) as count, min(q.at) as oldest
        from (
            -- One of these; the others end before they begin. Each has the order of an index.
            (
                select location_id, accepted_at as at
                from outbound
                where $1 = 'outbound accepted' and state = 'accepted'
                order by location_id, route, is_cold, priority desc, id
                limit $2
            )
            union all
            (
                select location_id, accepted_at
                from outbound
                where $1 = 'outbound sending' and state = 'sending'
                order by due_at
                limit $2
            )
            union all
            (
                select location_id, accepted_at
                from outbound
                where $1 = 'outbound unconfirmed' and state = 'unconfirmed'
                order by due_at
                limit $2
            )
            union all
            (
                select location_id, accepted_at
                from inbound
                where $1 = 'inbound accepted' and state = 'accepted'
                order by location_id, conversation, sent_at, id
                limit $2
            )
            union all
            (
                select location_id, accepted_at
                from inbound
                where $1 = 'inbound held' and state = 'held'
                order by location_id, conversation
                limit $2
            )
            union all
            (
                select location_id, due_at
                from status_updates
                where $1 = 'statuses due'
                order by due_at
                limit $2
            )
            union all
            (
                select location_id, received_at
                from waapify_events
                where $1 = 'gateway_events accepted' and state = 'accepted'
                order by location_id, number, coalesce(place, id), id
                limit $2
            )
            union all
            (
                select location_id, due_at
                from inbound_media
                where $1 = 'files wanted' and state = 'wanted'
                order by due_at
                limit $2
            )
            union all
            (
                select location_id, received_at
                from ghl_events
                where $1 = 'app_events accepted' and state = 'accepted'
                order by id
                limit $2
            )
        ) q
        group by q.location_id
        ) p
        -- In the order (most rows first, then by id), which only a comparison of (-count, id) makes one of rows.
        where case
            when $5 then (-p.count, p.location_id) < (-$3::bigint, $4::text)
            else (-p.count, p.location_id) > (-$3::bigint, $4::text)
        end
        order by
            case when $5 then p.count end, case when $5 then p.location_id end desc,
            p.count desc, p.location_id
        limit $6
        "#,
        format!("{queue} {state}"),
        MAX_COUNT,
        key.0,
        key.1,
        is_back,
        limit,
    )
    .fetch_all(pool)
    .await
}
