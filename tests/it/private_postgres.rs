//! The private server: it keeps its data, belongs to one process, and leaves nothing behind.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use private_postgres::{Durability, PrivatePostgres, PrivatePostgresError, find_running};
use sqlx::{Connection as _, PgConnection};

use crate::harness::require_postgres;
use crate::killed_child::KilledChild;

/// Long, because all tests of this file may create their data at the same time.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

const KEEP: &str = "create table kept as select 42 as value";
const KEPT: &str = "select value::text from kept";

/// The folder of one test, created by [`PrivatePostgres::start`] or [`spawn`] and removed with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        require_postgres();
        let name = format!("waapify-ghl-test-{name}-{:016x}", rand::random::<u64>());
        Self(env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The server of a killed process may still be writing.
        let deadline = Instant::now() + PATIENCE;
        while fs::remove_dir_all(&self.0).is_err() && self.0.exists() && Instant::now() < deadline {
            thread::park_timeout(POLL_INTERVAL);
        }
    }
}

/// The real program.
struct Program(KilledChild);

impl Program {
    /// Kills it as `kill -9` does, so that it cannot clean up.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Waits for the throw-away server that it starts in `temporary`. Returns its folder and URL.
    fn wait_for_throw_away(&self, temporary: &Folder) -> (PathBuf, String) {
        let prefix = format!("waapify-ghl-throw-away-{}-", self.0.id());
        wait_for("its throw-away server", || {
            let mut entries = fs::read_dir(&temporary.0).unwrap().flatten();
            let entry = entries.find(|e| e.file_name().to_string_lossy().starts_with(&prefix))?;
            let url = find_running(&entry.path(), "postgres")?;
            Some((entry.path(), url))
        })
    }
}

/// Starts the real program in `folder`, which also holds its temporary files.
fn spawn(arguments: &[&str], folder: &Folder) -> Program {
    fs::create_dir_all(&folder.0).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_waapify-ghl"));
    command.args(arguments).current_dir(&folder.0);
    command.env_remove("DATABASE_URL").env_remove("BIND_ADDR");
    command.env("PORT", "0").env("TMPDIR", &folder.0);
    // Errors stay visible, because they say why a test waits for nothing.
    command.env("RUST_LOG", "error");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Program(KilledChild::spawn(&mut command))
}

fn start(folder: &Folder) -> PrivatePostgres {
    PrivatePostgres::start(&folder.0, Durability::ThrowAway).unwrap()
}

fn failure_to_start(folder: &Folder) -> PrivatePostgresError {
    match PrivatePostgres::start(&folder.0, Durability::ThrowAway) {
        Ok(_) => panic!("it started"),
        Err(error) => error,
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future)
}

