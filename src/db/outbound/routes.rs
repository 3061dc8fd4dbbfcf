//! From which of its location's numbers a message leaves. It is decided when the message is accepted
//! ([`crate::db::outbound::deliveries`]); here a number that cannot send any more gives up what waits for it.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::model::reason::{Reason, Step};

/// How long a conversation waits for its own number: a phone that has lost its link is mostly linked again within a day.
pub const PATIENCE: Duration = Duration::DAY;

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

/// Moves messages that wait for a number which is on hold, or whose instance another phone uses, to their location's default
/// number if that can send: those of nobody who waits for an answer at once, others after [`PATIENCE`]; or as the location's
/// people have chosen. Their age counts anew. What was sent in part stays. Returns how many; call it again while it returns
/// [`BATCH`].
pub async fn leave_held_numbers(pool: &Pool, now: OffsetDateTime) -> sqlx::Result<u64> {
    let moved = sqlx::query!(
        r#"
        with held as (
            select q.location_id, q.route, q.is_cold, coalesce(s.when_held, 'mixed') as when_held
            from outbound_queues q
            join numbers n on n.location_id = q.location_id and n.number = q.route
            join numbers d on d.location_id = q.location_id and d.is_default and d.number <> q.route
            left join routing_settings s on s.location_id = q.location_id
            where n.webhook_secret is not null and (n.hold_code is not null or n.other_phone)
              and d.hold_code is null and not d.other_phone
              and coalesce(s.when_held, 'mixed') <> 'wait'
        ),
        stranded as (
            select c.location_id, c.id
            from held h
            cross join (values (0::smallint), (1), (2), (3)) priorities (priority)
            -- The first of them, which are the oldest: not all that wait are read at each look.
            cross join lateral (
                select location_id, id, parts_sent, unconfirmed_sends, coalesce(waits_since, accepted_at) as since
                from outbound
                where location_id = h.location_id and route = h.route and is_cold = h.is_cold and state = 'accepted'
                  and priority = priorities.priority
                order by id
                limit $2
            ) first
            cross join lateral (
                select o.location_id, o.id
                from outbound o
                where o.location_id = first.location_id and o.id = first.id and o.state = 'accepted'
                limit 1
                for update skip locked
            ) c
            where first.parts_sent = 0 and first.unconfirmed_sends = 0
              and (h.when_held = 'leave' or priorities.priority = 0 or first.since <= $4)
            limit $2
        ),
        noted as (
            insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
            select location_id, id, $1, 'accepted', $3::jsonb->>'code', $3::jsonb->'args'
            from stranded
        )
        update outbound o
        set route = '', waits_since = $1
        from stranded
        where o.location_id = any (array[stranded.location_id]) and o.id = stranded.id
        "#,
        now,
        BATCH,
        Reason::from(Step::NumberHeld) as Reason,
        now - PATIENCE,
    )
    .execute(pool)
    .await?;
    Ok(moved.rows_affected())
}
