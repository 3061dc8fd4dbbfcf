//! What a vendor did while the database took no writes is recorded when it takes them again.

use crate::harness::{Bridge, wait};

/// While the table `broken` exists, the statement fails as on a server that has become read-only.
async fn broken(bridge: &Bridge, on: &str) {
    let sql = format!(
        "create table broken ();
         create sequence refusals;
         create function refuse() returns trigger language plpgsql as
         $$ begin if to_regclass('broken') is not null then
             perform nextval('refusals');
             raise exception 'read-only' using errcode = 'read_only_sql_transaction';
         end if; return new; end $$;
         create trigger refuse before {on} execute function refuse()"
    );
    run(bridge, &sql).await;
}

/// The database takes writes again, after it refused some.
async fn mended_after_a_refusal(bridge: &Bridge) {
    wait("a statement was refused", async || {
        // A sequence goes on although its transaction does not.
        sqlx::query_scalar("select is_called from refusals")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap()
    })
    .await;
    run(bridge, "drop table broken").await;
}

async fn run(bridge: &Bridge, sql: &str) {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_posted_reply_holds_its_conversation_up_no_longer_than_the_database_is_away() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("salam").await;
    bridge.settle().await;
    let when = "update on inbound for each row when (new.state = 'posted')";
    broken(&bridge, when).await;
    let first = bridge.customer_writes("satu").await;
    tokio::join!(bridge.settle(), mended_after_a_refusal(&bridge));
    assert_eq!(bridge.inbound(&first).await.unwrap().0, "posted");
    bridge.customer_writes("dua").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["salam", "satu", "dua"]);
    assert_eq!(bridge.posted().len(), 3);
}

#[tokio::test]
async fn a_sent_text_needs_no_echo_when_the_database_is_back() {
    let bridge = Bridge::new().await;
    broken(&bridge, "insert on receipts for each row").await;
    let id = bridge.agent_writes("hai").await;
    tokio::join!(bridge.settle(), mended_after_a_refusal(&bridge));
    assert_eq!(bridge.state(&id).await, "sent");
    assert_eq!(bridge.texts_on_phone(), ["hai"]);
}
