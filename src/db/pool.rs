//! The connections to Postgres, and what its errors mean for whoever gets them.

use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio::time::timeout;

use crate::db::connection::Pool;

/// Connections of one process, beside the one that takes deliveries in: enough for the workers beside the webhooks. Postgres
/// allows 100 by default, so that several replicas fit.
const MAX_CONNECTIONS: u32 = 20;
/// A worker waits this long for a connection before it takes the database for down; whoever answers a hook gives up
/// sooner by itself.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was used so lately is taken to be alive: no restart of Postgres is as quick. What is asked while
/// it goes down may still meet a dead one.
const TRUSTED_FOR: Duration = Duration::from_millis(100);
/// A connection that does not answer so long after a pause is taken to be dead, well before the pool's own limit.
const PING_LIMIT: Duration = Duration::from_secs(1);

/// Every row is found by an index, also where Postgres knows nothing yet of the sizes: queues grow from nothing to a
/// million faster than it counts, and a plan made before would read all of them at each claim. Plans that look dear to
/// it must not be compiled either, which takes longer than they do.
const PLANNING: [(&str, &str); 2] = [("enable_seqscan", "off"), ("jit", "off")];

/// How to connect to `url`. With `schema`, tables are made and found in that schema alone.
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
        // sqlx would ask before every use, which costs as much as a small statement.
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

/// Whether the database answers; an error when it does not.
pub async fn ping(pool: &Pool) -> sqlx::Result<()> {
    sqlx::query!("select 1 as one")
        .fetch_one(pool)
        .await
        .map(|_| ())
}
