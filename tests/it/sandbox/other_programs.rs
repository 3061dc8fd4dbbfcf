//! Other programs in the same database, and even in the sandbox's schema: nothing of theirs is lost.

use axum::http::StatusCode;
use sqlx::{Connection as _, PgConnection};
use waapify_ghl::db::own_schema;

use super::{Playing, SCHEMA, locations, program, schemas, tables};
use crate::commands::output;
use crate::harness::TestDatabase;
use crate::private_postgres::Folder;

/// Creates tables of another program in `public`, a thousand rows each. Two have names of the service's tables.
pub async fn create_tables(database: &TestDatabase) {
    for table in ["orders", "locations", "outbound"] {
        let sql = format!(
            "create table public.{table} as select id, 'kept' as note from generate_series(1, 1000) as id"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&database.pool)
            .await
            .unwrap();
    }
}

pub async fn assert_tables(database: &TestDatabase, when: &str) {
    let kept: i64 = sqlx::query_scalar(
        "select (select count(*) from public.orders where note = 'kept')
            + (select count(*) from public.locations where note = 'kept')
            + (select count(*) from public.outbound where note = 'kept')",
    )
    .fetch_one(&database.pool)
    .await
    .unwrap();
    assert_eq!(kept, 3000, "{when}");
    assert_eq!(tables(database, "public").await.len(), 3, "{when}");
}

#[tokio::test]
async fn other_programs_rows_survive_whatever_the_sandbox_does() {
    let (database, folder) = (TestDatabase::empty().await, Folder::new("foreign"));
    create_tables(&database).await;
    let sandbox = Playing::over(&database, &folder, &[]).await;
    assert!(sandbox.said.contains(SCHEMA), "{}", sandbox.said);
    assert_eq!(locations(&database).await, 1, "it starts connected");
    assert_tables(&database, "after the start").await;
    assert_eq!(sandbox.begin_anew().await, StatusCode::SEE_OTHER);
    assert_eq!(locations(&database).await, 0, "it has begun anew");
    assert_tables(&database, "after it began anew").await;
    sandbox.stop().await;
    let sandbox = Playing::over(&database, &folder, &["--fresh"]).await;
    assert_eq!(locations(&database).await, 1, "a fresh one is connected");
    assert_tables(&database, "after a fresh start").await;
    sandbox.stop().await;
    assert!(
        !folder.0.join(".waapify-ghl").exists(),
        "it needed no cluster"
    );
}

