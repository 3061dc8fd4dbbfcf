//! The sandbox as a program: which database it uses, and what it does not touch there.

mod customers;
mod exchanges;
mod levers;
mod other_programs;
mod own_address;
mod played;

use std::fs;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use axum::http::StatusCode;
use rustix::process::{Pid, Signal, kill_process};
use simulators::seed;
use sqlx::{Connection as _, PgConnection};
use waapify_ghl::db::own_schema;

use crate::commands::output;
use crate::harness::TestDatabase;
use crate::killed_child::KilledChild;
use crate::private_postgres::Folder;

const SCHEMA: &str = "waapify_ghl_sandbox";

/// The program in its own folder, with no setting of this process except `PATH`.
pub fn program(folder: &Folder, arguments: &[&str]) -> Command {
    fs::create_dir_all(&folder.0).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_waapify-ghl"));
    command.args(arguments).env_clear().current_dir(&folder.0);
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command.env("TMPDIR", &folder.0).env("PORT", "0");
    command.stdin(Stdio::null());
    command
}

/// A running sandbox. It is killed when the test ends, at the latest.
pub struct Playing {
    child: KilledChild,
    pub address: String,
    /// Its output up to the line with its address.
    pub said: String,
}

impl Playing {
    /// Starts it and waits until it prints its address.
    pub async fn start(mut command: Command) -> Self {
        let mut child = KilledChild::spawn(command.stdout(Stdio::piped()));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = tokio::task::spawn_blocking(move || {
            let mut said = String::new();
            while !said.contains("Ctrl-C") {
                said += &lines.next().expect("it starts").unwrap();
                said += "\n";
            }
            said
        });
        let said = said.await.unwrap();
        let (_, rest) = said.split_once("ready: open ").unwrap();
        let address = rest
            .lines()
            .next()
            .unwrap()
            .trim_end_matches('/')
            .to_owned();
        Self {
            child,
            address,
            said,
        }
    }

    /// Starts it on the given database.
    async fn over(database: &TestDatabase, folder: &Folder, further: &[&str]) -> Self {
        let url = database.url();
        let arguments = [&["sandbox", "--database-url", &url], further].concat();
        Self::start(program(folder, &arguments)).await
    }

    async fn begin_anew(&self) -> StatusCode {
        let path = format!("{}/sandbox/anew", self.address);
        let asked = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap()
            .post(path);
        asked.send().await.unwrap().status()
    }

    /// Stops it as Ctrl-C does.
    pub async fn stop(mut self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::INT).unwrap();
        let ended = tokio::task::spawn_blocking(move || self.child.wait().unwrap());
        assert_eq!(ended.await.unwrap().code(), Some(0));
    }
}

async fn tables(database: &TestDatabase, schema: &str) -> Vec<String> {
    sqlx::query_scalar("select tablename::text from pg_tables where schemaname = $1 order by 1")
        .bind(schema)
        .fetch_all(&database.pool)
        .await
        .unwrap()
}

async fn schemas(database: &TestDatabase) -> Vec<String> {
    let sql = "select nspname::text from pg_namespace where nspname !~ '^(pg_|information_schema)' order by 1";
    sqlx::query_scalar(sql)
        .fetch_all(&database.pool)
        .await
        .unwrap()
}

