//! Priorities of waiting messages: which of a number's conversations is served first.
//!
//! A message gets its priority when it is accepted ([`crate::db::outbound::deliveries`]). In a conversation no message
//! overtakes another, so messages before one of a higher priority have to be raised with it.

use crate::db::connection::Pool;

/// Raises messages of a lower priority that wait before one of the next `ahead` messages of a queue of their location, by
/// priority. Messages behind those are raised by a later call, so that the cost does not depend on a campaign's length.
pub async fn raise_priorities(pool: &Pool, ahead: i64) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with lowest as materialized (
            -- 1. Of each queue the lowest priority, and that of its location: where all that waits has one priority, nothing
            --    is ahead of anything.
            select q.location_id, q.route, q.is_cold, min(last.priority) over (partition by q.location_id) as priority
            from outbound_queues q
            cross join lateral (
                select priority
                from outbound
                where location_id = q.location_id and route = q.route and is_cold = q.is_cold and state = 'accepted'
                order by priority, id desc
                limit 1
            ) last
        ),
        behind as materialized (
            select before.location_id, before.id, max(ahead.priority) as priority
            from lowest
            -- 2. What each queue sends next of a higher priority than that.
            cross join lateral (
                select location_id, conversation, id, priority
                from outbound
                where location_id = lowest.location_id and route = lowest.route and is_cold = lowest.is_cold
                  and state = 'accepted' and priority > lowest.priority
                order by priority desc, id
                limit $1
            ) ahead
            -- 3. Messages before it in its conversation, from whichever number. Locks these rows, so that they do not change before the
            --    update. A row that another transaction is changing is raised by the next call.
            cross join lateral (
                select o.location_id, o.id
                from outbound o
                where o.location_id = ahead.location_id and o.conversation = ahead.conversation
                  and o.id < ahead.id and o.state = 'accepted' and o.priority < ahead.priority
                order by o.location_id, o.conversation, o.id
                limit $1
                for update skip locked
            ) before
            group by before.location_id, before.id
        )
        update outbound o
        set priority = behind.priority
        from behind
        where o.location_id = behind.location_id and o.id = behind.id
        "#,
        ahead,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
