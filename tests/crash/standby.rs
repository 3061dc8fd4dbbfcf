//! A standby of the database: a copy that follows it and takes over.
//!
//! Owns how the copy is made and promoted. When that happens is decided in `faults`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use private_postgres::{Durability, PrivatePostgres};
use sqlx::{Connection as _, PgConnection};
use url::Url;

use crate::pass;

/// Longest wait for the standby to follow, or to take over: many times the usual duration.
const PATIENCE: Duration = Duration::from_secs(30);
/// A commit waits until the standby has it, so that whoever takes over has everything that was answered.
const SYNCHRONOUS: [&str; 2] = [
    "alter system set synchronous_standby_names = '*'",
    "select pg_reload_conf()",
];
/// A commit waits for a standby: the setting is in force. Each process of the server reads it for itself, the one that
/// lets commits wait often later than the one that shows the standby as synchronous.
const WAITS: &str = "select exists (select from pg_stat_activity where wait_event = 'SyncRep')";
/// Changes nothing, and must be replicated.
const SMALL_CHANGE: &str = "select pg_logical_emit_message(true, 'crash', 'suite')";
const FOLLOWS: &str = "select exists (select from pg_stat_replication where sync_state = 'sync')";
const IN_RECOVERY: &str = "select pg_is_in_recovery()";

/// Makes a copy of a running server below `folder`, and starts it. Returns when it follows.
pub async fn follow(primary: &PrivatePostgres, folder: &Path) -> PrivatePostgres {
    let address = primary.url("postgres");
    let mut connection = PgConnection::connect(&address).await.unwrap();
    let programs: String =
        sqlx::query_scalar("select setting from pg_config() where name = 'BINDIR'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    let (source, target) = (primary.folder().to_owned(), folder.to_owned());
    let from = address.clone();
    in_thread(move || copy(Path::new(&programs), &source, &from, &target)).await;
    make_synchronous(&mut connection, &address).await;
    let target = folder.to_owned();
    let standby = in_thread(move || PrivatePostgres::start(&target, Durability::Durable)).await;
    until(&mut connection, FOLLOWS, true).await;
    standby.unwrap()
}

async fn in_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Returns when every commit waits for a standby, of which there is none yet: the copy has been made, without this
/// setting.
async fn make_synchronous(connection: &mut PgConnection, address: &str) {
    let mut other = PgConnection::connect(address).await.unwrap();
    for sql in SYNCHRONOUS {
        sqlx::query(sql).execute(&mut *connection).await.unwrap();
    }
    let changes = tokio::spawn(async move {
        while sqlx::query(SMALL_CHANGE).execute(&mut other).await.is_ok() {
            pass(Duration::from_millis(5)).await;
        }
    });
    until(connection, WAITS, true).await;
    changes.abort();
}

/// Lets the standby take over. Returns when it takes writes.
pub async fn promote(standby: &PrivatePostgres) {
    let mut connection = PgConnection::connect(&standby.url("postgres"))
        .await
        .unwrap();
    let promote = sqlx::query("select pg_promote(wait => false)");
    promote.execute(&mut connection).await.unwrap();
    until(&mut connection, IN_RECOVERY, false).await;
}

/// Copies the data with `pg_basebackup`, which also writes how to follow.
fn copy(programs: &Path, source: &Path, address: &str, target: &Path) {
    let data = target.join("data");
    let _ = fs::remove_dir_all(target);
    fs::create_dir_all(target).unwrap();
    // The server's user passes through it, as through the first one's folder.
    let permissions = fs::metadata(source).unwrap().permissions();
    fs::set_permissions(target, permissions).unwrap();
    let mut backup = Command::new(programs.join("pg_basebackup"));
    backup.args(["--write-recovery-conf", "--checkpoint=fast", "--dbname"]);
    backup.arg(address).arg("--pgdata").arg(&data);
    run(backup);
    fs::copy(source.join("password"), target.join("password")).unwrap();
    if rustix::process::geteuid().is_root() {
        let mut chown = Command::new("chown");
        chown.arg("--recursive").arg("--reference");
        chown.arg(source.join("data")).arg(&data);
        run(chown);
    }
}

fn run(mut command: Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
}

async fn until(connection: &mut PgConnection, question: &'static str, answer: bool) {
    let begin = Instant::now();
    while sqlx::query_scalar::<_, bool>(question)
        .fetch_one(&mut *connection)
        .await
        .unwrap()
        != answer
    {
        assert!(begin.elapsed() < PATIENCE, "did not come true: {question}");
        pass(Duration::from_millis(20)).await;
    }
}

/// The port of a server, for a proxy in front of it.
pub fn port(cluster: &PrivatePostgres) -> u16 {
    let address = Url::parse(&cluster.url("postgres")).unwrap();
    address.port().unwrap()
}
