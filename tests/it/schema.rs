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
