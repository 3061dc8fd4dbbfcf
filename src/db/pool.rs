//! The connections to Postgres, and what its errors mean for the caller.

use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
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

/// How to connect to `url`. With `schema`, tables are created and found in that schema only.
///
/// # Errors
/// When `url` is not a Postgres URL.
pub fn connect_options(url: &str, schema: Option<&'static str>) -> sqlx::Result<PgConnectOptions> {
    let search_path = schema.map(|schema| ("search_path", schema));
    Ok(PgConnectOptions::from_str(url)?
        .application_name("waapify-ghl")
        .options(PLANNING)
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
    let pool = PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
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

/// Whether an error says that the connection is dead or dying. Its last statement may have been executed or not.
#[must_use]
pub fn is_disconnect(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        // 08: connection exceptions. 57P: the server is shutting down, has crashed, or is starting.
        sqlx::Error::Database(error) => error
            .code()
            .is_some_and(|code| code.starts_with("08") || code.starts_with("57P")),
        _ => false,
    }
}

/// Whether one row may have caused the error, so that other rows can still be stored: its data, a constraint, a size,
/// or a conflict with another process's row.
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

/// Fails when the database does not answer.
pub async fn ping(pool: &Pool) -> sqlx::Result<()> {
    sqlx::query!("select 1 as one")
        .fetch_one(pool)
        .await
        .map(|_| ())
}
