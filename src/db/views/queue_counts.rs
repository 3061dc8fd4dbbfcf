//! The lengths of the queues and the age of their oldest rows, for `/metrics` and the operator's overview.
//!
//! The counts cost the same with a thousand rows and with a million: each reads an index from its beginning and stops
//! at [`MAX_COUNT`]; the oldest row of a queue is found location by location. There are no exact totals, which would
//! read every row.

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::db::history::incidents;
use crate::db::outbound::circuits;
use crate::db::outbound::circuits::OpenCounts;
use crate::model::reason::Reason;
use crate::model::states::{
    IncidentKind, InstallStatus, OwnerKind, Queue, QueueState, TokenProblem,
};

/// Counting stops here, because this takes only milliseconds and nobody needs the exact length of a longer queue.
pub const MAX_COUNT: i64 = 10_000;
/// Keeps the counts from adding load to a database that is slower than this.
const STATEMENT_TIMEOUT: &str = "set local statement_timeout = '3s'";
/// Counting changes nothing. This and the timeout are unchecked text: they have no table, row or parameter to check.
const READ_ONLY: &str = "set transaction read only";

/// Messages, events or files in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueRow {
    /// Which queue.
    pub queue: Queue,
    /// Their state in the queue.
    pub state: QueueState,
    /// How many, [`MAX_COUNT`] at most.
    pub count: i64,
    /// Since when the oldest waits: when it was accepted; for statuses and files, when it was due.
    pub oldest: Option<OffsetDateTime>,
}

/// All counts.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// The queues.
    pub queues: Vec<QueueRow>,
    /// Locations by install status.
    pub install_statuses: Vec<(InstallStatus, i64)>,
    /// Connected numbers on hold, by the reason.
    pub holds: Vec<(Reason, i64)>,
    /// Numbers, and gateways, into which nothing is sent because they fail for every message.
    pub circuits: OpenCounts,
    /// Numbers that are connected.
    pub numbers: i64,
    /// Tokens that could not be renewed, by kind of owner and problem.
    pub tokens: Vec<(OwnerKind, TokenProblem, i64)>,
    /// Incidents that have not ended, by kind.
    pub open_incidents: Vec<(IncidentKind, i64)>,
    /// Incidents that have ever begun, by kind.
    pub begun_incidents: Vec<(IncidentKind, i64)>,
}

/// Counts everything: the incidents one by one, the rest in one read-only transaction with at most three seconds for
/// each statement.
pub async fn read_counts(pool: &Pool) -> sqlx::Result<Counts> {
    let mut tx = pool.begin().await?;
    sqlx::query(READ_ONLY).execute(&mut *tx).await?;
    sqlx::query(STATEMENT_TIMEOUT).execute(&mut *tx).await?;
    let mut counts = Counts {
        queues: list_queues(&mut tx).await?,
        install_statuses: list_install_statuses(&mut tx).await?,
        holds: list_holds(&mut tx).await?,
        circuits: circuits::count_open(&mut tx).await?,
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

/// The statement has a file of its own, so that a test can ask Postgres how it is executed.
async fn list_queues(tx: &mut Connection) -> sqlx::Result<Vec<QueueRow>> {
    sqlx::query_file_as!(QueueRow, "src/db/views/queue_counts.sql", MAX_COUNT)
        .fetch_all(tx)
        .await
}

async fn list_install_statuses(tx: &mut Connection) -> sqlx::Result<Vec<(InstallStatus, i64)>> {
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

async fn list_holds(tx: &mut Connection) -> sqlx::Result<Vec<(Reason, i64)>> {
    sqlx::query!(
        r#"
        select reason_of(hold_code, hold_args) as "reason!: Reason", count(*) as "count!"
        from numbers
        where hold_code is not null and webhook_secret is not null
        group by hold_code, hold_args
        order by hold_code, hold_args
        "#,
    )
    .map(|row| (row.reason, row.count))
    .fetch_all(tx)
    .await
}

async fn count_numbers(tx: &mut Connection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from numbers where webhook_secret is not null"#
    )
    .fetch_one(tx)
    .await
}

async fn list_token_problems(
    tx: &mut Connection,
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
