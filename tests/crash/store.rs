//! The database of a lane: a real, durable PostgreSQL that is crashed, stalled, replaced by its standby and started again
//! behind one address.
//!
//! Owns its processes, and moves the times of waiting work. What the rows mean is checked in `checks`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use private_postgres::{self, Durability, PrivatePostgres};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPoolOptions;
use url::Url;
use waapify_ghl::db;
use waapify_ghl::db::connection::Pool;

use crate::proxy::Proxy;
use crate::standby;

/// For the suite's own queries, beside the twenty of each replica.
const CONNECTIONS: u32 = 3;
/// Unlike the service, the suite waits for a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
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
    /// The suite's own way to it, which is never silent.
    own_way: Proxy,
    /// The address of the proxy; it never changes.
    pub url: String,
    pub pool: Pool,
}

impl Store {
    /// An empty database in `folder`, with the schema.
    pub async fn start(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        private_postgres::remove_data(folder).unwrap();
        let (proxy, own_way) = (Proxy::start().await, Proxy::start().await);
        let cluster = start(folder.to_owned()).await;
        let [url, own_url] = [&proxy, &own_way].map(|way| {
            let mut url = Url::parse(&cluster.url("postgres")).unwrap();
            url.set_port(Some(way.address.port())).unwrap();
            url
        });
        let pool: Pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_lazy(own_url.as_str())
            .unwrap()
            .into();
        let store = Self {
            folder: cluster.folder().to_owned(),
            cluster: Some(cluster),
            standby: None,
            isolated: None,
            proxy,
            own_way,
            url: url.into(),
            pool,
        };
        store.aim();
        db::migrate(&store.pool).await.unwrap();
        store
    }

    /// Points both ways at the server.
    fn aim(&self) {
        let targets = self.cluster.iter().map(|cluster| {
            let port = standby::port(cluster);
            ([127, 0, 0, 1], port).into()
        });
        let targets: Vec<_> = targets.collect();
        self.proxy.aim(targets.clone());
        self.own_way.aim(targets);
    }

    /// Gives it a standby.
    pub async fn follow(&mut self) {
        let cluster = self.cluster.as_ref().unwrap();
        self.standby = Some(standby::follow(cluster, &other(&self.folder)).await);
    }

    pub const fn has_standby(&self) -> bool {
        self.standby.is_some()
    }

    /// Its host is out of reach: nothing that was connected to it gets an answer. It runs on, and its standby takes over.
    pub async fn isolate(&mut self) {
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
            next.folder().clone_into(&mut self.folder);
            self.cluster = Some(next);
            self.aim();
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
        sqlx::query_as(OPEN).fetch_all(&self.pool).await.unwrap()
    }

    /// Moves the time, unless work has begun since `seen`: what was just claimed keeps its lease.
    pub async fn let_pass_after(&self, time: &str, seen: &[(String, String)]) {
        let mut tx = self.pool.begin().await.unwrap();
        sqlx::raw_sql(LOCK).execute(&mut *tx).await.unwrap();
        let open: Vec<(String, String)> = sqlx::query_as(OPEN).fetch_all(&mut *tx).await.unwrap();
        if open == seen {
            sqlx::raw_sql(jump(time)).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// Moves the time even if workers are active, as a clock does that jumps ahead.
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

    /// The number of events that the service could not read.
    pub async fn unread(&self) -> i64 {
        let sql = "select count(*) from waapify_events where state = 'failed'";
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    async fn execute(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.pool).await.unwrap();
    }
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