async fn locations(database: &TestDatabase) -> i64 {
    sqlx::query_scalar("select count(*) from waapify_ghl_sandbox.locations")
        .fetch_one(&database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn two_sandboxes_do_not_share_a_schema() {
    let (database, folder) = (TestDatabase::empty().await, Folder::new("two"));
    let sandbox = Playing::over(&database, &folder, &[]).await;
    let url = database.url();
    let second = ["sandbox", "--fresh", "--database-url", &url];
    let (code, _, stderr) = output(program(&folder, &second)).await;
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("another sandbox"), "{stderr}");
    assert_eq!(locations(&database).await, 1, "the first one suffered");
    sandbox.stop().await;
}

#[tokio::test]
async fn a_database_that_the_environment_names_is_not_touched() {
    let (database, folder) = (TestDatabase::empty().await, Folder::new("environment"));
    let url = database.url();
    for from in ["environment", ".env"] {
        let mut command = program(&folder, &["sandbox"]);
        if from == ".env" {
            fs::write(folder.0.join(".env"), format!("DATABASE_URL={url}\n")).unwrap();
        } else {
            command.env("DATABASE_URL", &url);
        }
        let log = folder.0.join("stderr");
        command.stderr(File::create(&log).unwrap());
        let sandbox = Playing::start(command).await;
        assert!(
            sandbox.said.contains(".waapify-ghl/sandbox") || sandbox.said.contains("/var/lib/"),
            "{from}: {}",
            sandbox.said
        );
        sandbox.stop().await;
        let said = fs::read_to_string(&log).unwrap();
        let about: Vec<_> = said
            .lines()
            .filter(|line| line.contains("DATABASE_URL"))
            .collect();
        assert!(
            about.len() == 1 && about[0].contains("does not use it"),
            "{from}: {said}"
        );
        assert_eq!(tables(&database, "public").await.len(), 0, "{from}");
        assert_eq!(schemas(&database).await, ["public"], "{from}");
    }
}

#[tokio::test]
async fn the_script_leaves_nothing_in_a_database_that_was_named() {
    let (database, folder) = (TestDatabase::empty().await, Folder::new("script"));
    other_programs::create_tables(&database).await;
    let url = database.url();
    let script = ["sandbox", "--script", "--database-url", &url];
    let (code, stdout, stderr) = output(program(&folder, &script)).await;
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.contains(seed::LOCATION_NAME), "{stdout}");
    other_programs::assert_tables(&database, "after the script").await;
    assert_eq!(schemas(&database).await, ["public"]);
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_its_password() {
    let folder = Folder::new("no-address");
    let arguments = ["sandbox", "--database-url", "mysql://root:geheim@db/x"];
    let (code, _, stderr) = output(program(&folder, &arguments)).await;
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("--database-url is not"), "{stderr}");
    assert!(!stderr.contains("geheim"), "{stderr}");
    let nobody = "postgres://nobody:geheim@127.0.0.1:9/none";
    let arguments = ["sandbox", "--database-url", nobody];
    let (code, _, stderr) = output(program(&folder, &arguments)).await;
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("check --database-url"), "{stderr}");
    assert!(!stderr.contains("geheim"), "{stderr}");
}

#[tokio::test]
async fn a_failed_start_leaves_no_folder_behind() {
    let folder = Folder::new("failed");
    let fake = folder.0.join("bin");
    fs::create_dir_all(&fake).unwrap();
    for name in ["postgres", "initdb"] {
        let path = fake.join(name);
        fs::write(&path, "#!/bin/sh\necho it is broken >&2\nexit 1\n").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).unwrap();
    }
    let entries = || {
        let entries = fs::read_dir(&folder.0).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect::<Vec<_>>()
    };
    let path = std::env::join_paths([fake.as_path(), "/usr/bin".as_ref(), "/bin".as_ref()]);
    for arguments in [&["sandbox"][..], &["sandbox", "--script"], &["migrate"]] {
        let mut command = program(&folder, arguments);
        command.env("PATH", path.as_ref().unwrap());
        let (code, _, stderr) = output(command).await;
        assert_eq!(code, Some(1), "{stderr}");
        assert!(stderr.contains("it is broken"), "{stderr}");
        assert_eq!(entries(), ["bin"], "{arguments:?}");
    }
}

#[tokio::test]
async fn a_port_in_use_is_found_before_anything_is_made() {
    let (bridge, folder) = (crate::harness::Bridge::bare().await, Folder::new("port"));
    let taken = bridge.address.rsplit(':').next().unwrap();
    for arguments in [["sandbox"], ["serve"]] {
        let mut command = program(&folder, &arguments);
        command.envs(bridge.environment.iter().cloned());
        command.env("BIND_ADDR", "127.0.0.1").env("PORT", taken);
        let (code, _, stderr) = output(command).await;
        assert_eq!(code, Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("Set PORT"), "{arguments:?}: {stderr}");
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0, "{arguments:?}");
    }
}

#[tokio::test]
async fn the_tables_that_begin_anew_empties_are_those_that_the_migrations_make() {
    let database = TestDatabase::new().await;
    let mut made = tables(&database, "public").await;
    made.retain(|table| table != "_sqlx_migrations");
    assert_eq!(made, own_schema::TABLES);
    // The connection of a sandbox sees only its own schema.
    let options = waapify_ghl::db::connect_options(&database.url(), Some(SCHEMA)).unwrap();
    let mut connection = PgConnection::connect_with(&options).await.unwrap();
    let seen: Option<String> = sqlx::query_scalar("select to_regclass('outbound')::text")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(seen, None);
}
