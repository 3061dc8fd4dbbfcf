//! All SQL of the service: free functions, verb first, one file a subject.
//!
//! Owns: the connection pool, migrations, and what a row means. Refuses: calling anyone; no vendor is reached from
//! here, and no transaction is held open while one is.
//!
//! Moments (`now`) are passed in, so that tests can drive them. `claim_` takes work under a lease, `finish_` or
//! `record_` ends it and changes nothing for a stale owner. Claims change the rows that they found by the place where
//! those lie (`ctid`), which leaves the planner no choice: joined by key, it may read all that waits instead. Such rows
//! are locked, or what was found of them (`claims`, `state`) is compared again: Postgres goes on with the newest version of
//! a row that somebody changed meanwhile, wherever that lies.

pub mod accounts;
pub mod contacts;
pub mod history;
pub mod inbound;
pub mod numbers;
pub mod outbound;
pub mod replays;
pub mod views;
pub mod webhooks;

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgPool};

/// Connections of one process, beside the one that takes deliveries in: enough for the workers beside the hooks; Postgres allows 100 by default, so that
/// several replicas fit.
const MAX_CONNECTIONS: u32 = 20;
/// A worker waits this long for a connection before it takes the database for down; whoever answers a hook gives up
/// sooner by itself.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was used so lately is taken to be alive: no restart of Postgres is as quick. What is asked while
/// it goes down may still meet a dead one.
const TRUSTED_FOR: Duration = Duration::from_millis(100);

/// Every row is found by an index, also where Postgres knows nothing yet of the sizes: queues grow from nothing to a
/// million faster than it counts, and a plan made before would read all of them at each claim. Plans that look dear to
/// it must not be compiled either, which takes longer than they do.
const PLANNING: [(&str, &str); 2] = [("enable_seqscan", "off"), ("jit", "off")];

/// Opens the pool; the first connection is made when it is first needed.
///
/// # Errors
/// When `url` is not a Postgres URL.
pub fn open_pool(url: &str) -> sqlx::Result<PgPool> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("waapify-ghl")
        .options(PLANNING);
    Ok(PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // sqlx would ask before every use, which costs as much as a small statement.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options))
}

/// Whether an error says that the connection is dead or dying. What was asked over it may have been done or not.
#[must_use]
pub fn is_disconnect(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        // Connection exceptions; the server is shut down, crashed, or starts.
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P")),
        _ => false,
    }
}

/// Whether an error may be the fault of one row, so that others can still be stored: its data, a constraint, a size, or
/// a conflict with another process's row.
#[must_use]
pub fn is_row_error(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Encode(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            ["22", "23", "40", "54"]
                .iter()
                .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

/// Brings the schema up to date; several processes may do so at once (sqlx takes a lock).
///
/// # Errors
/// When the database cannot be reached or holds a schema that this program does not know.
pub async fn migrate(pool: &PgPool) -> Result<(), sqlx::migrate::MigrateError> {
    MIGRATIONS.run(pool).await
}

/// What this program makes of a database.
static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// How a database's schema differs from this program's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaGap {
    /// Migrations that were not applied, or not to their end.
    pub missing: usize,
    /// Migrations that this program does not know, or knows otherwise: it is older than the database.
    pub foreign: usize,
}

/// Compares a database's schema with this program's.
///
/// # Errors
/// When the database fails.
pub async fn find_schema_gap(pool: &PgPool) -> sqlx::Result<SchemaGap> {
    let is_new: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is null")
        .fetch_one(pool)
        .await?;
    let applied: Vec<(i64, bool, Vec<u8>)> = if is_new {
        Vec::new()
    } else {
        sqlx::query_as("select version, success, checksum from _sqlx_migrations")
            .fetch_all(pool)
            .await?
    };
    let find = |version| applied.iter().find(|(applied, ..)| *applied == version);
    let ours = |version| MIGRATIONS.iter().find(|ours| ours.version == version);
    Ok(SchemaGap {
        missing: MIGRATIONS
            .iter()
            .filter(|ours| find(ours.version).is_none_or(|(_, success, _)| !success))
            .count(),
        foreign: applied
            .iter()
            .filter(|(version, _, checksum)| {
                ours(*version).is_none_or(|ours| ours.checksum[..] != checksum[..])
            })
            .count(),
    })
}

/// Whether the database answers.
///
/// # Errors
/// When it does not.
pub async fn ping(pool: &PgPool) -> sqlx::Result<()> {
    sqlx::query("select 1").execute(pool).await.map(|_| ())
}
