//! `POST /hooks/app`: which events are believed, what is stored, and what an uninstall deletes, ends and keeps.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use simulators::seed;
use time::Duration;
use waapify_ghl::app::App;
use waapify_ghl::db::webhooks::ghl_events;
use waapify_ghl::model::states::InstallStatus;
use waapify_ghl::runtime::clock::Clock;

use crate::harness::{
    Bridge, TestDatabase, ask, corpus, environment, hook_path, location, payload, settings,
    signature_of, wait,
};

/// Posts a signed body of the corpus to routes over `database`.
async fn post(database: &TestDatabase, path: &str, file: &str, client_id: &str) -> StatusCode {
    let mut environment = environment("http://localhost:8080", "http://127.0.0.1:9");
    environment.retain(|(name, _)| name != "GHL_CLIENT_ID");
    environment.push(("GHL_CLIENT_ID".to_owned(), client_id.to_owned()));
    let app = App::new(
        &settings(&environment),
        database.pool.clone(),
        Clock::system(),
    )
    .unwrap();
    let request = Request::post(hook_path(&environment, path))
        .header("x-ghl-signature", signature_of(file))
        .body(Body::from(payload(&format!("ghl/webhooks/{file}"))))
        .unwrap();
    ask(&app.router(), request).await.0
}

const OURS: &str = "66b1f0a2c3d4e5f60718293a-test";

async fn events(database: &TestDatabase) -> Vec<(String, String, Vec<u8>)> {
    sqlx::query_as("select event_type, state, body from ghl_events order by id")
        .fetch_all(&database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_app_webhook_of_the_corpus_is_stored_as_it_came_and_only_installs_and_do_not_disturb_are_applied()
 {
    let database = TestDatabase::new().await;
    let files = corpus("app-webhook");
    assert!(files.len() >= 18);
    for file in &files {
        assert_eq!(
            post(&database, "/hooks/app", file, OURS).await,
            StatusCode::OK,
            "{file}"
        );
    }
    let stored = events(&database).await;
    assert_eq!(stored.len(), files.len());
    for (file, (event_type, state, body)) in files.iter().zip(&stored) {
        assert_eq!(*body, payload(&format!("ghl/webhooks/{file}")), "{file}");
        let is_applied =
            ["INSTALL", "UNINSTALL", "ContactDndUpdate"].contains(&event_type.as_str());
        let expected = if is_applied { "accepted" } else { "ignored" };
        assert_eq!(state, expected, "{file}");
    }
    let sends: i64 = sqlx::query_scalar("select count(*) from outbound")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert_eq!(
        sends, 0,
        "a monitor event of a message is not a message to send"
    );
}

#[tokio::test]
async fn bodies_that_belong_to_other_entrances_are_refused_here_and_change_nothing() {
    let database = TestDatabase::new().await;
    let others = ["external-auth", "workflow"].map(corpus).concat();
    assert!(others.len() >= 10);
    for file in others
        .iter()
        .map(String::as_str)
        .chain(["array.json", "not_json.bin"])
    {
        for path in ["/hooks/app", "/hooks/delivery"] {
            let status = post(&database, path, file, OURS).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {file}");
        }
    }
    assert!(events(&database).await.is_empty());
}

#[tokio::test]
async fn an_event_about_another_app_or_without_a_good_signature_is_refused() {
    let database = TestDatabase::new().await;
    let other = "0000f0a2c3d4e5f60718293a-test";
    for file in [
        "install_location.json",
        "uninstall_company_minimal.json",
        "plan_change.json",
    ] {
        let status = post(&database, "/hooks/app", file, other).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{file}");
    }
    let bridge = Bridge::new().await;
    let mut anonymous = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    anonymous.as_object_mut().unwrap().remove("appId");
    assert_eq!(
        bridge.simulation.ghl.posts_app_event(&anonymous).await,
        Some(403)
    );
    for subject in [
        json!({"locationId": ""}),
        json!({"locationId": 5, "companyId": seed::COMPANY_ID}),
        json!({}),
    ] {
        let mut event = subject;
        event["type"] = "UNINSTALL".into();
        event["appId"] = bridge.simulation.ghl.app_id().into();
        assert_eq!(
            bridge.simulation.ghl.posts_app_event(&event).await,
            Some(400),
            "{event}"
        );
    }
    bridge
        .simulation
        .ghl
        .set_signing(simulators::SignWith::Nothing);
    let event = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    assert_eq!(
        bridge.simulation.ghl.posts_app_event(&event).await,
        Some(401)
    );
    bridge.settle().await;
    assert!(
        bridge.use_token(&location()).await.unwrap(),
        "nothing was uninstalled"
    );
    assert!(events(&database).await.is_empty() && events(&bridge.database).await.is_empty());
}

pub async fn uninstall(bridge: &Bridge, location_id: &str) {
    let event = bridge.simulation.ghl.uninstall_event(location_id);
    bridge.simulation.ghl.set_installed(location_id, false);
    assert_eq!(
        bridge.simulation.ghl.posts_app_event(&event).await,
        Some(200)
    );
    bridge.settle().await;
}

/// The number of secrets of a location in the database.
pub async fn secrets(bridge: &Bridge, location_id: &str) -> i64 {
    sqlx::query_scalar(
        "select (select count(*) from tokens where owner_id = $1)
            + (select count(access_token) + count(webhook_secret) + count(webhook_secret_hash) from numbers
               where location_id = $1)
            + (select count(*) from connect_links where location_id = $1)",
    )
    .bind(location_id)
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_event_that_comes_again_is_applied_once() {
    let bridge = Bridge::new().await;
    let event = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    for _ in 0..2 {
        assert_eq!(
            bridge.simulation.ghl.posts_app_event(&event).await,
            Some(200)
        );
        bridge.settle().await;
        bridge.install().await;
    }
    assert_eq!(events(&bridge.database).await.len(), 1);
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::Installed
    );
}

#[tokio::test]
async fn an_agency_id_that_is_none_does_not_spoil_an_event_that_names_its_location() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    for (n, company) in [json!(""), json!(5), json!(null)].into_iter().enumerate() {
        let id = format!("Location{n}");
        bridge
            .simulation
            .ghl
            .add_location(seed::COMPANY_ID, &id, "Kedai");
        bridge.simulation.ghl.set_installed(&id, true);
        let mut event = bridge.simulation.ghl.install_event(&id);
        event["companyId"] = company;
        assert_eq!(
            bridge.simulation.ghl.posts_app_event(&event).await,
            Some(200),
            "{event}"
        );
        bridge.settle().await;
        assert_eq!(
            bridge.install_status(&id).await,
            InstallStatus::Installed,
            "{event}"
        );
    }
}

#[tokio::test]
async fn an_event_that_somebody_changes_while_it_is_claimed_is_claimed_all_the_same() {
    let database = TestDatabase::new().await;
    let pool = &database.pool;
    post(&database, "/hooks/app", "install_location.json", OURS).await;
    let mut other = pool.begin().await.unwrap();
    sqlx::query("update ghl_events set received_at = received_at")
        .execute(&mut *other)
        .await
        .unwrap();
    let claim = tokio::spawn({
        let (pool, now) = (pool.clone(), Clock::system().now());
        async move { ghl_events::claim(&pool, now, Duration::MINUTE).await }
    });
    // The claim has read the old row and waits for the lock.
    let waits = "select exists (select 1 from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock')";
    wait("the claim waits", async || {
        let found = sqlx::query_scalar(waits).fetch_one(pool).await;
        found.unwrap_or(false)
    })
    .await;
    other.commit().await.unwrap();
    assert!(claim.await.unwrap().unwrap().is_some());
}
