//! Names and times as people know them: what GHL tells of sub-accounts and customers, beside their ids.

use axum::http::StatusCode;
use simulators::{DefaultProvider, seed};

use super::Frame;
use crate::harness::{Bridge, location};
use crate::messages::number_of;
use crate::monitor::{look, look_later};
use waapify_ghl::db::accounts::{account_names, white_label_domains};
use waapify_ghl::db::contacts::phones;
use waapify_ghl::db::contacts::phones::Touch;
use waapify_ghl::model::ids::{CompanyId, ContactId};
use waapify_ghl::model::states::ContactSource;

/// A name with a direction of its own and a sign of HTML.
const ODD_NAME: &str = "كريم <b>";

#[tokio::test]
async fn times_are_in_the_zone_of_the_sub_account_once_ghl_told_it() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    // As if GHL had not answered after the install.
    sqlx::query("update locations set time_zone = null, described_at = null")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
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
async fn a_customer_to_whom_the_business_wrote_first_is_named_when_ghl_is_asked_about_the_phone() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("apa khabar").await;
    bridge.settle().await;
    bridge.customer_writes("baik").await;
    bridge.settle().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let list = frame.get("/messages").await.body;
    let named = format!("<bdi>{}</bdi> …6789", seed::AISYAH.1);
    assert_eq!(list.matches(&named).count(), 2, "{list}");
}

#[tokio::test]
async fn a_phone_that_went_to_another_contact_loses_the_name_of_the_first() {
    let bridge = Bridge::new().await;
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let phone = seed::AISYAH.2.trim_start_matches('+');
    let (first, second) = (ContactId::from("first"), ContactId::from("second"));
    for (contact, name) in [
        (&first, Some("Aisyah")),
        (&second, None),
        (&second, Some("Salmah")),
    ] {
        phones::save(
            pool,
            &location(),
            phone,
            contact,
            ContactSource::Search,
            Touch {
                wrote_at: None,
                number: seed::NUMBER,
            },
            now,
        )
        .await
        .unwrap();
        phones::save_name(pool, &location(), contact, name)
            .await
            .unwrap();
        let kept: Option<String> = sqlx::query_scalar("select name from contacts")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(kept.as_deref(), name);
    }
}

#[tokio::test]
async fn messages_are_found_by_parts_of_a_customers_name_and_by_last_digits() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    bridge.agent_writes("apa khabar").await;
    bridge
        .agent_sends(seed::LIM_WEI.0, "selamat pagi", &[])
        .await;
    bridge.settle().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for (query, count) in [
        ("", 3),
        ("customer=aisyah", 2),
        ("customer=SYAH+R", 2),
        ("customer=aisyah++rahman", 2),
        ("customer=6789", 2),
        ("customer=%2B60+12-345+6789", 2),
        ("customer=65432", 1),
        ("customer=Wei", 0),
        ("customer=%25", 0),
        ("customer=_", 0),
        ("customer=%00", 3),
        ("state=posted&customer=aisyah", 1),
        ("state=failed&customer=aisyah", 0),
    ] {
        let page = frame.get(&format!("/messages?{query}")).await.body;
        let rows = page.matches("<tr data-key").count();
        assert_eq!(rows, count, "{query}: {page}");
    }
    let page = frame.get("/messages?customer=%22%3E%3Cb%3E").await.body;
    assert!(page.contains("value=\"&quot;&gt;&lt;b&gt;\""), "{page}");
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
