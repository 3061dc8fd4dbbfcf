//! The database of a lane: a real, durable PostgreSQL that is crashed, stalled, replaced by its standby and started again
//! behind one address.
//!
//! Owns its processes, and moves the times of waiting work. What the rows mean is checked in `checks`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use private_postgres::{self, Durability, PrivatePostgres};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, FromRow, PgPool};
use url::Url;
use waapify_ghl::db;
use waapify_ghl::db::connection::Pool;

use crate::proxy::Proxy;
use crate::{pass, standby};

/// For the suite's own queries, beside the twenty of each replica.
const CONNECTIONS: u32 = 3;
/// Unlike the service, the suite waits for a busy machine: many times what a statement needs on it.
const PATIENCE: Duration = Duration::from_mins(2);
/// Before a statement of the suite that failed is tried again.
const AGAIN: Duration = Duration::from_millis(100);
/// Open work: rows that a worker still has to claim.
const OPEN: &str = "
    select 'outbound ' || id as name, concat(state, attempt, parts_sent, due_at) as rest from outbound
        where state in ('accepted', 'sending', 'unconfirmed')
    union all select 'event ' || id, concat(attempt, due_at) from waapify_events where state = 'accepted'
    union all select 'inbound ' || id, concat(attempt, due_at) from inbound where state = 'accepted'
    union all select 'status ' || message_id, concat(status, attempt, due_at) from status_updates
    order by 1, 2";
/// Keeps workers from claiming in the meantime.
const LOCK: &str =
    "lock outbound, waapify_events, inbound, status_updates in share row exclusive mode";
/// Makes every wait of the service end earlier by `$1`, also leases and holds.
const JUMP: &str = "
    update outbound set due_at = due_at - $1 where state in ('accepted', 'sending', 'unconfirmed');
    update waapify_events set due_at = due_at - $1 where state = 'accepted';
    update inbound set due_at = due_at - $1 where state = 'accepted';
    update status_updates set due_at = due_at - $1;
    update circuits set probe_at = probe_at - $1;
    update numbers set next_send_at = next_send_at - $1, disconnect_at = disconnect_at - $1;
    update tokens set refresh_lease_until = refresh_lease_until - $1;
    update ghl_events set due_at = due_at - $1 where state = 'accepted';
    update locations set token_request_at = token_request_at - $1;
    update rate_limits set window_ends_at = window_ends_at - $1, paused_until = paused_until - $1,
        reserve_until = reserve_until - $1, probe_at = probe_at - $1";
/// Makes everything that waits older by `$1`: what an outage of hours does, beside ending waits.
const AGE: &str = "
    update outbound set accepted_at = accepted_at - $1, waits_since = waits_since - $1,
        failing_since = failing_since - $1 where state in ('accepted', 'sending', 'unconfirmed');
    update inbound set accepted_at = accepted_at - $1 where state = 'accepted';
    update circuits set since = since - $1;
    update rate_limits set down_since = down_since - $1";
/// More than any wait of the service, and more than the suite sets clocks back.
pub const A_DAY: &str = "interval '1 day'";
/// More than the 12 s after which a killed process's lease on a token refresh ends, and less than the leases of the
/// work above: a worker that waits for that token continues before its own lease ends.
pub const A_MOMENT: &str = "interval '15 seconds'";

/// A database whose address stays the same.
pub struct Store {
    /// Of the server, or of the one that crashed.
    folder: PathBuf,
    cluster: Option<PrivatePostgres>,
    /// Follows it, and takes over when it crashes or cannot be reached.
    standby: Option<PrivatePostgres>,
    /// Runs on, out of reach, since its standby took over.
    isolated: Option<PrivatePostgres>,
    proxy: Proxy,
    /// The address of the proxy; it never changes.
    pub url: String,
    /// The suite's own way to the server that serves now, which is never silent.
    pub pool: Pool,
}

