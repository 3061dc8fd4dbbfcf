//! The connections to Postgres, and what its errors mean for the caller.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, Row as _};
use tokio::time::timeout;

use crate::db::connection::Pool;

/// Connections of one process for workers and webhooks; the batcher of GHL's deliveries has one more. Postgres allows
/// 100 by default, so that several replicas fit.
const MAX_CONNECTIONS: u32 = 20;
/// A worker that gets no connection for this long treats the database as down. Webhook handlers give up sooner.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was used this recently counts as alive, because Postgres does not restart that quickly. A
/// statement that is sent while Postgres goes down may still meet a dead connection.
const TRUSTED_FOR: Duration = Duration::from_millis(100);
/// A connection that does not answer so long after a pause is taken to be dead, well before the pool's own limit.
const PING_LIMIT: Duration = Duration::from_secs(1);

/// Find every row by an index, even where Postgres does not know the sizes of the tables yet: queues grow from nothing
/// to a million rows before its statistics are updated, and an older plan would read all of them at each claim. Do not
/// compile plans that look expensive (`jit`) either: that takes longer than running them.
const PLANNING: [(&str, &str); 2] = [("enable_seqscan", "off"), ("jit", "off")];

/// What the server does when this end of a connection is gone: without these, a machine that died in a transaction would
/// hold its rows for hours. sqlx does not let us set the same on our end, where each statement has a limit instead
/// (`db::connection`).
const GONE: [(&str, &str); 6] = [
    ("client_connection_check_interval", "5s"),
    ("idle_in_transaction_session_timeout", "30s"),
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    // Milliseconds.
    ("tcp_user_timeout", "20000"),
];

/// How to connect to `url`. With `schema`, tables are created and found in that schema only.
///
/// # Errors
/// When `url` is not a Postgres URL.
pub fn connect_options(url: &str, schema: Option<&'static str>) -> sqlx::Result<PgConnectOptions> {
    let search_path = schema.map(|schema| ("search_path", schema));
    Ok(PgConnectOptions::from_str(url)?
        .application_name("waapify-ghl")
        .options(PLANNING)
        .options(GONE)
        .options(search_path))
}

/// Opens the pool; the first connection is made when it is first needed.
///
/// # Errors
/// When `url` is not a Postgres URL.
pub fn open_pool(url: &str) -> sqlx::Result<Pool> {
    Ok(open_pool_with(connect_options(url, None)?))
}

/// As [`open_pool`], for options of [`connect_options`].
#[must_use]
pub fn open_pool_with(options: PgConnectOptions) -> Pool {
    open_patient_pool(options, ACQUIRE_TIMEOUT)
}

/// As [`open_pool_with`], with another limit on the wait for a connection.
#[must_use]
pub fn open_patient_pool(options: PgConnectOptions, acquire_timeout: Duration) -> Pool {
    let pool = PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(acquire_timeout)
        // sqlx would ping before every use, which costs as much as a small statement.
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                // An error has the pool drop the connection and try the next.
                if used.idle_for > TRUSTED_FOR {
                    timeout(PING_LIMIT, connection.ping())
                        .await
                        .map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))??;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options);
    pool.into()
}

/// The address leads to a connection pooler, which hands the connections of one client to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a connection pooler such as PgBouncer is between this service and PostgreSQL: it drops the settings that a connection \
     needs, and may mix up prepared statements. Name the PostgreSQL server itself (its own host and port); this service keeps \
     a small pool of its own"
)]
pub struct PoolerBetween;

/// Whether the options of [`connect_options`] are in force: a connection pooler may drop them.
pub async fn keeps_options(connection: &mut PgConnection) -> sqlx::Result<bool> {
    // Not prepared, and so not checked when it is built: a pooler may have given this connection to others before, whose
    // prepared statements have the names of ours.
    let row = sqlx::raw_sql("show enable_seqscan")
        .fetch_one(connection)
        .await?;
    Ok(row.try_get::<String, _>(0)? == "off")
}

/// Whether the database answers and takes changes.
///
/// # Errors
/// When it does not answer.
pub async fn is_writable(pool: &Pool) -> sqlx::Result<bool> {
    let mut connection = pool.acquire().await?;
    let is_writable = sqlx::query_scalar!(
        r#"select not pg_is_in_recovery() and not current_setting('transaction_read_only')::bool as "is_writable!""#
    )
    .fetch_one(&mut connection)
    .await?;
    if !is_writable {
        // The next one may lead to a primary.
        connection.discard();
    }
    Ok(is_writable)
}
