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

/// The locations with rows in a queue and a state, those with the most first, among the first [`MAX_COUNT`] rows.
pub async fn list(pool: &Pool, queue: Queue, state: QueueState) -> sqlx::Result<Vec<Place>> {
    sqlx::query_as!(
        Place,
        r#"
        select coalesce(q.location_id, '') as "location_id!: LocationId",
            (select name from account_names where owner_id = q.location_id) as name,
            count(*) as "count!", min(q.at) as "oldest!"
        from (
            -- One of these; the others end before they begin. Each has the order of an index.
            (
                select location_id, accepted_at as at
                from outbound
                where $1 = 'outbound accepted' and state = 'accepted'
                order by location_id, priority desc, id
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
        order by count(*) desc, q.location_id
        "#,
        format!("{queue} {state}"),
        MAX_COUNT,
    )
    .fetch_all(pool)
    .await
}
