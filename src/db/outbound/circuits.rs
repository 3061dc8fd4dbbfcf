//! Sends that fail whatever the message: the circuit of a number, and that of the gateway as a whole.
//!
//! A circuit exists from the first such failure to the next send that the gateway answers. It is open after a few
//! failures in a row: then [`crate::db::outbound::claim_sendable`] claims nothing for it, and only its probe is sent.
//! All processes share it.

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::db::outbound::OutboundJob;
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::Reason;

/// Failures in a row, of different messages, that open the circuit of a number: one may be due to the message.
const NUMBER_LIMIT: i32 = 2;
/// The same for the gateway, whose circuit stops everybody.
const GATEWAY_LIMIT: i32 = 3;

/// What failed a moment ago is tried again in some seconds anyway, and keeps its turn.
const MOMENT: Duration = Duration::seconds(30);

/// A failure for which neither the number nor the message is to blame.
#[derive(Clone, Copy, Debug)]
pub struct Failed<'a> {
    /// The number that it was sent from, digits.
    pub number: &'a str,
    /// It concerns the gateway as a whole.
    pub is_gateways: bool,
    /// The message may have been sent all the same.
    pub is_risky: bool,
    /// Shown while nothing is sent.
    pub reason: &'a Reason,
    /// Pauses after the first, second, … probe, in seconds; the last one is repeated.
    pub pauses: &'a [i64],
}

/// An open circuit whose probe is due.
#[derive(Clone, Debug)]
pub struct OpenCircuit {
    /// The location of its number; empty for the gateway's.
    pub location_id: LocationId,
    /// Its number, digits; empty for the gateway's.
    pub target: String,
    /// Its last failure may have sent the message.
    pub is_risky: bool,
}

/// Records a failed send. Returns whether it opened the circuit.
pub async fn record_failure(
    pool: &Pool,
    job: &OutboundJob,
    failed: Failed<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let (location, target, limit) = if failed.is_gateways {
        ("", "", GATEWAY_LIMIT)
    } else {
        (job.location_id.as_str(), failed.number, NUMBER_LIMIT)
    };
    end_failed_probe(pool, job, failed, now).await?;
    sqlx::query_scalar!(
        r#"
        insert into circuits as c
            (location_id, target, last_message, since, is_risky, reason_code, reason_args)
        values ($1, $2, $3, $4, $5, $6::jsonb->>'code', $6::jsonb->'args')
        on conflict (location_id, target) do update set
            -- One message that fails again and again proves nothing about the others.
            failures = c.failures + (c.last_message <> $3)::int,
            last_message = $3,
            is_risky = $5,
            reason_code = excluded.reason_code,
            reason_args = excluded.reason_args,
            probe_at = coalesce(
                -- An open circuit has its next probe already.
                c.probe_at,
                case
                    when c.failures + (c.last_message <> $3)::int >= $7
                        then $4::timestamptz + ($8::bigint[])[1] * interval '1 second'
                end
            )
        returning failures = $7 and last_message = $3 as "opened!"
        "#,
        location,
        target,
        job.id.0,
        now,
        failed.is_risky,
        failed.reason as &Reason,
        limit,
        failed.pauses,
    )
    .fetch_one(pool)
    .await
}

