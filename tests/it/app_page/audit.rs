//! Who did what inside GHL: with GHL's id of the user and the role, also where it was refused.

use axum::http::StatusCode;
use serde_json::json;
use simulators::seed;

use super::{Frame, exchange, payload_of};
use crate::harness::Bridge;
use crate::sso::user_of;

type Row = (
    String,
    Option<String>,
    String,
    String,
    Option<String>,
    String,
);

async fn recorded(bridge: &Bridge) -> Vec<Row> {
    sqlx::query_as(
        "select actor_kind, actor, action, location_id, place, outcome
         from audit where actor_kind = 'user' order by id",
    )
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_change_is_recorded_with_its_user_and_a_refusal_too() {
    let bridge = Bridge::new().await;
    let settings = format!("/numbers/{}", seed::NUMBER);
    let admin = Frame::open(&bridge, seed::LOCATION_ID).await;
    let answer = admin.post(&settings, &[("name", "Kedai")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let mut staff = user_of(seed::LOCATION_ID);
    staff["role"] = json!("user");
    let staff = Frame::of(&bridge, &exchange(&bridge, &payload_of(&staff)).await);
    let answer = staff.post_with("/connect", "forged", &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let id = user_of(seed::LOCATION_ID)["userId"]
        .as_str()
        .unwrap()
        .to_owned();
    let row = |role: &str, action: &str, place: Option<&str>, outcome: &str| {
        let actor = Some(format!("{id} ({role})"));
        let place = place.map(str::to_owned);
        let texts = [action, seed::LOCATION_ID, outcome].map(str::to_owned);
        let [action, location, outcome] = texts;
        ("user".to_owned(), actor, action, location, place, outcome)
    };
    assert_eq!(
        recorded(&bridge).await,
        [
            row("admin", "settings", Some(seed::NUMBER), "done"),
            row("user", "connect", None, "refused"),
        ]
    );
}
