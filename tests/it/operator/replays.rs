//! Many messages that are sent again: what the page counts, what its buttons say and what they do is the same number.

use axum::http::StatusCode;
use time::Duration;

use super::{Browser, csrf};
use crate::harness::Bridge;
use crate::metrics::operated;

/// Failed messages: three that left nothing, two that may have arrived, one of a sub-account that has gone.
async fn with_failures() -> Bridge {
    let bridge = operated().await;
    let mut ids = Vec::new();
    for text in ["a", "b", "c", "d", "e", "f"] {
        ids.push(bridge.agent_writes(text).await);
    }
    let failed = "update outbound set state = 'failed', reason_code = 'gateway_down' where ghl_message_id = any($1)";
    sqlx::query(failed)
        .bind(&ids)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    for sql in [
        "update outbound set parts = 2, parts_sent = 1 where ghl_message_id = $1",
        "insert into timeline (location_id, message_id, at, state)
         select location_id, id, now(), 'unconfirmed' from outbound where ghl_message_id = $1",
    ]
    .into_iter()
    .zip(&ids)
    {
        sqlx::query(sql.0)
            .bind(sql.1)
            .execute(&bridge.database.pool)
            .await
            .unwrap();
    }
    sqlx::query("insert into locations (location_id, uninstalled_at) values ('gone', now())")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    sqlx::query(
        "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, state, reason_code)
         values ('gone', 'gone1', 'c', '{}', now(), now(), 'failed', 'gateway_down')",
    )
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    bridge.clock.advance(Duration::minutes(1));
    bridge
}

const PREVIEW: &str = "/operator/replay?reason=gateway_down&since=24h";

async fn press(browser: &Browser<'_>, page: &str, more: &[(&str, &str)]) -> String {
    let until = page.split("name=\"until\" value=\"").nth(1).unwrap();
    let until = until.split('"').next().unwrap();
    let form = [
        ("csrf", csrf(page)),
        ("reason", "gateway_down"),
        ("since", "24h"),
        ("until", until),
    ];
    let form = [&form, more].concat();
    browser.press("/operator/replay", &form).await
}

async fn again(bridge: &Bridge) -> i64 {
    let sql = "select count(*) from outbound where state = 'accepted'";
    sqlx::query_scalar(sql)
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn preview_button_and_result_are_one_number_and_the_rest_is_said_with_its_reason() {
    let bridge = with_failures().await;
    let browser = Browser::sign_in(&bridge).await;
    let page = browser.page(PREVIEW).await;
    for said in [
        "<strong>4</strong><span>can be sent again",
        "<strong>2</strong><span>may have arrived",
        "<strong>1</strong><span>are of sub-accounts that have uninstalled",
        "Send again: 4",
        "Send again, too: 2",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let done = press(&browser, &page, &[]).await;
    assert!(done.contains("4 are back in their queues"), "{done}");
    assert_eq!(again(&bridge).await, 4);
    assert!(
        done.contains("<strong>0</strong><span>can be sent again"),
        "{done}"
    );
    let done = press(&browser, &page, &[("anyway", "1")]).await;
    assert!(done.contains("2 are back in their queues"), "{done}");
    assert_eq!(again(&bridge).await, 6);
    let has_button = done.contains("Send again: ") || done.contains("name=\"anyway\"");
    assert!(!has_button, "nothing is left: {done}");
    let (status, _) = browser.get(PREVIEW).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn what_changed_between_the_preview_and_the_press_is_said() {
    let bridge = with_failures().await;
    let browser = Browser::sign_in(&bridge).await;
    let page = browser.page(PREVIEW).await;
    sqlx::query("update locations set uninstalled_at = now()")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let done = press(&browser, &page, &[]).await;
    assert!(done.contains("0 are back in their queues"), "{done}");
    assert!(
        done.contains("<strong>7</strong><span>are of sub-accounts"),
        "{done}"
    );
    assert_eq!(again(&bridge).await, 0);
}
