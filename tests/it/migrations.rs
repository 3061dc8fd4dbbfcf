//! Each migration over rows of all versions before it.
//!
//! `tests/migrations` holds, for each migration, a file of its name: rows as the version with that migration writes them.
//! Each is run right after its migration, so that all later migrations meet them. `expected.txt` beside them tells what
//! they have become in the end; it is generated, and whoever changes it looks at each line.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sqlx::AssertSqlSafe;
use sqlx::migrate::{Migration, Migrator};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use waapify_ghl::db::accounts::{client_credentials, companies, installs};
use waapify_ghl::db::connection::Pool;
use waapify_ghl::db::history::{health_facts, incidents};
use waapify_ghl::db::views::failures::Failed;
use waapify_ghl::db::views::operator::WhichNumbers;
use waapify_ghl::db::views::{locations, messages, operator, overview, queue_counts};
use waapify_ghl::model::ids::{LocationId, MessageId};
use waapify_ghl::model::reason::Reason;

use crate::harness::TestDatabase;

const EXPECTED: &str = "expected.txt";
const HEAD: &str = "The rows of tests/migrations after the last migration. A column that is not named is null, and \"now\" is a time that\n\
    a migration set when it ran. Generated: `WRITE_EXPECTED=1 cargo test --test it migrations` writes this file, and the\n\
    tests compare it. Look at each line that changes: is it what that row should become?\n";
/// More rows than the data files have.
const ALL: i64 = 10_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/migrations")
}

/// The name of a migration's file, which its data file has too.
fn file_name(migration: &Migration) -> String {
    let words = migration.description.replace(' ', "_");
    format!("{}_{words}.sql", migration.version)
}

fn data_of(migration: &Migration) -> String {
    let name = file_name(migration);
    std::fs::read_to_string(folder().join(&name)).unwrap_or_else(|error| {
        panic!("migrations/{name} has no data: write tests/migrations/{name} with rows of that version ({error})")
    })
}

/// A database that has lived through all versions, and when that began.
async fn old_database() -> (TestDatabase, OffsetDateTime) {
    let database = TestDatabase::empty().await;
    let pool = &database.pool;
    let began = sqlx::query_scalar("select now()")
        .fetch_one(pool)
        .await
        .unwrap();
    let all = sqlx::migrate!();
    for (n, migration) in (1..).zip(all.iter()) {
        let until_here = Migrator {
            migrations: all.iter().take(n).cloned().collect(),
            ..Migrator::DEFAULT
        };
        let name = file_name(migration);
        let applied = until_here.run(pool.without_limits()).await;
        applied.unwrap_or_else(|error| panic!("migrations/{name} over the rows: {error}"));
        let written = sqlx::raw_sql(AssertSqlSafe(data_of(migration)))
            .execute(pool)
            .await;
        written.unwrap_or_else(|error| panic!("tests/migrations/{name}: {error}"));
    }
    (database, began)
}

/// A table: its columns, and its rows as objects of them.
struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Value>,
}

async fn tables(pool: &Pool) -> Vec<Table> {
    let columns: Vec<(String, Vec<String>)> = sqlx::query_as(
        "select c.relname, array_agg(a.attname::text order by a.attnum)
         from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> '_sqlx_migrations'
         group by c.relname
         order by c.relname",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut tables = Vec::new();
    for (name, columns) in columns {
        // A row is compared column by column, and the columns of the primary key are the first ones.
        let sql = format!("select to_jsonb(t) from {name} t order by t");
        let rows = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(pool)
            .await
            .unwrap();
        tables.push(Table {
            name,
            columns,
            rows,
        });
    }
    tables
}

/// A value, unless a migration has made it of its own time or of chance: that is later than all times of the data.
fn settled(value: &Value, began: OffsetDateTime) -> String {
    let time = value
        .as_str()
        .and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
    match time {
        Some(time) if time >= began => "now".to_owned(),
        _ => value.to_string(),
    }
}

fn describe(tables: &[Table], began: OffsetDateTime) -> String {
    let mut page = HEAD.to_owned();
    for table in tables {
        writeln!(page, "\n{}", table.name).unwrap();
        for row in &table.rows {
            page.push_str("   ");
            for column in &table.columns {
                if !row[column].is_null() {
                    write!(page, " {column}={}", settled(&row[column], began)).unwrap();
                }
            }
            page.push('\n');
        }
    }
    page
}

#[test]
fn every_migration_has_data_and_all_data_a_migration() {
    let migrations: BTreeSet<_> = sqlx::migrate!().iter().map(file_name).collect();
    let data: BTreeSet<_> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != EXPECTED)
        .collect();
    let bare: Vec<_> = migrations.difference(&data).collect();
    assert!(
        bare.is_empty(),
        "without data in tests/migrations: {bare:?}"
    );
    let stray: Vec<_> = data.difference(&migrations).collect();
    assert!(
        stray.is_empty(),
        "in tests/migrations, but of no migration: {stray:?}"
    );
}

