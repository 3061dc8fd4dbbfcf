//! What a connect link allows whoever has it, and what it does not.

use axum::http::StatusCode;
use serde_json::json;
use simulators::seed;
use time::Duration;

use crate::app_page::Frame;
use crate::connecting::{link, numbers, path_in, post};
use crate::harness::Bridge;

const PROVIDER: &str = "GET /locations/{id}/conversationChannels/SMS";

fn form<'a>(instance: &'a str, token: &'a str, number: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("instance_id", instance),
        ("access_token", token),
        ("number", number),
    ]
}

const GOOD: (&str, &str, &str) = (seed::INSTANCE_ID, seed::ACCESS_TOKEN, seed::NUMBER);

#[tokio::test]
async fn keys_may_be_tried_ten_times() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    for n in 0..10 {
        let token = format!("guess-{n}");
        let (status, _) = post(&bridge, &link, &form(GOOD.0, &token, GOOD.2)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
    }
    let faults = bridge.simulation.waapify.faults();
    let before = faults.count("reconnect.php");
    let (status, page) = post(&bridge, &link, &form(GOOD.0, GOOD.1, GOOD.2)).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.contains("ten times"), "{page}");
    let qr = format!("{link}/qr");
    let (status, _) = post(&bridge, &qr, &[("access_token", GOOD.1)]).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        faults.count("reconnect.php"),
        before,
        "Waapify is not asked"
    );
    assert!(numbers(&bridge).await.is_empty());
}

#[tokio::test]
async fn a_used_link_costs_ghl_one_look_in_five_seconds_and_ends_the_others() {
    let bridge = Bridge::bare().await;
    let (first, second) = (link(&bridge).await, link(&bridge).await);
    let (status, _) = post(&bridge, &first, &form(GOOD.0, GOOD.1, GOOD.2)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(bridge.get(&second).await.0, StatusCode::NOT_FOUND);
    let faults = bridge.simulation.ghl.faults();
    let asked = || {
        faults
            .seen()
            .iter()
            .filter(|seen| seen.route == PROVIDER)
            .count()
    };
    bridge.clock.advance(Duration::seconds(6));
    let before = asked();
    for _ in 0..5 {
        assert_eq!(bridge.get(&first).await.0, StatusCode::OK);
        let (status, answer) = bridge.get(&format!("{first}/provider")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(answer.contains("data-state"), "{answer}");
    }
    assert_eq!(asked(), before + 1);
    bridge.clock.advance(Duration::seconds(6));
    bridge.get(&format!("{first}/provider")).await;
    assert_eq!(asked(), before + 2);
}

#[tokio::test]
async fn another_number_of_a_connected_location_is_asked_about_and_shown_as_an_incident() {
    let bridge = Bridge::new().await;
    let _ =
        bridge
            .simulation
            .waapify
            .add_instance("SECOND", "second-token", "60117654321", "Kedai");
    let outside = path_in(&bridge.install().await);
    let other = form("SECOND", "second-token", "60117654321");
    let (status, page) = post(&bridge, &outside, &other).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("connected already") && page.contains("name=\"replace\""),
        "{page}"
    );
    assert_eq!(numbers(&bridge).await, [seed::NUMBER]);
    let sure = [&other[..], &[("replace", "1")]].concat();
    let (status, _) = post(&bridge, &outside, &sure).await;
    assert_eq!(status, StatusCode::OK);
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    assert!(
        page.contains("was connected by a link from outside GHL"),
        "{page}"
    );
    let open: Vec<String> =
        sqlx::query_scalar("select kind from incidents where resolved_at is null")
            .fetch_all(&bridge.database.pool)
            .await
            .unwrap();
    assert_eq!(open, ["replaced"]);
}

#[tokio::test]
async fn a_link_of_ghls_session_needs_no_question() {
    let bridge = Bridge::new().await;
    let _ =
        bridge
            .simulation
            .waapify
            .add_instance("SECOND", "second-token", "60117654321", "Kedai");
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let inside = frame.post("/connect", &[]).await;
    let inside = path_in(inside.leads_to());
    let (status, _) = post(
        &bridge,
        &inside,
        &form("SECOND", "second-token", "60117654321"),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    let open: i64 = sqlx::query_scalar("select count(*) from incidents where kind = 'replaced'")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(open, 0);
}

#[tokio::test]
async fn the_form_names_sub_account_and_agency_by_name_or_else_by_id() {
    let bridge = Bridge::bare().await;
    let by_id = bridge.install().await;
    assert!(
        by_id.contains(seed::LOCATION_ID) && by_id.contains(seed::COMPANY_ID),
        "{by_id}"
    );
    let code = bridge.company_code(&[seed::LOCATION_ID]);
    bridge.callback(&code).await;
    let mut event = bridge.simulation.ghl.install_event(seed::LOCATION_ID);
    event["companyName"] = json!("Agensi <Maju>");
    assert_eq!(
        bridge.simulation.ghl.posts_app_event(&event).await,
        Some(200)
    );
    bridge.settle().await;
    let by_name = bridge.install().await;
    assert!(by_name.contains(seed::LOCATION_NAME), "{by_name}");
    assert!(by_name.contains("Agensi &lt;Maju&gt;"), "{by_name}");
}