fn execute(url: &str, sql: &'static str) {
    block_on(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

/// The one text that `sql` selects.
fn select(url: &str, sql: &'static str) -> sqlx::Result<String> {
    block_on(async {
        let mut connection = PgConnection::connect(url).await?;
        let text = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(text)
    })
}

/// Whether this server answers. Another server on the same port has another password.
fn answers(url: &str) -> bool {
    select(url, "select 'yes'").is_ok_and(|answer| answer == "yes")
}

fn wait_for<T>(what: &str, find: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::park_timeout(POLL_INTERVAL);
    }
}

/// A server ends with its killed process only with `setpriv`, so not on macOS; there the next start stops it.
fn wait_for_the_end(folder: &Path, url: &str) {
    if cfg!(target_os = "linux") {
        wait_for("the server's end", || (!answers(url)).then_some(()));
        wait_for("no server to be found", || {
            find_running(folder, "postgres").is_none().then_some(())
        });
    }
}

#[test]
fn a_restart_keeps_what_was_written() {
    let folder = Folder::new("restart");
    let cluster = PrivatePostgres::start(&folder.0, Durability::Durable).unwrap();
    execute(&cluster.url("postgres"), KEEP);
    cluster.stop().unwrap();

    let cluster = PrivatePostgres::start(&folder.0, Durability::Durable).unwrap();
    let url = cluster.url("postgres");
    assert_eq!(select(&url, KEPT).unwrap(), "42");
    assert_eq!(select(&url, "show fsync").unwrap(), "on");
    assert_eq!(select(&url, "show synchronous_commit").unwrap(), "on");
    cluster.stop().unwrap();
}

#[test]
fn a_second_start_on_the_same_folder_names_the_folder_and_the_process() {
    let folder = Folder::new("second");
    let cluster = start(&folder);
    let error = failure_to_start(&folder);
    assert!(
        matches!(error, PrivatePostgresError::AlreadyRunning { .. }),
        "{error}"
    );
    let message = error.to_string();
    let place = cluster.folder().display().to_string();
    assert!(message.contains(&place), "{message}");
    assert!(message.contains(&process::id().to_string()), "{message}");
    assert!(answers(&cluster.url("postgres")), "the first one suffered");
}

#[test]
fn a_killed_process_leaves_no_server_and_loses_no_commit() {
    let folder = Folder::new("killed");
    let mut sandbox = spawn(&["sandbox"], &folder);
    let private = folder.0.join(".waapify-ghl/sandbox");
    let url = wait_for("the server", || find_running(&private, "postgres"));
    execute(&url, KEEP);
    sandbox.kill();
    wait_for_the_end(&private, &url);

    let cluster = PrivatePostgres::start(&private, Durability::Durable).unwrap();
    assert_eq!(select(&cluster.url("postgres"), KEPT).unwrap(), "42");
}

#[test]
fn only_a_running_server_is_found() {
    let folder = Folder::new("found");
    assert_eq!(find_running(&folder.0, "postgres"), None);
    let cluster = start(&folder);
    assert_eq!(find_running(&folder.0, "other"), Some(cluster.url("other")));
    cluster.stop().unwrap();
    assert_eq!(find_running(&folder.0, "postgres"), None);
}

#[test]
fn a_left_pid_file_neither_blocks_a_start_nor_is_taken_for_a_server() {
    let (folder, other_folder) = (Folder::new("stale"), Folder::new("other"));
    let (cluster, other) = (start(&folder), start(&other_folder));
    let pid_file = |cluster: &PrivatePostgres| cluster.folder().join("data/postmaster.pid");
    let path = pid_file(&cluster);
    let text = fs::read_to_string(&path).unwrap();
    cluster.stop().unwrap();
    // Another server has this process id now. It must run as the same user: PostgreSQL itself handles other cases.
    let (_, rest) = text.split_once('\n').unwrap();
    let other_text = fs::read_to_string(pid_file(&other)).unwrap();
    let (other_pid, _) = other_text.split_once('\n').unwrap();
    fs::write(&path, format!("{other_pid}\n{rest}")).unwrap();
    assert_eq!(find_running(&folder.0, "postgres"), None);
    assert!(answers(&start(&folder).url("postgres")));
    assert!(answers(&other.url("postgres")), "the other one suffered");
}

#[test]
fn a_creation_that_was_cut_short_is_begun_again() {
    let folder = Folder::new("half");
    fs::create_dir_all(folder.0.join("data.new/base")).unwrap();
    fs::write(folder.0.join("data.new/PG_VERSION"), "1").unwrap();
    fs::write(folder.0.join("password"), "").unwrap();
    assert!(answers(&start(&folder).url("postgres")));
    assert!(!folder.0.join("data.new").exists());
}

#[test]
fn a_wrong_password_is_refused() {
    let folder = Folder::new("password");
    let cluster = start(&folder);
    let url = cluster.url("postgres");
    assert!(answers(&url));
    let (_, address) = url.split_once('@').unwrap();
    let guess = format!("postgres://waapify:guess@{address}");
    let error = select(&guess, "select 'in'").unwrap_err();
    let refused = error.as_database_error().unwrap();
    assert_eq!(refused.code().as_deref(), Some("28P01"), "{error}");
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let folder = Folder::new("broken");
    let cluster = start(&folder);
    let settings = cluster.folder().join("data/postgresql.conf");
    cluster.stop().unwrap();
    fs::write(settings, "no_such_setting = 1\n").unwrap();
    let error = failure_to_start(&folder);
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[test]
fn a_throw_away_server_takes_its_folder_with_it() {
    require_postgres();
    let cluster = PrivatePostgres::throw_away().unwrap();
    let (folder, url) = (cluster.folder().to_owned(), cluster.url("postgres"));
    assert_eq!(select(&url, "show fsync").unwrap(), "off");
    cluster.stop().unwrap();
    assert!(!folder.exists());
    assert!(!answers(&url));
}

#[test]
fn four_killed_scripts_leave_no_server_and_the_next_one_clears_up_after_them() {
    let temporary = Folder::new("scripts");
    let script = || spawn(&["sandbox", "--script"], &temporary);
    let mut scripts = [script(), script(), script(), script()];
    let servers = scripts
        .each_ref()
        .map(|script| script.wait_for_throw_away(&temporary));
    scripts.iter_mut().for_each(Program::kill);
    for (folder, url) in &servers {
        wait_for_the_end(folder, url);
        assert!(folder.exists(), "nobody was left to remove it");
    }
    let next = script();
    let (own, _) = next.wait_for_throw_away(&temporary);
    assert!(own.exists());
    wait_for("their folders' end", || {
        let is_left = servers.iter().any(|(folder, _)| folder.exists());
        (!is_left).then_some(())
    });
}

#[test]
fn without_binaries_the_message_names_the_commands() {
    let message = PrivatePostgresError::NoBinaries.to_string();
    for command in [
        "apt-get install",
        "dnf install",
        "brew install",
        "docker run",
        "DATABASE_URL",
        "--database-url",
        "postgres://",
    ] {
        assert!(message.contains(command), "{message}");
    }
}
