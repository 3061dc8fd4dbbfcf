//! The page inside GHL for a whole agency: its own sub-accounts and nobody else's, its Waapify token, and who may change
//! what.

use axum::http::StatusCode;
use serde_json::json;
use simulators::{Fault, InstallKind, seed};
use waapify_ghl::accounts::key_rotation;
use waapify_ghl::db::accounts::account_names;
use waapify_ghl::model::states::IncidentKind;

use crate::alerts::begin as trouble;
use crate::app_page::{Answer, Frame, OTHER, exchange, install_other, payload_of};
use crate::ghl_events::uninstall;
use crate::harness::{Bridge, settings};
use crate::sso::user_of;

/// What GHL answers for a user in its view of an agency.
async fn enter(bridge: &Bridge, company: &str, role: &str, kind: &str) -> Answer {
    let mut user = user_of("");
    user["companyId"] = json!(company);
    user["role"] = json!(role);
    user["type"] = json!(kind);
    exchange(bridge, &payload_of(&user)).await
}

/// The page of an admin of the agency.
pub async fn admin(bridge: &Bridge) -> Frame<'_> {
    Frame::of(
        bridge,
        &enter(bridge, seed::COMPANY_ID, "admin", "agency").await,
    )
}

/// Stores the agency's token.
pub async fn store(bridge: &Bridge, token: &str) {
    let frame = admin(bridge).await;
    let saved = frame.post("/token", &[("access_token", token)]).await;
    assert_eq!(saved.leads_to(), format!("{}?saved", frame.path));
}

/// Stores a token that Waapify is not asked about.
pub async fn store_unchecked(bridge: &Bridge, token: &str) {
    let faults = bridge.simulation.waapify.faults();
    faults.push("reconnect.php", Fault::answer(502, "<html>"));
    let frame = admin(bridge).await;
    let saved = frame.post("/token", &[("access_token", token)]).await;
    assert_eq!(saved.leads_to(), format!("{}?saved=unchecked", frame.path));
}

/// A connect link of the agency's admin. Returns its path.
pub async fn agency_link(bridge: &Bridge, location: &str) -> String {
    let frame = admin(bridge).await;
    let made = frame.post("/connect", &[("location", location)]).await;
    let (_, path) = made.leads_to().split_once("/connect/").unwrap();
    format!("/connect/{path}")
}

/// Another agency with a sub-account that has the app.
async fn install_foreign(bridge: &Bridge) {
    let ghl = &bridge.simulation.ghl;
    ghl.add_company("OtherAgency", "Agensi Lain");
    ghl.add_location("OtherAgency", "ForeignShop", "Kedai Lain");
    let code = ghl.issue_code(InstallKind::Company {
        company_id: "OtherAgency".to_owned(),
        location_ids: vec!["ForeignShop".to_owned()],
        bulk: false,
    });
    bridge.callback(&code).await;
}

