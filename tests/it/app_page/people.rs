//! Names and times as people know them: what GHL tells of sub-accounts and customers, beside their ids.

use axum::http::StatusCode;
use simulators::{DefaultProvider, seed};

use super::Frame;
use crate::harness::{Bridge, location};
use crate::messages::number_of;
use crate::monitor::{look, look_later};
use waapify_ghl::db::accounts::{account_names, white_label_domains};
use waapify_ghl::model::ids::CompanyId;

/// A name with a direction of its own and a sign of HTML.
const ODD_NAME: &str = "كريم <b>";

#[tokio::test]
async fn times_are_in_the_zone_of_the_sub_account_once_ghl_told_it() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let before = frame.get("/messages").await.body;
    assert!(
        before.contains(" UTC\"") && !before.contains("UTC+8"),
        "{before}"
    );
    look_later(&bridge).await;
    for path in ["", "/messages", "/checks"] {
        let page = frame.get(path).await.body;
        assert!(page.contains("UTC+8"), "{path}: {page}");
        assert!(
            page.contains("time zone Asia/Kuala_Lumpur"),
            "{path}: {page}"
        );
        assert!(
            !page.contains(" UTC\"") && !page.contains(" UTC."),
            "{path}: {page}"
        );
        let named = format!("<bdi>{}</bdi>", seed::LOCATION_NAME);
        assert!(
            page.contains(&named) && page.contains(seed::LOCATION_ID),
            "{path}: {page}"
        );
    }
}

#[tokio::test]
async fn a_zone_that_is_none_changes_nothing() {
    let bridge = Bridge::new().await;
    let pool = &bridge.database.pool;
    let now = bridge.clock.now();
    account_names::record_answer(pool, &location(), None, Some("Mars/Crater"), now)
        .await
        .unwrap();
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("/messages").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("time zone UTC."), "{}", page.body);
}

#[tokio::test]
async fn customers_are_named_as_ghl_knows_them_without_a_call_for_it() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    let calls = bridge
        .simulation
        .ghl
        .faults()
        .seen_at("GET /contacts/{id}")
        .len();
    let id = bridge.agent_writes("apa khabar").await;
    bridge.settle().await;
    assert_eq!(
        bridge
            .simulation
            .ghl
            .faults()
            .seen_at("GET /contacts/{id}")
            .len(),
        calls
    );
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let named = format!("<bdi>{}</bdi> …6789", seed::AISYAH.1);
    let list = frame.get("/messages").await.body;
    assert_eq!(list.matches(&named).count(), 2, "both directions: {list}");
    let number = number_of(&bridge, &id).await;
    let page = frame.get(&format!("/messages/{number}")).await.body;
    assert!(page.contains(&named), "{page}");
    let path = format!(
        "/v2/location/{}/conversations/conversations/",
        seed::LOCATION_ID
    );
    assert!(
        page.contains(&format!("https://app.gohighlevel.com{path}")),
        "{page}"
    );
    let company = CompanyId::from(seed::COMPANY_ID);
    let now = bridge.clock.now();
    white_label_domains::record_domain(&bridge.database.pool, &company, Some("crm.agensi.my"), now)
        .await
        .unwrap();
    let page = frame.get(&format!("/messages/{number}")).await.body;
    assert!(
        page.contains(&format!("https://crm.agensi.my{path}")),
        "{page}"
    );
}

#[tokio::test]
async fn a_name_of_any_script_stands_alone_and_is_no_html() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    sqlx::query("update contacts set name = $1")
        .bind(ODD_NAME)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let list = frame.get("/messages").await.body;
    assert!(list.contains("<bdi>كريم &lt;b&gt;</bdi> …6789"), "{list}");
}

#[tokio::test]
async fn a_troubled_page_that_renews_itself_asks_ghl_no_more_often_than_the_monitor() {
    let bridge = Bridge::new().await;
    look(&bridge.app).await;
    bridge
        .simulation
        .ghl
        .set_default_provider(seed::LOCATION_ID, DefaultProvider::NotConfigured);
    bridge.after(time::Duration::HOUR).await;
    look(&bridge.app).await;
    let due = async || -> Option<time::OffsetDateTime> {
        sqlx::query_scalar("select check_at from locations where location_id = $1")
            .bind(seed::LOCATION_ID)
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap()
    };
    let planned = due().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let request = bridge.http.get(format!("{}{}", bridge.address, frame.path));
    let request = request
        .header("cookie", &frame.cookie)
        .header("x-live", "1");
    let page = super::answer(request).await.body;
    assert!(page.contains("This needs your attention"), "{page}");
    assert_eq!(due().await, planned, "a script asked");
    frame.get("").await;
    assert!(due().await < planned, "a person looks");
}