#[tokio::test]
async fn rows_of_every_version_become_what_they_should() {
    let (database, began) = old_database().await;
    let page = describe(&tables(&database.pool).await, began);
    let path = folder().join(EXPECTED);
    if std::env::var_os("WRITE_EXPECTED").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    for (n, (found, expected)) in (1..).zip(page.lines().zip(kept.lines())) {
        assert_eq!(found, expected, "line {n} of tests/migrations/{EXPECTED}");
    }
    assert!(
        kept == page,
        "tests/migrations/{EXPECTED} is old: WRITE_EXPECTED=1 cargo test --test it migrations"
    );
}

/// A column that is the same in all rows would not show a migration that empties or overwrites it.
#[tokio::test]
async fn data_give_every_column_more_than_one_value() {
    let (database, _) = old_database().await;
    for table in tables(&database.pool).await {
        for column in &table.columns {
            let values: BTreeSet<_> = table
                .rows
                .iter()
                .map(|row| row[column].to_string())
                .collect();
            assert!(
                values.len() > 1,
                "{}.{column} is {values:?} in all rows: have the file of its migration write another value",
                table.name
            );
        }
    }
}

/// Every reason that is kept anywhere.
async fn reasons(pool: &Pool) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for table in tables(pool).await {
        let kinds = table.columns.iter().filter_map(|column| {
            let kind = column.strip_suffix("_code")?;
            let args = format!("{kind}_args");
            table.columns.contains(&args).then_some(kind)
        });
        for kind in kinds {
            let sql = format!(
                "select reason_of({kind}_code, {kind}_args) from {} where {kind}_code is not null",
                table.name
            );
            let found: Vec<Reason> = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_all(pool)
                .await
                .unwrap();
            reasons.extend(found);
        }
    }
    reasons
}

#[tokio::test]
async fn this_version_knows_the_reasons_of_every_version() {
    let (database, _) = old_database().await;
    let reasons = reasons(&database.pool).await;
    assert!(reasons.len() > 50, "{}", reasons.len());
    // Within another reason, too.
    let unknown: Vec<_> = reasons
        .iter()
        .filter(|reason| format!("{reason:?}").contains("Unknown"))
        .map(|reason| serde_json::to_value(reason).unwrap())
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[tokio::test]
async fn this_version_reads_the_messages_of_every_version() {
    let (database, _) = old_database().await;
    let pool = &database.pool;
    let listed = crate::messages::newest(pool, ALL).await;
    let kept: i64 = sqlx::query_scalar("select count(*) from messages where not is_echo")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(i64::try_from(listed.len()).unwrap(), kept);
    for message in &listed {
        let steps = messages::list_steps(pool, message).await.unwrap();
        assert!(!steps.is_empty());
        messages::list_copies(pool, message).await.unwrap();
        operator::find_phone(pool, message).await.unwrap();
    }
    let newest = MessageId(i64::MAX);
    let scope = Failed::default().scope(pool).await.unwrap();
    let failures = scope.list(pool, newest, ALL).await.unwrap();
    assert!(failures.iter().all(|failure| failure.reason.is_some()));
    assert!(!failures.is_empty());
}

async fn read_location(pool: &Pool, location: &LocationId, now: OffsetDateTime) {
    let newest = i64::MAX;
    overview::list_numbers(pool, location).await.unwrap();
    overview::count_states(pool, location, OffsetDateTime::UNIX_EPOCH)
        .await
        .unwrap();
    overview::list_entries(pool, location, overview::Wanted::default(), newest, ALL)
        .await
        .unwrap();
    overview::list_failures(pool, location, newest, ALL)
        .await
        .unwrap();
    operator::list_messages(pool, location, MessageId(newest), ALL)
        .await
        .unwrap();
    operator::find_backlog(pool, location).await.unwrap();
    // What the doctor asks.
    health_facts::find_history(pool, location).await.unwrap();
    health_facts::list_numbers(pool, location, now)
        .await
        .unwrap();
    health_facts::find_scope(pool, location).await.unwrap();
    health_facts::find_token_trouble(pool, location)
        .await
        .unwrap();
    incidents::list_open(pool, location).await.unwrap();
}

#[tokio::test]
async fn this_version_reads_the_locations_of_every_version() {
    let (database, began) = old_database().await;
    let pool = &database.pool;
    let listed = installs::list_installs(pool).await.unwrap();
    let of_operator = locations::list_locations(pool, "", locations::Which::default(), ALL)
        .await
        .unwrap();
    assert_eq!(listed.len(), of_operator.len());
    for install in &listed {
        read_location(pool, &install.location_id, began).await;
    }
    operator::list_numbers(pool, WhichNumbers::default(), ("", ""), ALL)
        .await
        .unwrap();
    queue_counts::read_counts(pool).await.unwrap();
    let dead = companies::list_dead_companies(pool).await.unwrap();
    assert!(!dead.is_empty());
    let keys: Vec<Vec<u8>> = sqlx::query_scalar("select keys_hash from client_credentials")
        .fetch_all(pool)
        .await
        .unwrap();
    for hash in keys {
        client_credentials::find_credential_results(pool, &hash)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_statement_of_the_first_release_still_works() {
    let database = TestDatabase::new().await;
    // A process of the first release may still run beside.
    sqlx::query(
        "insert into tokens (owner_id, owner_kind, company_id, access_token, refresh_token, expires_at)
         values ('late', 'location', null, 'a', 'r', now())",
    )
    .execute(&database.pool)
    .await
    .unwrap();
}