#[tokio::test]
async fn an_agency_sees_its_own_sub_accounts_with_states_and_goes_to_each() {
    let bridge = Bridge::new().await;
    install_other(&bridge).await;
    install_foreign(&bridge).await;
    let entered = enter(&bridge, seed::COMPANY_ID, "admin", "agency").await;
    let frame = Frame::of(&bridge, &entered);
    assert!(frame.path.starts_with("/app/agency/"), "{}", frame.path);
    let cookie = entered.headers["set-cookie"].to_str().unwrap();
    assert!(
        cookie.contains("Partitioned") && cookie.contains(&format!("Path={}", frame.path)),
        "{cookie}"
    );
    assert_eq!(frame.get("?begin").await.leads_to(), frame.path);
    let page = frame.get("").await.body;
    for shown in [
        seed::LOCATION_ID,
        OTHER,
        "+60 111234567",
        "waits for a first message each way",
        "No number connected",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(
        !page.contains("ForeignShop") && !page.contains("Kedai Lain"),
        "{page}"
    );
    trouble(&bridge, "", IncidentKind::Provider).await;
    assert!(frame.get("").await.body.contains("Needs your attention"));
    let found = frame.get(&format!("?q={}", &OTHER[..6])).await.body;
    assert!(found.contains(OTHER), "{found}");
    // However many spaces, and as people dial the number.
    let pool = &bridge.database.pool;
    account_names::record_name(pool, seed::LOCATION_ID, "Kedai  Contoh")
        .await
        .unwrap();
    for text in ["kedai++CONTOH", "011-123+4567", "+60111+234567"] {
        let list = frame
            .get(&format!("?q={}", text.replace("+60", "%2B60")))
            .await
            .body;
        assert!(
            list.contains(seed::LOCATION_ID) && !list.contains(OTHER),
            "{text}: {list}"
        );
    }
    assert!(
        frame
            .get("?q=nobody")
            .await
            .body
            .contains("Nothing is found")
    );
    let opened = frame.post("/open", &[("location", OTHER)]).await;
    let inner = Frame::of(&bridge, &opened);
    assert!(inner.get("").await.body.contains("Connect a number"));
    let alerts = frame
        .post("/open", &[("location", OTHER), ("to", "alerts")])
        .await;
    assert!(
        alerts.leads_to().contains("/alerts?"),
        "{}",
        alerts.leads_to()
    );
    let made = frame.post("/connect", &[("location", OTHER)]).await;
    assert!(made.leads_to().contains("/connect/"));
}

#[tokio::test]
async fn a_sub_account_of_another_agency_is_out_of_reach() {
    let bridge = Bridge::new().await;
    install_foreign(&bridge).await;
    let frame = admin(&bridge).await;
    for location in ["ForeignShop", "nobody", "", "a\0b"] {
        for form in ["/open", "/connect"] {
            let refused = frame.post(form, &[("location", location)]).await;
            assert_eq!(refused.status, StatusCode::NOT_FOUND, "{location} {form}");
        }
    }
    let foreign = enter(&bridge, "OtherAgency", "admin", "agency").await;
    let foreign = Frame::of(&bridge, &foreign);
    let page = foreign.get("").await.body;
    assert!(
        page.contains("ForeignShop") && !page.contains(seed::LOCATION_ID),
        "{page}"
    );
    // A session's cookie opens its own pages only.
    let stolen = bridge
        .http
        .get(format!("{}{}", bridge.address, frame.path))
        .header("cookie", &foreign.cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(stolen.status(), StatusCode::UNAUTHORIZED);
    // The foreign agency's token serves no sub-account of ours.
    let faults = bridge.simulation.waapify.faults();
    faults.push("reconnect.php", Fault::answer(502, "<html>"));
    let saved = foreign.post("/token", &[("access_token", "theirs")]).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let link = crate::connecting::link(&bridge).await;
    assert!(!bridge.get(&link).await.1.contains("data-auto"));
    assert!(frame.get("").await.body.contains("Store it once"));
}

#[tokio::test]
async fn who_is_no_admin_of_the_agency_looks_and_changes_nothing() {
    let bridge = Bridge::new().await;
    let member = enter(&bridge, seed::COMPANY_ID, "user", "agency").await;
    let frame = Frame::of(&bridge, &member);
    let page = frame.get("").await.body;
    assert!(page.contains(seed::LOCATION_ID), "{page}");
    assert!(!page.contains("<form method=\"post\""), "{page}");
    let own = admin(&bridge).await;
    let token = own.token().await;
    for form in ["/token", "/token/remove", "/open", "/connect"] {
        let fields = [("location", seed::LOCATION_ID), ("access_token", "t")];
        let refused = frame.post_with(form, &token, &fields).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{form}");
        let forged = own.post_with(form, "another", &fields).await;
        assert_eq!(forged.status, StatusCode::FORBIDDEN, "{form}");
    }
    let staff = enter(&bridge, seed::COMPANY_ID, "admin", "account").await;
    assert_eq!(staff.status, StatusCode::FORBIDDEN, "{}", staff.body);
    let kept: i64 = sqlx::query_scalar("select count(*) from gateway_tokens")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn the_token_is_set_replaced_and_removed_and_never_shown() {
    let bridge = Bridge::new().await;
    let frame = admin(&bridge).await;
    let empty = frame.post("/token", &[("access_token", " ")]).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.body.contains("aria-invalid"), "{}", empty.body);
    for token in ["first-secret", "second-secret"] {
        store_unchecked(&bridge, token).await;
        let page = frame.get("?saved=unchecked").await.body;
        assert!(
            page.contains("The token is stored") && !page.contains(token),
            "{page}"
        );
    }
    let removed = frame.post("/token/remove", &[]).await;
    assert_eq!(removed.leads_to(), frame.path);
    assert!(frame.get("").await.body.contains("Store it once"));
}

#[tokio::test]
async fn the_token_moves_with_the_keys_and_goes_with_the_agency() {
    let bridge = Bridge::bare().await;
    bridge
        .callback(&bridge.company_code(&[seed::LOCATION_ID]))
        .await;
    store(&bridge, seed::ACCESS_TOKEN).await;
    let pool = &bridge.database.pool;
    let mut environment = bridge.environment.clone();
    for (name, value) in &mut environment {
        if name == "ENCRYPTION_KEYS" {
            *value = format!("{}=,{value}", "E".repeat(43));
        }
    }
    let newer = settings(&environment).sealer;
    let rotation = key_rotation::rotate(pool, &newer).await.unwrap();
    assert_eq!(rotation.unreadable, 0);
    assert_eq!(key_rotation::count_older(pool, &newer).await.unwrap(), 0);
    // This process has only the old key: the token cannot be used, and another one is asked for.
    let link = crate::connecting::link(&bridge).await;
    let (_, page) = bridge.get(&link).await;
    assert!(page.contains("qr_access_token"), "{page}");
    let event = json!({"type": "UNINSTALL", "appId": bridge.simulation.ghl.app_id(), "companyId": seed::COMPANY_ID});
    crate::installs::posts(&bridge, &event).await;
    bridge.settle().await;
    let kept: i64 = sqlx::query_scalar("select count(*) from gateway_tokens")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn an_agency_without_a_sub_account_is_told_where_to_install_and_a_removed_one_is_not_listed()
{
    let bridge = Bridge::new().await;
    let empty = enter(&bridge, "EmptyAgency", "admin", "agency").await;
    let page = Frame::of(&bridge, &empty).get("").await.body;
    assert!(page.contains("No sub-account of your agency"), "{page}");
    uninstall(&bridge, seed::LOCATION_ID).await;
    bridge.settle().await;
    let page = admin(&bridge).await.get("").await.body;
    assert!(!page.contains(seed::LOCATION_ID), "{page}");
}
