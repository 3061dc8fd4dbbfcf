//! How long the queues are and how old what waits in them, cheaply: for `/metrics` and the operator's overview.
//!
//! Owns: counts that cost the same with a thousand rows and with a million. Each reads an index from its beginning and
//! stops at [`MAX_COUNT`]; the oldest of a queue is found from one location to the next. Refuses: exact totals, which
//! would read every row.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

use crate::db::history::incidents;
use crate::model::reason::Reason;
use crate::model::states::{IncidentKind, InstallStatus, OwnerKind, TokenProblem};

/// Counting stops here: a queue that long is counted within milliseconds, and a longer one is a longer one.
pub const MAX_COUNT: i64 = 10_000;
/// A database that is slower than this gets no more to do from us.
const STATEMENT_TIMEOUT: &str = "set local statement_timeout = '3s'";

/// Messages, events or files in one state.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct QueueRow {
    /// `outbound`, `inbound`, `statuses`, `gateway_events`, `files`, `app_events`.
    pub queue: String,
    /// Their state there.
    pub state: String,
    /// How many, [`MAX_COUNT`] at most.
    pub count: i64,
    /// Since when the oldest waits: when it was accepted; for statuses and files, when it was due.
    pub oldest: Option<OffsetDateTime>,
}

/// All that is counted.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// The queues.
    pub queues: Vec<QueueRow>,
    /// Locations by how they stand with GHL.
    pub install_statuses: Vec<(InstallStatus, i64)>,
    /// Connected numbers on hold, by the reason.
    pub holds: Vec<(Reason, i64)>,
    /// Numbers that are connected.
    pub numbers: i64,
    /// Tokens that could not be renewed, by whose they are and why.
    pub tokens: Vec<(OwnerKind, TokenProblem, i64)>,
    /// Incidents that have not ended, by kind.
    pub open_incidents: Vec<(IncidentKind, i64)>,
    /// Incidents that have ever begun, by kind.
    pub begun_incidents: Vec<(IncidentKind, i64)>,
}

/// Counts everything, in one read-only transaction whose statements may take three seconds each.
///
/// # Errors
/// When the database fails, or takes longer.
pub async fn read_counts(pool: &PgPool) -> sqlx::Result<Counts> {
    let mut tx = pool.begin().await?;
    sqlx::query("set transaction read only")
        .execute(&mut *tx)
        .await?;
    sqlx::query(STATEMENT_TIMEOUT).execute(&mut *tx).await?;
    let mut counts = Counts {
        queues: list_queues(&mut tx).await?,
        install_statuses: list_install_statuses(&mut tx).await?,
        holds: list_holds(&mut tx).await?,
        numbers: count_numbers(&mut tx).await?,
        tokens: list_token_problems(&mut tx).await?,
        open_incidents: Vec::new(),
        begun_incidents: Vec::new(),
    };
    tx.rollback().await?;
    counts.open_incidents = incidents::count_open(pool).await?;
    counts.begun_incidents = incidents::count_begun(pool).await?;
    Ok(counts)
}

/// Each part is ordered as its index is, so that no plan reads the table instead.
pub const QUEUES: &str = "with recursive places as (
        (select location_id from outbound where state = 'accepted' order by location_id, priority desc, id limit 1)
        union all
        select next.location_id from places cross join lateral (
            select location_id from outbound where state = 'accepted' and location_id > places.location_id
            order by location_id, priority desc, id limit 1
        ) next
     ), heads as (
        (select location_id, conversation, accepted_at from inbound where state = 'accepted'
         order by location_id, conversation, sent_at, id limit 1)
        union all
        select next.location_id, next.conversation, next.accepted_at from heads cross join lateral (
            select location_id, conversation, accepted_at from inbound
            where state = 'accepted' and (location_id, conversation) > (heads.location_id, heads.conversation)
            order by location_id, conversation, sent_at, id limit 1
        ) next
     )
     select 'outbound' as queue, 'accepted' as state,
        (select count(*) from (select 1 from outbound where state = 'accepted'
            order by location_id, priority desc, id limit $1) w) as count,
        (select min(first.accepted_at) from places cross join (values (0::smallint), (1), (2)) priorities (priority)
         cross join lateral (select accepted_at from outbound o
            where o.state = 'accepted' and o.location_id = places.location_id and o.priority = priorities.priority
            order by o.id limit 1) first) as oldest
     union all
     select 'outbound', 'sending', count(*), min(accepted_at) from (
        select accepted_at from outbound where state = 'sending' order by due_at limit $1) w
     union all
     select 'outbound', 'unconfirmed', count(*), min(accepted_at) from (
        select accepted_at from outbound where state = 'unconfirmed' order by due_at limit $1) w
     union all
     select 'inbound', 'accepted',
        (select count(*) from (select 1 from inbound where state = 'accepted'
            order by location_id, conversation, sent_at, id limit $1) w),
        (select min(accepted_at) from (select accepted_at from heads limit $1) h)
     union all
     select 'inbound', 'held', count(*), min(accepted_at) from (
        select accepted_at from inbound where state = 'held' order by location_id, conversation limit $1) w
     union all
     select 'statuses', 'due', count(*), min(due_at) from (
        select due_at from status_updates order by due_at limit $1) w
     union all
     select 'gateway_events', 'accepted',
        (select count(*) from (select 1 from waapify_events where state = 'accepted'
            order by location_id, number, id limit $1) w),
        (select min(head.received_at) from numbers n cross join lateral (
            select e.received_at from waapify_events e
            where e.location_id = n.location_id and e.number = n.number and e.state = 'accepted'
            order by e.id limit 1) head)
     union all
     select 'files', 'wanted', count(*), min(due_at) from (
        select due_at from inbound_media where state = 'wanted' order by due_at limit $1) w
     union all
     select 'app_events', 'accepted', count(*), min(received_at) from (
        select received_at from ghl_events where state = 'accepted' order by id limit $1) w";

async fn list_queues(tx: &mut PgConnection) -> sqlx::Result<Vec<QueueRow>> {
    sqlx::query_as(QUEUES).bind(MAX_COUNT).fetch_all(tx).await
}

async fn list_install_statuses(tx: &mut PgConnection) -> sqlx::Result<Vec<(InstallStatus, i64)>> {
    sqlx::query!(
        r#"
        select install_status as "install_status!", count(*) as "count!"
        from install_statuses
        group by install_status
        order by install_status
        "#,
    )
    .map(|row| (row.install_status, row.count))
    .fetch_all(tx)
    .await
}

async fn list_holds(tx: &mut PgConnection) -> sqlx::Result<Vec<(Reason, i64)>> {
    sqlx::query_as(
        "select reason_of(hold_code, hold_args), count(*) from numbers
         where hold_code is not null and webhook_secret is not null
         group by hold_code, hold_args order by hold_code, hold_args",
    )
    .fetch_all(tx)
    .await
}

async fn count_numbers(tx: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from numbers where webhook_secret is not null")
        .fetch_one(tx)
        .await
}

async fn list_token_problems(
    tx: &mut PgConnection,
) -> sqlx::Result<Vec<(OwnerKind, TokenProblem, i64)>> {
    sqlx::query!(
        r#"
        select owner_kind, trouble as "problem!", count(*) as "count!"
        from tokens
        where trouble is not null
        group by owner_kind, trouble
        order by owner_kind, trouble
        "#,
    )
    .map(|row| (row.owner_kind, row.problem, row.count))
    .fetch_all(tx)
    .await
}