impl Store {
    /// An empty database in `folder`, with the schema.
    pub async fn start(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        private_postgres::remove_data(folder).unwrap();
        let proxy = Proxy::start().await;
        let cluster = start(folder.to_owned()).await;
        let mut url = Url::parse(&cluster.url("postgres")).unwrap();
        url.set_port(Some(proxy.address.port())).unwrap();
        let mut store = Self {
            folder: cluster.folder().to_owned(),
            pool: own_pool(&cluster),
            cluster: None,
            standby: None,
            isolated: None,
            proxy,
            url: url.into(),
        };
        store.lead_to(cluster);
        db::migrate(&store.pool).await.unwrap();
        store
    }

    /// From now on this server serves. The suite keeps no connection to another one: that could still answer, with what
    /// was true before, and its commits may wait for a standby without end.
    fn lead_to(&mut self, cluster: PrivatePostgres) {
        cluster.folder().clone_into(&mut self.folder);
        self.pool = own_pool(&cluster);
        let target = ([127, 0, 0, 1], standby::port(&cluster));
        self.proxy.aim(vec![target.into()]);
        self.cluster = Some(cluster);
    }

    /// Gives it a standby.
    pub async fn follow(&mut self) {
        let cluster = self.cluster.as_ref().unwrap();
        self.standby = Some(standby::follow(cluster, &other(&self.folder)).await);
    }

    pub const fn has_standby(&self) -> bool {
        self.standby.is_some()
    }

    /// Its host is out of reach, for new connections as well. It runs on, and its standby takes over.
    pub async fn isolate(&mut self) {
        self.proxy.aim(Vec::new());
        self.proxy.forget_connections();
        self.isolated = self.cluster.take();
        self.recover().await;
    }

    /// Forgets the connections that are open, as a NAT or a load balancer does. New ones work.
    pub fn forget_connections(&self) {
        self.proxy.forget_connections();
    }

