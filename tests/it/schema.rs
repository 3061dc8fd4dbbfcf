//! The schema: created from nothing, by several processes at once, and the same the second time.

use waapify_ghl::db;

use crate::harness::TestDatabase;

#[tokio::test]
async fn several_processes_may_bring_an_empty_database_up_to_date_at_once() {
    let database = TestDatabase::empty().await;
    let migrations = (0..4).map(|_| {
        let pool = db::open_pool(&database.url()).unwrap();
        tokio::spawn(async move { db::migrate(&pool).await })
    });
    for migration in migrations.collect::<Vec<_>>() {
        migration.await.unwrap().unwrap();
    }
    db::migrate(&database.pool).await.unwrap();
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations where success")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!(
        applied,
        i64::try_from(std::fs::read_dir("migrations").unwrap().count()).unwrap()
    );
}

#[tokio::test]
async fn the_database_itself_refuses_what_must_never_be() {
    let database = TestDatabase::new().await;
    for sql in [
        "insert into outbound (location_id, ghl_message_id, conversation, body, state, due_at, accepted_at) values ('l', 'm', 'c', '', 'nonsense', now(), now())",
        "insert into tokens (owner_id, owner_kind, access_token, expires_at, refresh_at) values ('l', 'person', '', now(), now())",
        "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash, is_default, next_send_at, connected_at) values ('nobody', '1', 'i', '', '', '', true, now(), now())",
    ] {
        assert!(
            sqlx::query(sql).execute(&database.pool).await.is_err(),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn rows_of_the_first_release_are_carried_over_and_its_statements_still_work() {
    let database = TestDatabase::empty().await;
    let pool = &database.pool;
    let all = sqlx::migrate!();
    let first = sqlx::migrate::Migrator {
        migrations: all.iter().take(1).cloned().collect(),
        ..sqlx::migrate::Migrator::DEFAULT
    };
    first.run(pool.without_limits()).await.unwrap();
    // As the first release wrote: a location with its own grant, and one with a token from its agency's grant.
    let install = "insert into tokens (owner_id, owner_kind, company_id, access_token, refresh_token, expires_at)";
    for statement in [
        "insert into locations values ('alone', 'c1', now()), ('minted', 'c2', now()), ('connected', null, null)".to_owned(),
        format!("{install} values ('alone', 'location', 'c1', 'a', 'r', now() + interval '1 day')"),
        format!("{install} values ('minted', 'location', 'c2', 'a', null, now()), ('c2', 'company', 'c2', 'a', 'r', now())"),
        // A sender with a hidden number, and a customer.
        "insert into inbound (location_id, number, wa_message_id, from_me, conversation, phone, state, due_at, accepted_at)
         values ('alone', '1', 'a', false, '112233445566778', null, 'held', now(), now()),
            ('alone', '1', 'b', false, '60123456789', '60123456789', 'accepted', now(), now())".to_owned(),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(pool).await.unwrap();
    }
    db::migrate(pool).await.unwrap();
    let conversations: Vec<String> =
        sqlx::query_scalar("select conversation from inbound order by id")
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(conversations, ["112233445566778@lid", "60123456789"]);
    let alone: Vec<String> =
        sqlx::query_scalar("select location_id from locations where installed_alone")
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(alone, ["alone"]);
    let listed: Vec<String> = sqlx::query_scalar("select company_id from companies")
        .fetch_all(pool)
        .await
        .unwrap();
    assert_eq!(listed, ["c2"]);
    // A process of the first release may still be running.
    let late = format!("{install} values ('late', 'location', null, 'a', 'r', now())");
    sqlx::query(sqlx::AssertSqlSafe(late))
        .execute(pool)
        .await
        .unwrap();
}
