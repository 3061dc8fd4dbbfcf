//! The database of a lane: a real, durable PostgreSQL that is crashed, stalled and started again behind one address.
//!
//! Owns its process, and moves the times of waiting work. What the rows mean is checked in `checks`.

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
    update numbers set next_send_at = next_send_at - $1, disconnect_at = disconnect_at - $1;
    update tokens set refresh_lease_until = refresh_lease_until - $1;
    update ghl_events set due_at = due_at - $1 where state = 'accepted';
    update locations set token_request_at = token_request_at - $1;
    update rate_limits set window_ends_at = window_ends_at - $1, paused_until = paused_until - $1,
        reserve_until = reserve_until - $1";
/// More than any wait of the service, and more than the suite sets clocks back.
pub const A_DAY: &str = "interval '1 day'";
/// More than the 12 s after which a killed process's lease on a token refresh ends, and less than the leases of the
/// work above: a worker that waits for that token continues before its own lease ends.
pub const A_MOMENT: &str = "interval '15 seconds'";

/// A database whose address stays the same.
pub struct Store {
    folder: PathBuf,
    cluster: Option<PrivatePostgres>,
    proxy: Proxy,
    /// The address of the proxy; it never changes.
    pub url: String,
    pub pool: Pool,
}

impl Store {
    /// An empty database in `folder`, with the schema.
    pub async fn start(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        private_postgres::remove_data(folder).unwrap();
        let proxy = Proxy::start().await;
        let cluster = start(folder.to_owned(), &proxy).await;
        let mut url = Url::parse(&cluster.url("postgres")).unwrap();
        url.set_port(Some(proxy.address.port())).unwrap();
        let pool: Pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_lazy(url.as_str())
            .unwrap()
            .into();
        db::migrate(&pool).await.unwrap();
        Self {
            folder: folder.to_owned(),
            cluster: Some(cluster),
            proxy,
            url: url.into(),
            pool,
        }
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

    /// Starts it again if it was crashed, and lets bytes flow.
    pub async fn recover(&mut self) {
        self.set_flowing(true);
        if self.cluster.is_none() {
            self.cluster = Some(start(self.folder.clone(), &self.proxy).await);
        }
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

    /// The number of events that the service could not read.
    pub async fn unread(&self) -> i64 {
        let sql = "select count(*) from waapify_events where state = 'failed'";
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    async fn execute(&self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(&self.pool).await.unwrap();
    }
}

fn jump(time: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(JUMP.replace("$1", time))
}

/// Starts the server on its data and points the proxy at it.
async fn start(folder: PathBuf, proxy: &Proxy) -> PrivatePostgres {
    let started =
        tokio::task::spawn_blocking(move || PrivatePostgres::start(&folder, Durability::Durable));
    let cluster = started.await.unwrap().unwrap();
    let port = Url::parse(&cluster.url("postgres"))
        .unwrap()
        .port()
        .unwrap();
    proxy.aim(vec![([127, 0, 0, 1], port).into()]);
    cluster
}