/// If the message was the probe of a circuit, even of another one than it concerns, the next probe is due after the next
/// pause.
async fn end_failed_probe(
    pool: &Pool,
    job: &OutboundJob,
    failed: Failed<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update circuits c
        set probes = next.probes,
            probe_message = null,
            is_risky = $2,
            probe_at = $3::timestamptz + ($4::bigint[])[least(next.probes, cardinality($4::bigint[]))] * interval '1 second'
        from (
            select location_id, target,
                -- Probes of the other kind have pauses of their own.
                case when is_risky = $2 then probes + 1 else 1 end as probes
            from circuits
            where probe_message = $1
        ) next
        where c.location_id = any (array[next.location_id]) and c.target = next.target
        "#,
        job.id.0,
        failed.is_risky,
        now,
        failed.pauses,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Claims the probes of open circuits that are due, until `lease_until`. Those of numbers only if a message is due that
/// could be the probe.
pub async fn claim_due(
    pool: &Pool,
    now: OffsetDateTime,
    lease_until: OffsetDateTime,
    limit: i64,
) -> sqlx::Result<Vec<OpenCircuit>> {
    sqlx::query_as!(
        OpenCircuit,
        r#"
        with due as (
            select c.location_id, c.target
            from circuits c
            where c.probe_at <= $1
              and (
                c.location_id = ''
                -- While the gateway fails, it alone is probed.
                or not exists (
                    select 1
                    from circuits g
                    where g.location_id = '' and g.probe_at is not null
                )
                and exists (
                    select 1
                    from outbound o
                    where o.location_id = c.location_id and o.state = 'accepted' and o.due_at <= $1
                )
              )
            order by c.location_id, c.probe_at
            limit $3
            for update of c skip locked
        )
        update circuits c
        set probe_at = $2
        from due
        where c.location_id = any (array[due.location_id]) and c.target = due.target
        returning c.location_id, c.target, c.is_risky
        "#,
        now,
        lease_until,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Records which message is the probe, or that there is none.
pub async fn record_probe(
    pool: &Pool,
    circuit: &OpenCircuit,
    message: Option<MessageId>,
    probe_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update circuits
        set probe_message = $3, probe_at = $4
        where location_id = $1 and target = $2 and probe_at is not null
        "#,
        circuit.location_id.as_str(),
        circuit.target,
        message.map(|message| message.0),
        probe_at,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends a probe that was not sent, or whose end recorded nothing: the next one is due at `probe_at`.
pub async fn end_probe(
    pool: &Pool,
    message: MessageId,
    probe_at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update circuits
        set probe_message = null, probe_at = $2
        where probe_message = $1 and probe_at is not null
        "#,
        message.0,
        probe_at,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Closes the circuits of a number and of the gateway, because the gateway answered a send, and makes due at once what
/// waits because of them. Returns whether there was one.
pub async fn close(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let mut tx = pool.begin().await?;
    let closed = sqlx::query!(
        r#"
        delete from circuits
        where (location_id, target) in (('', ''), ($1, $2))
        returning location_id = '' as "is_gateways!", since < $3 as "is_old!"
        "#,
        location.as_str(),
        number,
        now - MOMENT,
    )
    .fetch_all(&mut *tx)
    .await?;
    if closed.iter().all(|circuit| !circuit.is_old) {
        tx.commit().await?;
        return Ok(!closed.is_empty());
    }
    sqlx::query!(
        r#"
        with late as (
            select location_id, id
            from outbound
            where state = 'accepted' and failing = 'gateway_down' and due_at > $1
              and ($2 or location_id = $3)
            for update skip locked
        )
        update outbound o
        set due_at = $1
        from late
        where o.location_id = any (array[late.location_id]) and o.id = late.id
        "#,
        now,
        closed
            .iter()
            .any(|circuit| circuit.is_gateways && circuit.is_old),
        location.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Why nothing is sent from any number; none while the gateway works.
pub async fn find_gateways(pool: &Pool) -> sqlx::Result<Option<Reason>> {
    let found = sqlx::query_scalar!(
        r#"
        select reason_of(reason_code, reason_args) as "reason!: Reason"
        from circuits
        where location_id = '' and probe_at is not null
        limit 1
        "#,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found)
}

/// Open circuits: of numbers, and of the gateway.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenCounts {
    /// Numbers into which nothing is sent.
    pub numbers: i64,
    /// 1 when nothing is sent from any number.
    pub gateways: i64,
}

/// How many circuits are open.
pub async fn count_open(tx: &mut Connection) -> sqlx::Result<OpenCounts> {
    sqlx::query_as!(
        OpenCounts,
        r#"
        select count(*) filter (where location_id <> '') as "numbers!",
            count(*) filter (where location_id = '') as "gateways!"
        from circuits
        where probe_at is not null
        "#,
    )
    .fetch_one(tx)
    .await
}