    /// Removes every row.
    pub async fn clear(&self) {
        self.execute(
            "do $$ begin execute (select 'truncate ' || string_agg(quote_ident(tablename), ', ')
                from pg_tables where schemaname = 'public' and tablename <> '_sqlx_migrations'); end $$",
        )
        .await;
    }

    /// Immediate shutdown: nothing is written, and the next start recovers from the write-ahead log.
    pub async fn crash(&mut self) {
        if let Some(cluster) = self.cluster.take() {
            let pid = fs::read_to_string(cluster.folder().join("data/postmaster.pid")).unwrap();
            let pid = pid.lines().next().and_then(|line| line.parse().ok());
            kill_process(Pid::from_raw(pid.unwrap()).unwrap(), Signal::QUIT).unwrap();
            let ended = tokio::task::spawn_blocking(move || cluster.stop()).await;
            ended.unwrap().unwrap();
        }
    }

    /// Starts it again if it was crashed, or lets its standby take over; and lets bytes flow.
    pub async fn recover(&mut self) {
        self.set_flowing(true);
        if self.cluster.is_none() {
            let next = match self.standby.take() {
                Some(standby) => {
                    standby::promote(&standby).await;
                    standby
                }
                None => start(self.folder.clone()).await,
            };
            self.lead_to(next);
        }
    }

    /// Ends the standby that was not needed, and the server that was out of reach.
    pub async fn end_others(&mut self) {
        if self.standby.is_some() {
            self.execute("alter system reset synchronous_standby_names")
                .await;
            self.execute("select pg_reload_conf()").await;
        }
        let others = (self.standby.take(), self.isolated.take());
        tokio::task::spawn_blocking(move || drop(others))
            .await
            .unwrap();
    }

    /// Sets whether it answers. If not, its connections stay open and silent.
    pub fn set_flowing(&self, flows: bool) {
        self.proxy.set_flowing(flows);
    }

    /// Stops it and removes its folder.
    pub async fn end(mut self) {
        self.pool.close().await;
        let (cluster, folder) = (self.cluster.take(), self.folder);
        let stopped = tokio::task::spawn_blocking(move || {
            cluster.map(PrivatePostgres::stop);
            let _ = fs::remove_dir_all(other(&folder));
            private_postgres::remove_data(&folder)
        });
        stopped.await.unwrap().unwrap();
    }

    /// The open work, one row each. If two answers are equal, no worker is active.
    pub async fn open_work(&self) -> Vec<(String, String)> {
        self.rows(OPEN).await
    }

    /// The rows of a question of the suite.
    pub async fn rows<T>(&self, sql: &'static str) -> Vec<T>
    where
        T: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        self.patiently(|pool| async move { sqlx::query_as(sql).fetch_all(&pool).await }.boxed())
            .await
    }

    /// Moves the time, unless work has begun since `seen`: what was just claimed keeps its lease.
    pub async fn let_pass_after(&self, time: &str, seen: &[(String, String)]) {
        let (time, seen) = (time.to_owned(), seen.to_vec());
        // A second try finds other due times if the first one has moved them.
        self.patiently(|pool| pass_unless_changed(pool, time.clone(), seen.clone()).boxed())
            .await;
    }

    /// Moves the time even if workers are active, as a clock does that jumps ahead. Perhaps twice, as clocks may.
    pub async fn let_pass_surely(&self, time: &str) {
        let time = time.to_owned();
        self.patiently(|pool| {
            let sql = jump(&time);
            async move { sqlx::raw_sql(sql).execute(&pool).await }.boxed()
        })
        .await;
    }

    /// As [`Store::let_pass_surely`], if the database answers.
    pub async fn let_pass(&self, time: &str) -> sqlx::Result<()> {
        let passed = sqlx::raw_sql(jump(time)).execute(&self.pool).await;
        passed.map(|_| ())
    }

    /// An outage has lasted this long: all that waits is older.
    pub async fn let_age(&self, time: &str) -> sqlx::Result<()> {
        let sql = AssertSqlSafe(AGE.replace("$1", time));
        sqlx::raw_sql(sql).execute(&self.pool).await?;
        self.let_pass(time).await
    }

    async fn execute(&self, sql: &'static str) {
        self.patiently(|pool| async move { sqlx::raw_sql(sql).execute(&pool).await }.boxed())
            .await;
    }

    /// Asks until there is an answer. The limits of the service's pool are not the suite's: a busy machine is no fault
    /// of the service, and what it did shows only in an answer.
    async fn patiently<T>(
        &self,
        ask: impl Fn(PgPool) -> BoxFuture<'static, sqlx::Result<T>> + Send,
    ) -> T {
        let mut failures = Vec::new();
        let tries = async {
            loop {
                match ask(self.pool.without_limits().clone()).await {
                    Ok(answer) => return answer,
                    Err(error) => failures.push(error),
                }
                pass(AGAIN).await;
            }
        };
        let answer = tokio::time::timeout(PATIENCE, tries).await;
        answer.unwrap_or_else(|_| panic!("the database does not answer the suite: {failures:?}"))
    }
}

fn own_pool(cluster: &PrivatePostgres) -> Pool {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE);
    let pool = pool.connect_lazy(&cluster.url("postgres")).unwrap();
    pool.into()
}

/// Moves the time, unless the open work is not what was `seen`.
async fn pass_unless_changed(
    pool: PgPool,
    time: String,
    seen: Vec<(String, String)>,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    sqlx::raw_sql(LOCK).execute(&mut *tx).await?;
    let open: Vec<(String, String)> = sqlx::query_as(OPEN).fetch_all(&mut *tx).await?;
    if open == seen {
        sqlx::raw_sql(jump(&time)).execute(&mut *tx).await?;
    }
    tx.commit().await
}

/// A server and its standby take turns with two folders.
fn other(folder: &Path) -> PathBuf {
    let is_first = folder.extension().is_none();
    folder.with_extension(if is_first { "other" } else { "" })
}

fn jump(time: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(JUMP.replace("$1", time))
}

/// Starts the server on its data.
async fn start(folder: PathBuf) -> PrivatePostgres {
    let started =
        tokio::task::spawn_blocking(move || PrivatePostgres::start(&folder, Durability::Durable));
    started.await.unwrap().unwrap()
}
