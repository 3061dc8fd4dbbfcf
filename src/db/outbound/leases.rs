//! How the lease of a claim ends without an outcome: its process was killed, or stops.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::outbound::OutboundJob;
use crate::db::queue::set_due;
use crate::model::reason::{Reason, Step};

/// Ends claims with an expired lease (a killed process). A message whose send had started becomes `unconfirmed`; any
/// other goes back to the queue, and the crashed attempt is counted. Returns their number.
pub async fn rescue_expired(
    pool: &Pool,
    wait_until: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let expired = sqlx::query!(
        r#"
        with expired as (
            -- 1. Lock what is overdue. Did its part leave in the attempt that was lost?
            select location_id, id, started_attempt = attempt as has_started
            from outbound
            where state = 'sending' and due_at <= $1
            for update skip locked
        ),
        noted as (
            -- 2. The timeline says so.
            insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
            select location_id, id, $1,
                case when has_started then 'unconfirmed' else 'accepted' end,
                $3::jsonb->>'code', $3::jsonb->'args'
            from expired
        )
        -- 3. What may have left waits for its echo until $2, the rest is due at once.
        update outbound o
        set state = case when has_started then 'unconfirmed' else 'accepted' end,
            unconfirmed_sends = unconfirmed_sends + has_started::int,
            route = case when has_started then coalesce(number, route) else route end,
            crashed_attempts = crashed_attempts + (not has_started)::int,
            due_at = case when has_started then $2::timestamptz else $1 end
        from expired
        where o.location_id = expired.location_id and o.id = expired.id
        "#,
        now,
        wait_until,
        Reason::from(Step::ProcessStopped) as Reason,
    )
    .execute(pool)
    .await?;
    Ok(expired.rows_affected())
}

/// Ends the leases of claims that are still sending: a message whose send has started becomes `unconfirmed`, the others
/// go back to the queue ([`rescue_expired`]). An outcome that was recorded stays.
pub async fn release_sends(
    pool: &Pool,
    jobs: &[&OutboundJob],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    set_due!(
        pool,
        jobs.iter().copied(),
        now,
        "outbound",
        "q.location_id = any (array[c.location_id]) and q.id = c.id and q.state is not distinct from 'sending'"
    )
    .map(|_| ())
}

/// Ends the leases of waits whose end was claimed ([`crate::db::outbound::claim_unconfirmed`]): it is claimed again.
pub async fn release_waits(
    pool: &Pool,
    jobs: &[&OutboundJob],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    set_due!(
        pool,
        jobs.iter().copied(),
        now,
        "outbound",
        "q.location_id = any (array[c.location_id]) and q.id = c.id and q.state is not distinct from 'unconfirmed'"
    )
    .map(|_| ())
}
