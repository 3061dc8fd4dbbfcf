//! The connections to Postgres, none of which is waited for without limit.
//!
//! Owns: the pool, its connections and transactions, as the executors of every statement. When a host dies, or a NAT or a
//! load balancer forgets a connection, nobody says so, and a statement would wait for ever. So each has a limit here.
//! After it, or when its server turns out to be dying or a standby, the connection is dropped and the next statement gets
//! a new one.

use std::io;
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{Either, Execute, Executor, PgConnection, PgPool, Postgres, SqlStr};
use tokio::time::timeout;

use crate::db::pool::is_disconnect;

/// Longest time of one statement, with the transfer of its rows. The longest of the service take a second over a million
/// waiting messages; after a failover, work must go on within half a minute.
pub const STATEMENT_LIMIT: Duration = Duration::from_secs(10);
/// Longest time in which a connection that is given back must have read an interrupted statement to its end and rolled
/// back a transaction. One that takes longer is dropped.
const RELEASE_LIMIT: Duration = Duration::from_secs(5);

type Answer<'a, T> = Pin<Box<dyn Future<Output = sqlx::Result<T>> + Send + 'a>>;
type Step = Either<PgQueryResult, PgRow>;
type Steps<'a> = Pin<Box<dyn Stream<Item = sqlx::Result<Step>> + Send + 'a>>;

/// The pool. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Pool(PgPool);

/// One connection of the pool; none after it was dropped.
#[derive(Debug)]
pub struct Connection(Option<PoolConnection<Postgres>>);

/// A transaction, rolled back if it is dropped before [`Transaction::commit`].
#[derive(Debug)]
pub struct Transaction {
    connection: Connection,
    is_open: bool,
}

impl From<PgPool> for Pool {
    fn from(pool: PgPool) -> Self {
        Self(pool)
    }
}

impl Pool {
    /// Waits for a connection, for as long as the pool allows.
    ///
    /// # Errors
    /// When there is none in time.
    pub async fn acquire(&self) -> sqlx::Result<Connection> {
        self.0.acquire().await.map(|open| Connection(Some(open)))
    }

    /// Begins a transaction on a connection of its own.
    ///
    /// # Errors
    /// As [`Pool::acquire`].
    pub async fn begin(&self) -> sqlx::Result<Transaction> {
        let mut transaction = Transaction {
            connection: self.acquire().await?,
            // Already: nobody knows whether a `begin` that is cut off took place.
            is_open: true,
        };
        transaction.execute("begin").await?;
        Ok(transaction)
    }

    /// How its connections are made.
    #[must_use]
    pub fn connect_options(&self) -> Arc<PgConnectOptions> {
        self.0.connect_options()
    }

    /// Connections that are open.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.0.size()
    }

    /// Those of them that nobody uses.
    #[must_use]
    pub fn num_idle(&self) -> usize {
        self.0.num_idle()
    }

    /// The pool itself, for migrations, which may take as long as they need.
    #[must_use]
    pub const fn without_limits(&self) -> &PgPool {
        &self.0
    }

    /// Closes all connections, once they are given back.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

impl Connection {
    fn open(&mut self) -> sqlx::Result<&mut PgConnection> {
        match &mut self.0 {
            Some(open) => Ok(open),
            None => Err(io::Error::from(io::ErrorKind::NotConnected).into()),
        }
    }

    /// Drops the connection when the error says that it is of no more use.
    fn checked<T>(&mut self, result: sqlx::Result<T>) -> sqlx::Result<T> {
        if result.as_ref().is_err_and(is_disconnect) {
            self.discard();
        }
        result
    }

    /// Closes the connection at once, so that the pool makes a new one.
    pub(in crate::db) fn discard(&mut self) {
        if let Some(open) = self.0.take() {
            // Without a farewell, which could hang.
            drop(open.detach());
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(mut open) = self.0.take() {
            // As the pool does by itself, but for the limit.
            tokio::spawn(timeout(RELEASE_LIMIT, open.return_to_pool()));
        }
    }
}

impl Transaction {
    /// Makes what was done last.
    ///
    /// # Errors
    /// When it is not known whether it lasts.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        self.execute("commit").await?;
        self.is_open = false;
        Ok(())
    }

    /// Undoes what was done.
    ///
    /// # Errors
    /// When the server does not say that it did; it does so when the connection ends.
    pub async fn rollback(mut self) -> sqlx::Result<()> {
        self.execute("rollback").await?;
        self.is_open = false;
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if self.is_open
            && let Some(mut open) = self.connection.0.take()
        {
            tokio::spawn(async move {
                match timeout(RELEASE_LIMIT, open.execute("rollback")).await {
                    Ok(Ok(_)) => drop(timeout(RELEASE_LIMIT, open.return_to_pool()).await),
                    // Dropped by itself it would be given back, and wait without limit.
                    _ => drop(open.detach()),
                }
            });
        }
    }
}

impl Deref for Transaction {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

async fn limit<T>(answer: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    let in_time = timeout(STATEMENT_LIMIT, answer).await;
    in_time.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()))
}

fn steps<'a>(answer: impl Future<Output = sqlx::Result<Vec<Step>>> + Send + 'a) -> Steps<'a> {
    let steps = stream::once(answer).map_ok(|steps| stream::iter(steps.into_iter().map(Ok)));
    steps.try_flatten().boxed()
}

impl<'c> Executor<'c> for &'c mut Connection {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Steps<'e>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        steps(async move {
            let rows = limit(self.open()?.fetch_many(query).try_collect()).await;
            self.checked(rows)
        })
    }

    fn execute<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, PgQueryResult>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let done = limit(self.open()?.execute(query)).await;
            self.checked(done)
        })
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Vec<PgRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let rows = limit(self.open()?.fetch_all(query)).await;
            self.checked(rows)
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Option<PgRow>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let row = limit(self.open()?.fetch_optional(query)).await;
            self.checked(row)
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> Answer<'e, PgStatement>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let prepared = limit(self.open()?.prepare_with(sql, parameters)).await;
            self.checked(prepared)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> Answer<'e, sqlx::Describe<Postgres>>
    where
        'c: 'e,
    {
        Box::pin(async move {
            let described = limit(self.open()?.describe(sql)).await;
            self.checked(described)
        })
    }
}

impl<'p> Executor<'p> for &'p Pool {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> Steps<'e>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        steps(async move {
            let mut connection = self.acquire().await?;
            connection.fetch_many(query).try_collect().await
        })
    }

    fn execute<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, PgQueryResult>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move { self.acquire().await?.execute(query).await })
    }

    fn fetch_all<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Vec<PgRow>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move { self.acquire().await?.fetch_all(query).await })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> Answer<'e, Option<PgRow>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move { self.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> Answer<'e, PgStatement>
    where
        'p: 'e,
    {
        Box::pin(async move { self.acquire().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e>(self, sql: SqlStr) -> Answer<'e, sqlx::Describe<Postgres>>
    where
        'p: 'e,
    {
        Box::pin(async move { self.acquire().await?.describe(sql).await })
    }
}
