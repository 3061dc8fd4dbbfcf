//! From which of its location's numbers a message leaves. It is decided when the message is accepted
//! ([`crate::db::outbound::deliveries`]); here a number that cannot send any more gives up what waits for it.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::reason::{Reason, Step};

/// Messages that one call moves: some hundred milliseconds of work.
pub const BATCH: i64 = 500;

/// Moves messages that wait for a number which is not connected any more to their location's default number. Returns how
/// many; call it again while it returns [`BATCH`].
pub async fn leave_removed_numbers(pool: &Pool, now: OffsetDateTime) -> sqlx::Result<u64> {
    let moved = sqlx::query!(
        r#"
        with removed as (
            select q.location_id, q.route, q.is_cold
            from outbound_queues q
            where q.route <> '' and not exists (
                select 1
                from numbers n
                where n.location_id = q.location_id and n.number = q.route and n.webhook_secret is not null
            )
        ),
        stranded as (
            select c.location_id, c.id
            from removed r
            cross join lateral (
                select o.location_id, o.id
                from outbound o
                where o.location_id = r.location_id and o.route = r.route and o.is_cold = r.is_cold and o.state = 'accepted'
                order by o.priority desc, o.id
                limit $2
                for update skip locked
            ) c
            limit $2
        ),
        noted as (
            insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
            select location_id, id, $1, 'accepted', $3::jsonb->>'code', $3::jsonb->'args'
            from stranded
        )
        update outbound o
        set route = ''
        from stranded
        where o.location_id = any (array[stranded.location_id]) and o.id = stranded.id
        "#,
        now,
        BATCH,
        Reason::from(Step::NumberRemoved) as Reason,
    )
    .execute(pool)
    .await?;
    Ok(moved.rows_affected())
}
