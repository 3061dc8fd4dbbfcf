//! Commands that only read: they change and create no database, and say which one they read.

use std::fs;
use std::process::Command;

use simulators::seed;

use crate::commands::output;
use crate::harness::TestDatabase;
use crate::private_postgres::Folder;
use crate::sandbox::{Playing, program};

/// The commands that read the database.
const READING: [&[&str]; 5] = [
    &["installs"],
    &["messages", "list"],
    &["messages", "show", "1"],
    &["messages", "replay", "1"],
    &["doctor"],
];

async fn migrations(database: &TestDatabase) -> Option<i64> {
    let made: bool = sqlx::query_scalar("select to_regclass('_sqlx_migrations') is not null")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    if !made {
        return None;
    }
    let count = sqlx::query_scalar("select count(*) from _sqlx_migrations");
    Some(count.fetch_one(&database.pool).await.unwrap())
}

/// Runs a command on a database. Returns its exit code, standard output and standard error.
async fn read(arguments: &[&str], database: &TestDatabase, folder: &Folder) -> (i32, String) {
    let mut command = program(folder, arguments);
    command.env("DATABASE_URL", database.url());
    let (code, stdout, stderr) = output(command).await;
    (code.unwrap(), stdout + &stderr)
}

#[tokio::test]
async fn a_database_without_the_schema_or_with_an_older_one_is_left_as_it_is() {
    let folder = Folder::new("old-schema");
    let (empty, older) = (TestDatabase::empty().await, TestDatabase::empty().await);
    let all = sqlx::migrate!();
    let first = sqlx::migrate::Migrator {
        migrations: all.iter().take(1).cloned().collect(),
        ..sqlx::migrate::Migrator::DEFAULT
    };
    first.run(older.pool.without_limits()).await.unwrap();
    for arguments in READING {
        for (database, before) in [(&empty, None), (&older, Some(1))] {
            let (code, said) = read(arguments, database, &folder).await;
            // The doctor also reports missing settings, for which it ends with 2.
            let expected = if arguments == ["doctor"] { 2 } else { 1 };
            assert_eq!(code, expected, "{arguments:?}: {said}");
            assert!(said.contains("migrate"), "{arguments:?}: {said}");
            assert_eq!(migrations(database).await, before, "{arguments:?}");
        }
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_not_read() {
    let (database, folder) = (TestDatabase::new().await, Folder::new("new-schema"));
    sqlx::query(
        "insert into _sqlx_migrations values (99991231235959, 'to come', now(), true, '', 0)",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    let (code, said) = read(&["installs"], &database, &folder).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("another version"), "{said}");
}

#[tokio::test]
async fn without_a_database_they_say_so_and_make_none() {
    let folder = Folder::new("none");
    for arguments in READING {
        let (code, stdout, stderr) = output(program(&folder, arguments)).await;
        let expected = if *arguments == ["doctor"] { 2 } else { 1 };
        assert_eq!(code, Some(expected), "{arguments:?}: {stdout}{stderr}");
        assert!(
            stderr.contains("DATABASE_URL is not set") && stderr.contains("waapify-ghl migrate"),
            "{arguments:?}: {stderr}"
        );
    }
    for arguments in [["version"], ["health"], ["marketplace"]] {
        output(program(&folder, &arguments)).await;
    }
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[tokio::test]
async fn beside_a_sandbox_they_read_its_database_and_say_so() {
    let folder = Folder::new("beside");
    let sandbox = Playing::start(program(&folder, &["sandbox"])).await;
    let (code, stdout, stderr) = output(program(&folder, &["installs"])).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains(seed::LOCATION_ID), "{stdout}");
    assert!(
        stderr.contains("Reading the sandbox's private PostgreSQL"),
        "{stderr}"
    );
    let (code, stdout, stderr) = output(program(&folder, &["messages", "list"])).await;
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stderr.contains("schema waapify_ghl_sandbox"), "{stderr}");
    // A database in the settings is preferred; then the command does not mention it.
    let database = TestDatabase::new().await;
    let (code, said) = read(&["installs"], &database, &folder).await;
    assert_eq!((code, said.contains("Reading")), (0, false), "{said}");
    assert!(!said.contains(seed::LOCATION_ID), "{said}");
    sandbox.stop().await;
    let (code, _, stderr) = output(program(&folder, &["installs"])).await;
    assert_eq!(code, Some(1), "it is stopped: {stderr}");
}

#[tokio::test]
async fn the_database_of_a_service_that_ran_here_is_read_after_its_end() {
    let folder = Folder::new("ran");
    let run = |arguments: &[&str]| -> Command { program(&folder, arguments) };
    let (code, _, stderr) = output(run(&["migrate"])).await;
    assert_eq!(code, Some(0), "{stderr}");
    let (code, _, stderr) = output(run(&["installs"])).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stderr.contains("Reading the service's private PostgreSQL"),
        "{stderr}"
    );
}
