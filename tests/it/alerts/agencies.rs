//! An agency's own target: who may set it, what it gets, and where it must not lead.

use axum::http::StatusCode;
use serde_json::json;
use simulators::seed;
use time::Duration;
use waapify_ghl::app::App;
use waapify_ghl::model::states::IncidentKind;

use super::{Target, after, begin, end, with};
use crate::app_page::{Frame, exchange, payload_of};
use crate::harness::{Bridge, settings};
use crate::sso::user_of;

/// The page of an admin of the agency.
pub async fn admin(bridge: &Bridge) -> Frame<'_> {
    let mut user = user_of(seed::LOCATION_ID);
    user["type"] = json!("agency");
    Frame::of(bridge, &exchange(bridge, &payload_of(&user)).await)
}

fn form(url: &str) -> [(&str, &str); 3] {
    [("kind", "webhook"), ("address", url), ("template", "")]
}

#[tokio::test]
async fn an_agency_sets_its_own_target_which_gets_a_test_and_what_concerns_it() {
    let target = Target::start().await;
    let bridge = Bridge::new().await;
    let page = admin(&bridge).await;
    assert!(page.get("").await.body.contains("/alerts\""), "a tab");
    let saved = page.post("/alerts", &form(&target.url)).await;
    assert_eq!(saved.leads_to(), format!("{}/alerts", page.path));
    let shown = page.get("/alerts").await.body;
    assert!(
        shown.contains("A test is on its way there") && !shown.contains("key=secret"),
        "{shown}"
    );
    after(&bridge, Duration::ZERO).await;
    let test = target.take_one();
    assert!(test["title"].as_str().unwrap().contains("a test"));
    assert!(page.get("/alerts").await.body.contains("Last delivered"));
    begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
    // Another agency's, and the service's.
    sqlx::query(
        "insert into incidents (location_id, number, kind, since, last_seen_at)
         values ('another', '', 'provider', now() - interval '1 h', now()), ('', '', 'gateway', now() - interval '1 h', now())",
    )
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    after(&bridge, Duration::minutes(3)).await;
    let (headers, body) = target.take().remove(0);
    let alert: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(alert["alerts"].as_array().unwrap().len(), 1, "{alert}");
    assert_eq!(alert["alerts"][0]["kind"], "link");
    assert!(
        alert["alerts"][0]["page"].is_null(),
        "the operator's pages are not theirs"
    );
    assert!(!body.contains("/operator"), "{body}");
    let signature = headers["x-waapify-ghl-signature"].to_str().unwrap();
    let timestamp = headers["x-waapify-ghl-timestamp"].to_str().unwrap();
    let shown = page.get("/alerts").await.body;
    let codes = shown
        .split("<code>")
        .map(|rest| rest.split('<').next().unwrap());
    let secret = codes.last().unwrap();
    assert_eq!(
        signature,
        waapify_ghl::crypto::sign_post(&secret.into(), timestamp, &body)
    );
    let removed = page.post("/alerts/remove", &[("kind", "webhook")]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER);
    end(&bridge, seed::NUMBER, IncidentKind::Link).await;
    after(&bridge, Duration::minutes(5)).await;
    assert_eq!(target.take().len(), 0);
}

#[tokio::test]
async fn only_an_admin_of_the_agency_sees_and_sets_it() {
    let bridge = Bridge::new().await;
    let staff = Frame::open(&bridge, seed::LOCATION_ID).await;
    assert!(!staff.get("").await.body.contains("/alerts\""));
    assert_eq!(staff.get("/alerts").await.status, StatusCode::FORBIDDEN);
    for (rest, fields) in [
        ("/alerts", form("https://hooks.example/x")),
        ("/alerts/remove", form("")),
    ] {
        assert_eq!(
            staff.post(rest, &fields).await.status,
            StatusCode::FORBIDDEN,
            "{rest}"
        );
    }
    let page = admin(&bridge).await;
    let stored: i64 = sqlx::query_scalar("select count(*) from alert_targets")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(
        (page.get("/alerts").await.status, stored),
        (StatusCode::OK, 0)
    );
    // A location that moved to another agency is no longer theirs.
    sqlx::query("update locations set company_id = 'another'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(page.get("/alerts").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_target_in_a_private_network_is_refused_when_it_is_set_and_when_it_is_told() {
    let target = Target::start().await;
    let bridge = Bridge::new().await;
    let page = admin(&bridge).await;
    for (address, template) in [
        ("http://10.0.0.1/hook", ""),
        ("http://169.254.169.254/latest", ""),
        ("ftp://hooks.example/x", ""),
        ("hooks", ""),
        ("https://hooks.example/x", "no json"),
    ] {
        let fields = [
            ("kind", "webhook"),
            ("address", address),
            ("template", template),
        ];
        let answer = page.post("/alerts", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{address}");
    }
    // This test's bridge allows targets on this machine, as no setting does. The real service does not.
    page.post("/alerts", &form(&target.url)).await;
    let pool = bridge.database.pool.clone();
    let app = App::new(&settings(&bridge.environment), pool, bridge.clock.clone()).unwrap();
    let worker = std::sync::Arc::new(waapify_ghl::workers::alerts::Alerts::new(app.context));
    assert!(waapify_ghl::workers::step(&worker).await.unwrap() > 0);
    assert_eq!(target.take().len(), 0);
    let shown = page.get("/alerts").await.body;
    assert!(
        shown.contains("does not lead to a server on the public Internet"),
        "{shown}"
    );
}

#[tokio::test]
async fn an_agencys_mails_to_strangers_end_soon() {
    let bridge = with(&[
        ("ALERT_SMTP_URL", "smtp://127.0.0.1:9"),
        ("ALERT_MAIL_FROM", "alerts@example.com"),
    ])
    .await;
    let page = admin(&bridge).await;
    let save = async |page: &Frame<'_>, stranger: usize| {
        let address = format!("stranger{stranger}@example.com");
        let fields = [
            ("kind", "mail"),
            ("address", address.as_str()),
            ("template", ""),
        ];
        page.post("/alerts", &fields).await
    };
    for stranger in 0..5 {
        assert_eq!(save(&page, stranger).await.status, StatusCode::SEE_OTHER);
    }
    // Removing a target gives no further tries.
    page.post("/alerts/remove", &[("kind", "mail")]).await;
    let refused = save(&page, 5).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.body.contains("too often"), "{}", refused.body);
    let shown = page.get("/alerts").await.body;
    assert!(shown.contains("At most five changes an hour") && !shown.contains("stranger5"));
    bridge.clock.advance(Duration::minutes(61));
    let page = admin(&bridge).await;
    assert_eq!(save(&page, 6).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn changes_that_arrive_together_are_no_more_than_one_after_another() {
    let bridge = with(&[
        ("ALERT_SMTP_URL", "smtp://127.0.0.1:9"),
        ("ALERT_MAIL_FROM", "alerts@example.com"),
    ])
    .await;
    let page = admin(&bridge).await;
    let save = async |stranger: usize| {
        let address = format!("stranger{stranger}@example.com");
        let fields = [
            ("kind", "mail"),
            ("address", address.as_str()),
            ("template", ""),
        ];
        page.post("/alerts", &fields).await.status
    };
    let saved = futures_util::future::join_all((0..20).map(save)).await;
    let done = saved
        .iter()
        .filter(|status| **status == StatusCode::SEE_OTHER);
    assert_eq!(done.count(), 5, "{saved:?}");
    let others = saved
        .iter()
        .filter(|status| **status == StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(others.count(), 15, "{saved:?}");
}
