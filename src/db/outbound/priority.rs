//! Ranks of waiting messages: which of a number's conversations has its turn first.
//!
//! A message gets its rank when it is accepted ([`crate::db::outbound::deliveries`]). Nothing overtakes in a conversation, so what
//! waits before a message of a higher rank has to rise with it.

use sqlx::PgPool;

/// Has the lower ranks rise that stand before one of the `ahead` messages which each location sends next by rank: later
/// ones are looked at when their turn comes near, so that a campaign of any length costs as little.
///
/// # Errors
/// When the database fails.
pub async fn raise_priorities(pool: &PgPool, ahead: i64) -> sqlx::Result<()> {
    // It goes from one waiting location to the next along the index. Where all that waits has one rank, that is all.
    sqlx::query(
        "with recursive waiting as (
            (select location_id from outbound where state = 'accepted' order by location_id, priority desc, id limit 1)
            union all
            select next.location_id from waiting cross join lateral (
                select location_id from outbound where state = 'accepted' and location_id > waiting.location_id
                order by location_id, priority desc, id limit 1
            ) next
         ), behind as (
            select before.ctid, max(ahead.priority) as priority
            from waiting cross join lateral (
                select priority from outbound where location_id = waiting.location_id and state = 'accepted'
                order by priority, id desc limit 1
            ) lowest cross join lateral (
                select location_id, conversation, id, priority from outbound
                where location_id = waiting.location_id and state = 'accepted' and priority > lowest.priority
                order by priority desc, id limit $1
            ) ahead cross join lateral (
                select o.ctid from outbound o
                where o.location_id = ahead.location_id and o.conversation = ahead.conversation and o.id < ahead.id
                  and o.state = 'accepted' and o.priority < ahead.priority
                order by o.location_id, o.conversation, o.id limit $1
            ) before
            group by before.ctid
         )
         update outbound o set priority = behind.priority
         from behind where o.ctid = behind.ctid and o.priority < behind.priority",
    )
    .bind(ahead)
    .execute(pool)
    .await
    .map(|_| ())
}
