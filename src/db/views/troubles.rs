//! What is wrong now, for the operator's first page: open incidents, numbers on hold, circuits, and how many messages wait
//! because of them.

use std::collections::HashMap;

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::history::incidents::Incident;
use crate::model::ids::LocationId;
use crate::model::reason::Reason;
use crate::model::states::IncidentKind;

/// Rows of each kind that are read: more than a service with some hundred sub-accounts has, so that their count is right; what
/// more there is, is the same matter again.
pub const LIMIT: i64 = 2_000;
/// Waiting messages of a location are counted so far: enough to tell which is worst, read in less than a millisecond.
pub const MAX_WAITING: i64 = 500;

/// The open incidents of all locations and of the service, the oldest first.
pub async fn list_incidents(pool: &Pool) -> sqlx::Result<Vec<Incident>> {
    sqlx::query_as!(
        Incident,
        r#"
        select id as "id!", location_id as "location_id!: LocationId", number as "number!",
            kind as "kind!: IncidentKind", detail,
            reason_of(reason_code, reason_args) as "reason: Reason", since as "since!", last_seen_at as "last_seen_at!"
        from open_incidents
        order by since, id
        limit $1
        "#,
        LIMIT,
    )
    .fetch_all(pool)
    .await
}

/// A number that sends nothing.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its location; empty: all numbers, because the gateway fails.
    pub location_id: LocationId,
    /// Digits; empty where the gateway fails.
    pub number: String,
    /// Why.
    pub reason: Reason,
    /// Since when, where that is known.
    pub since: Option<OffsetDateTime>,
    /// Everything fails; else it is on hold.
    pub is_circuit: bool,
}

/// Connected numbers on hold, and those into which nothing is sent because everything fails.
pub async fn list_held(pool: &Pool) -> sqlx::Result<Vec<Held>> {
    sqlx::query_as!(
        Held,
        r#"
        (
            select n.location_id as "location_id!: LocationId", n.number as "number!",
                reason_of(n.hold_code, n.hold_args) as "reason!: Reason",
                -- A hold has no time of its own: its first message tells.
                (
                    select min(first.since)
                    from (values (n.number), (case when n.is_default then '' end)) queue (route)
                    cross join lateral (
                        select coalesce(o.waits_since, o.accepted_at) as since
                        from outbound o
                        where o.location_id = n.location_id and o.route = queue.route and not o.is_cold
                          and o.state = 'accepted'
                        order by o.priority desc, o.id
                        limit 1
                    ) first
                ) as since,
                false as "is_circuit!"
            from numbers n
            where n.hold_code is not null and n.webhook_secret is not null
            limit $1
        )
        union all
        (
            select location_id, target, reason_of(reason_code, reason_args), since, true
            from circuits
            where probe_at is not null
            limit $1
        )
        "#,
        LIMIT,
    )
    .fetch_all(pool)
    .await
}

/// How many messages wait for WhatsApp in each of these locations, [`MAX_WAITING`] at most.
pub async fn count_waiting(
    pool: &Pool,
    locations: &[&str],
) -> sqlx::Result<HashMap<LocationId, i64>> {
    let counted = sqlx::query!(
        r#"
        select place.id as "location_id!: LocationId", w.count as "count!"
        from unnest($1::text[]) as place (id)
        cross join lateral (
            select count(*)
            from (
                select 1
                from outbound
                where location_id = place.id and state = 'accepted'
                order by location_id, route, is_cold, priority desc, id
                limit $2
            ) w
        ) w
        "#,
        locations as &[&str],
        MAX_WAITING,
    )
    .map(|row| (row.location_id, row.count))
    .fetch_all(pool)
    .await?;
    Ok(counted.into_iter().collect())
}

/// What GHL calls these locations or agencies.
pub async fn find_names(pool: &Pool, owners: &[&str]) -> sqlx::Result<HashMap<String, String>> {
    let found = sqlx::query!(
        "select owner_id, name from account_names where owner_id = any($1)",
        owners as &[&str],
    )
    .map(|row| (row.owner_id, row.name))
    .fetch_all(pool)
    .await?;
    Ok(found.into_iter().collect())
}
