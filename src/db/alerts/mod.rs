//! Who is told of incidents: whose turn it is (here), what each was told (`ledger`), the targets that agencies set
//! (`targets`).
//!
//! A channel is one target: the operator's webhook or mail, or an agency's. One process at a time has its turn, by a lease
//! in its row, so that replicas tell each thing once.

pub mod ledger;
pub mod targets;

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::model::alert::{AlertFault, Channel};

/// A turn that is claimed.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Whose.
    pub channel: Channel,
    /// The end of the lease, which is also the fence.
    pub lease_ends_at: OffsetDateTime,
    /// Tries that failed since the last success.
    pub failures: i32,
    /// Since when they fail.
    pub failing_since: Option<OffsetDateTime>,
    /// A person wants a test.
    pub wants_test: bool,
}

/// Makes sure that these channels have a row, and forgets the operator's others, whose settings are gone.
pub async fn keep(pool: &Pool, configured: &[String], now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into alert_channels (channel, due_at)
        select channel, $2
        from unnest($1::text[]) as configured (channel)
        on conflict do nothing
        "#,
        configured,
        now,
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        r#"
        delete from alert_channels
        where channel like 'operator/%' and channel <> all($1)
        "#,
        configured,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Claims turns that are due.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<Turn>> {
    let claimed = sqlx::query!(
        r#"
        update alert_channels
        set lease_until = $2
        where channel in (
            select channel
            from alert_channels
            where due_at <= $1 and (lease_until is null or lease_until <= $1)
            order by due_at
            limit $3
            for update skip locked
        )
        returning channel, lease_until as "lease_ends_at!", failures, failing_since,
            test_at is not null as "wants_test!"
        "#,
        now,
        now + lease,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let turns = claimed.into_iter().filter_map(|row| {
        Some(Turn {
            channel: Channel::find(&row.channel)?,
            lease_ends_at: row.lease_ends_at,
            failures: row.failures,
            failing_since: row.failing_since,
            wants_test: row.wants_test,
        })
    });
    Ok(turns.collect())
}

/// Ends a turn in which everything was delivered, or in which there was nothing to deliver. Changes nothing for a caller
/// that has lost the claim.
pub async fn end_well(
    pool: &Pool,
    turn: &Turn,
    was_told: bool,
    now: OffsetDateTime,
    next: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update alert_channels
        set lease_until = null,
            due_at = $3,
            failures = 0,
            failing_since = null,
            fault = null,
            fault_status = null,
            test_at = null,
            told_at = case when $4 then $5 else told_at end
        where channel = $1 and lease_until = $2
        "#,
        turn.channel.to_string(),
        turn.lease_ends_at,
        next,
        was_told,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends a turn in which nothing could be delivered.
pub async fn end_badly(
    pool: &Pool,
    turn: &Turn,
    fault: AlertFault,
    now: OffsetDateTime,
    next: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update alert_channels
        set lease_until = null,
            due_at = $3,
            failures = failures + 1,
            failing_since = coalesce(failing_since, $4),
            fault = $5,
            fault_status = $6
        where channel = $1 and lease_until = $2
        "#,
        turn.channel.to_string(),
        turn.lease_ends_at,
        next,
        now,
        fault.code(),
        fault.status(),
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Gives a turn back, due now.
pub async fn release(pool: &Pool, turn: &Turn) -> sqlx::Result<()> {
    sqlx::query!(
        "update alert_channels set lease_until = null where channel = $1 and lease_until = $2",
        turn.channel.to_string(),
        turn.lease_ends_at,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// How a channel fares.
#[derive(Clone, Debug)]
pub struct Standing {
    /// When something was delivered last.
    pub told_at: Option<OffsetDateTime>,
    /// Since when nothing can be delivered.
    pub failing_since: Option<OffsetDateTime>,
    /// Why.
    pub fault: Option<AlertFault>,
}

/// A target that could not be reached for so long is an incident: a restart of its server takes less.
const UNDELIVERABLE_AFTER: Duration = Duration::minutes(10);

/// The channels on which nothing could be delivered for ten minutes, and why.
pub async fn list_failing(
    pool: &Pool,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<(Channel, AlertFault)>> {
    let rows = sqlx::query!(
        r#"
        select channel, fault as "fault!", fault_status
        from alert_channels
        where failing_since <= $1 and fault is not null
        order by channel
        "#,
        now - UNDELIVERABLE_AFTER,
    )
    .fetch_all(pool)
    .await?;
    let failing = rows.into_iter().filter_map(|row| {
        let fault = AlertFault::find(&row.fault, row.fault_status)?;
        Some((Channel::find(&row.channel)?, fault))
    });
    Ok(failing.collect())
}

/// One channel.
pub async fn find(pool: &Pool, channel: &Channel) -> sqlx::Result<Option<Standing>> {
    let row = sqlx::query!(
        r#"
        select told_at, failing_since, fault, fault_status
        from alert_channels
        where channel = $1
        "#,
        channel.to_string(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Standing {
        told_at: row.told_at,
        failing_since: row.failing_since,
        fault: row
            .fault
            .and_then(|code| AlertFault::find(&code, row.fault_status)),
    }))
}