#[tokio::test]
async fn what_refers_to_its_tables_is_not_emptied_with_them() {
    let (database, folder) = (TestDatabase::empty().await, Folder::new("referring"));
    let sandbox = Playing::over(&database, &folder, &[]).await;
    sqlx::raw_sql(
        "create table notes (location_id text references waapify_ghl_sandbox.locations (location_id));
         insert into notes select location_id from waapify_ghl_sandbox.locations",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    assert_eq!(
        sandbox.begin_anew().await,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    let notes: i64 = sqlx::query_scalar("select count(*) from notes")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!((notes, locations(&database).await), (1, 1));
    sandbox.stop().await;
}

#[tokio::test]
async fn a_schema_of_its_name_that_it_did_not_make_is_refused() {
    let (database, folder) = (TestDatabase::empty().await, Folder::new("taken"));
    sqlx::raw_sql("create schema waapify_ghl_sandbox; create table waapify_ghl_sandbox.theirs ()")
        .execute(&database.pool)
        .await
        .unwrap();
    for further in ["--fresh", "--script"] {
        let url = database.url();
        let arguments = ["sandbox", "--database-url", &url, further];
        if further == "--script" {
            // The script uses another schema.
            sqlx::raw_sql("alter schema waapify_ghl_sandbox rename to waapify_ghl_sandbox_script")
                .execute(&database.pool)
                .await
                .unwrap();
        }
        let (code, _, stderr) = output(program(&folder, &arguments)).await;
        assert_eq!(code, Some(1), "{further}: {stderr}");
        assert!(stderr.contains("another program"), "{further}: {stderr}");
    }
    let theirs = tables(&database, "waapify_ghl_sandbox_script").await;
    assert_eq!(theirs, ["theirs"]);
}

/// Another program that keeps its list of migrations as this one does.
#[tokio::test]
async fn a_schema_that_another_programs_migrations_made_is_refused() {
    let (database, folder) = (TestDatabase::empty().await, Folder::new("migrated"));
    sqlx::raw_sql(
        "create schema waapify_ghl_sandbox;
        create table waapify_ghl_sandbox.locations as select 1 as kept;
        create table waapify_ghl_sandbox._sqlx_migrations (
            version bigint primary key, description text not null, installed_on timestamptz not null default now(),
            success boolean not null, checksum bytea not null, execution_time bigint not null
        );
        insert into waapify_ghl_sandbox._sqlx_migrations values
            (20261121000000, 'create shop', now(), true, 'theirs', 1)",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    let url = database.url();
    for further in [&[][..], &["--fresh"]] {
        let arguments = [&["sandbox", "--database-url", &url], further].concat();
        let (code, _, stderr) = output(program(&folder, &arguments)).await;
        assert_eq!(code, Some(1), "{further:?}: {stderr}");
        assert!(stderr.contains("another program"), "{further:?}: {stderr}");
    }
    let kept = tables(&database, SCHEMA).await;
    assert_eq!(kept, ["_sqlx_migrations", "locations"]);
}

/// What another program put into the schema, or made of what is there, is named and kept; so is everything else there.
#[tokio::test]
async fn a_fresh_start_drops_nothing_of_another_program() {
    let (database, folder) = (TestDatabase::empty().await, Folder::new("dependent"));
    Playing::over(&database, &folder, &[]).await.stop().await;
    let url = database.url();
    for (made, kind, name) in [
        (
            "create table waapify_ghl_sandbox.theirs as select 1 as kept",
            "table",
            "waapify_ghl_sandbox.theirs",
        ),
        (
            "create view waapify_ghl_sandbox.seen as select 1 as kept",
            "view",
            "waapify_ghl_sandbox.seen",
        ),
        (
            "create type waapify_ghl_sandbox.mood as enum ('kept')",
            "type",
            "waapify_ghl_sandbox.mood",
        ),
        (
            "create sequence waapify_ghl_sandbox.counter",
            "sequence",
            "waapify_ghl_sandbox.counter",
        ),
        (
            "create view report as select location_id from waapify_ghl_sandbox.locations",
            "view",
            "report",
        ),
        (
            "create view report as select id from waapify_ghl_sandbox.messages",
            "view",
            "report",
        ),
        (
            "create table notes (location_id text references waapify_ghl_sandbox.locations (location_id))",
            "table",
            "notes",
        ),
    ] {
        let run = async |sql: String| {
            let sql = sqlx::AssertSqlSafe(sql);
            sqlx::raw_sql(sql).execute(&database.pool).await.unwrap();
        };
        run(made.to_owned()).await;
        let arguments = ["sandbox", "--fresh", "--database-url", &url];
        let (code, _, stderr) = output(program(&folder, &arguments)).await;
        assert_eq!(code, Some(1), "{made}: {stderr}");
        assert!(
            stderr.contains(name.trim_start_matches("waapify_ghl_sandbox.")),
            "{made}: {stderr}"
        );
        assert_eq!(
            locations(&database).await,
            1,
            "{made}: the sandbox's own rows"
        );
        // Fails if it was dropped.
        run(format!("drop {kind} {name}")).await;
    }
    Playing::over(&database, &folder, &["--fresh"])
        .await
        .stop()
        .await;
}

/// A sandbox of any earlier version can be emptied: nothing that a migration ever made stays.
#[tokio::test]
async fn a_schema_of_every_version_can_be_dropped() {
    let database = TestDatabase::empty().await;
    let options = waapify_ghl::db::connect_options(&database.url(), Some(SCHEMA)).unwrap();
    let all = sqlx::migrate!();
    for n in 1..=all.iter().count() {
        let mut connection = PgConnection::connect_with(&options).await.unwrap();
        own_schema::create(&mut connection, SCHEMA).await.unwrap();
        let version = sqlx::migrate::Migrator {
            migrations: all.iter().take(n).cloned().collect(),
            ..sqlx::migrate::Migrator::DEFAULT
        };
        version.run(&mut connection).await.unwrap();
        assert!(
            !own_schema::is_foreign(&mut connection, SCHEMA)
                .await
                .unwrap()
        );
        let dropped = own_schema::drop_own(&mut connection, SCHEMA).await;
        let last = version.iter().last().unwrap().version;
        assert!(dropped.is_ok(), "{last}: {dropped:?}");
        assert_eq!(schemas(&database).await, ["public"], "{last}");
    }
}
