//! Who of a sub-account's users may change something: an admin. Everyone may look.

use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::seed;

use crate::app_page::{Frame, exchange, payload_of};
use crate::harness::Bridge;

async fn open(bridge: &Bridge, kind: Value, role: Value) -> Frame<'_> {
    let user = json!({
        "userId": "u1", "companyId": seed::COMPANY_ID, "role": role, "type": kind,
        "activeLocation": seed::LOCATION_ID, "userName": "Ali", "email": "ali@example.com",
    });
    Frame::of(bridge, &exchange(bridge, &payload_of(&user)).await)
}

/// Every change that the pages offer for a connected number.
fn changes() -> [String; 4] {
    let number = seed::NUMBER;
    [
        "/connect".to_owned(),
        format!("/numbers/{number}"),
        format!("/numbers/{number}/default"),
        format!("/numbers/{number}/relink"),
    ]
}

#[tokio::test]
async fn changes_need_an_admin_of_the_sub_account_or_the_agency_and_everyone_may_look() {
    let bridge = Bridge::new().await;
    for (kind, role, may_change) in [
        (json!("location"), json!("admin"), true),
        (json!("account"), json!("admin"), true),
        (json!("agency"), json!("admin"), true),
        (json!("agency"), json!("ADMIN"), true),
        (json!("agency"), json!("user"), false),
        (json!("location"), json!("user"), false),
        (json!("account"), json!("user"), false),
        (json!("agency"), json!("owner"), false),
        (json!("something"), json!("new"), false),
        (json!("location"), Value::Null, false),
        (Value::Null, json!("admin"), false),
        (json!(7), json!(["admin"]), false),
        (json!("team lead"), json!("x".repeat(200)), false),
    ] {
        let frame = open(&bridge, kind.clone(), role.clone()).await;
        let page = frame.get("").await;
        assert_eq!(page.status, StatusCode::OK, "{kind} {role}");
        assert!(page.body.contains(seed::NUMBER), "{kind} {role}");
        assert_eq!(
            page.body.contains("You can look at everything here"),
            !may_change,
            "{kind} {role}"
        );
        for path in changes() {
            let token = frame.token().await;
            let answer = frame.post_with(&path, &token, &[("sure", "1")]).await;
            let expected = if may_change {
                StatusCode::SEE_OTHER
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(
                answer.status, expected,
                "{kind} {role} {path}: {}",
                answer.body
            );
        }
    }
}

#[tokio::test]
async fn a_setting_lets_every_user_change() {
    let bridge = Bridge::with(|environment| {
        environment.push(("ALLOW_USERS_TO_CHANGE".to_owned(), "true".to_owned()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    let frame = open(&bridge, json!("location"), json!("user")).await;
    for path in changes() {
        let answer = frame.post(&path, &[("sure", "1")]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
    }
}
