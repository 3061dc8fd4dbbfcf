//! The private server: it keeps what it was given, belongs to one process, and leaves nothing behind.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use waapify_ghl::cluster::{Cluster, ClusterError, Durability, find_running};

/// Tells the child of [`hold`] which folder to start on; `throw-away` stands for a temporary one.
const HELD_FOLDER: &str = "WAAPIFY_TEST_HELD_FOLDER";
/// Generous: every test of this file may create its data at the same time.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that is removed when the test ends. A server on it must be stopped first.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        Self(env::temp_dir().join(format!("waapify-ghl-test-{}-{name}", process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A process of ours that runs a server until it is killed. It is reaped even when a test fails.
struct Holder(Child);

impl Holder {
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(folder: &Folder) -> Cluster {
    Cluster::start(&folder.0, Durability::ThrowAway).unwrap()
}

/// Starts this test binary once more, to run only [`hold`].
fn spawn_holder(folder: &str) -> Holder {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--ignored", "only_for_other_tests_hold_a_server"])
        .env(HELD_FOLDER, folder);
    Holder(
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    )
}

#[test]
#[ignore = "it runs in processes that other tests start and kill"]
fn only_for_other_tests_hold_a_server() {
    let Ok(folder) = env::var(HELD_FOLDER) else { return };
    let _cluster = if folder == "throw-away" {
        Cluster::throw_away().unwrap()
    } else {
        Cluster::start(Path::new(&folder), Durability::Durable).unwrap()
    };
    thread::sleep(2 * PATIENCE);
}

/// The last column of the last row, or what `psql` complained about.
fn query(url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new("psql").args([url, "-Atqc", sql]).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stderr))
    }
}

fn accepts_connections(url: &str) -> bool {
    let (_, address) = url.split_once('@').unwrap();
    let (address, _) = address.split_once('/').unwrap();
    TcpStream::connect(address).is_ok()
}

fn wait_for<T>(what: &str, find: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = find() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn find_throw_away_folder(maker: u32) -> Option<PathBuf> {
    let prefix = format!("waapify-ghl-throw-away-{maker}-");
    let entries = fs::read_dir(env::temp_dir()).unwrap().flatten();
    entries.map(|entry| entry.path()).find(|path| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
    })
}

#[test]
fn a_restart_keeps_what_was_written() {
    let folder = Folder::new("restart");
    let cluster = Cluster::start(&folder.0, Durability::Durable).unwrap();
    query(
        &cluster.url("postgres"),
        "create table kept as select 42 as value",
    )
    .unwrap();
    cluster.stop().unwrap();

    let cluster = Cluster::start(&folder.0, Durability::Durable).unwrap();
    assert_eq!(
        query(&cluster.url("postgres"), "select value from kept").unwrap(),
        "42"
    );
    assert_eq!(query(&cluster.url("postgres"), "show fsync").unwrap(), "on");
    cluster.stop().unwrap();
}

#[test]
fn a_second_start_on_the_same_folder_names_the_folder_and_the_process() {
    let folder = Folder::new("second");
    let cluster = start(&folder);
    let Err(error) = Cluster::start(&folder.0, Durability::ThrowAway) else {
        panic!("it started twice")
    };
    assert!(matches!(error, ClusterError::AlreadyRunning { .. }), "{error}");
    let message = error.to_string();
    assert!(
        message.contains(&cluster.folder().display().to_string()),
        "{message}"
    );
    assert!(message.contains(&process::id().to_string()), "{message}");
    assert!(
        accepts_connections(&cluster.url("postgres")),
        "the first server suffered"
    );
}

#[test]
fn a_killed_process_leaves_no_server_and_loses_no_commit() {
    let folder = Folder::new("killed");
    let mut holder = spawn_holder(folder.0.to_str().unwrap());
    let url = wait_for("the server", || find_running(&folder.0, "postgres"));
    query(&url, "create table kept as select 42 as value").unwrap();
    holder.kill();
    // Without setpriv (macOS) it is the next start that stops the server.
    if cfg!(target_os = "linux") {
        wait_for("the server's end", || (!accepts_connections(&url)).then_some(()));
        wait_for("no server to be found", || {
            find_running(&folder.0, "postgres").is_none().then_some(())
        });
    }
    let cluster = start(&folder);
    assert_eq!(
        query(&cluster.url("postgres"), "select value from kept").unwrap(),
        "42"
    );
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
    let folder = Folder::new("stale");
    let cluster = start(&folder);
    let pid_file = cluster.folder().join("data/postmaster.pid");
    let text = fs::read_to_string(&pid_file).unwrap();
    cluster.stop().unwrap();
    // This process lives, as a reused id would, and is no PostgreSQL.
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", process::id())).unwrap();
    assert_eq!(find_running(&folder.0, "postgres"), None);
    assert!(accepts_connections(&start(&folder).url("postgres")));
}

#[test]
fn a_creation_that_was_cut_short_is_begun_again() {
    let folder = Folder::new("half");
    fs::create_dir_all(folder.0.join("data.new/base")).unwrap();
    fs::write(folder.0.join("data.new/PG_VERSION"), "1").unwrap();
    fs::write(folder.0.join("password"), "").unwrap();
    assert!(accepts_connections(&start(&folder).url("postgres")));
    assert!(!folder.0.join("data.new").exists());
}

#[test]
fn a_wrong_password_is_refused() {
    let folder = Folder::new("password");
    let cluster = start(&folder);
    let url = cluster.url("postgres");
    let (_, address) = url.split_once('@').unwrap();
    let complaint = query(&format!("postgres://waapify:guess@{address}"), "select 1").unwrap_err();
    assert!(
        complaint.contains("password authentication failed"),
        "{complaint}"
    );
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let folder = Folder::new("broken");
    let cluster = start(&folder);
    let settings = cluster.folder().join("data/postgresql.conf");
    cluster.stop().unwrap();
    fs::write(settings, "no_such_setting = 1\n").unwrap();
    let Err(error) = Cluster::start(&folder.0, Durability::ThrowAway) else {
        panic!("it started")
    };
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}

#[test]
fn a_throw_away_server_takes_its_folder_with_it() {
    let cluster = Cluster::throw_away().unwrap();
    let folder = cluster.folder().to_owned();
    assert_eq!(query(&cluster.url("postgres"), "show fsync").unwrap(), "off");
    cluster.stop().unwrap();
    assert!(!folder.exists());
}

#[test]
fn four_processes_start_throw_away_servers_at_once_and_the_next_clears_up_after_them() {
    let mut holders = ["throw-away"; 4].map(spawn_holder);
    let folders = holders.each_ref().map(|holder| {
        let folder = wait_for("its folder", || find_throw_away_folder(holder.0.id()));
        wait_for("its server", || find_running(&folder, "postgres"));
        folder
    });
    holders.iter_mut().for_each(Holder::kill);
    Cluster::throw_away().unwrap().stop().unwrap();
    assert!(folders.iter().all(|folder| !folder.exists()), "{folders:?}");
}

#[test]
fn without_binaries_the_message_names_the_commands() {
    let message = ClusterError::NoBinaries.to_string();
    for command in [
        "apt-get install",
        "dnf install",
        "brew install",
        "docker run",
        "DATABASE_URL=",
    ] {
        assert!(message.contains(command), "{message}");
    }
}
