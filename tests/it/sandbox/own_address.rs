//! The sandbox at another name of this machine, and the settings that count there.

use axum::http::StatusCode;
use axum::http::header::{LOCATION, ORIGIN};

use super::played::Played;
use super::program;
use crate::commands::output;
use crate::harness::TestDatabase;
use crate::private_postgres::Folder;

#[tokio::test]
async fn the_operators_pages_lead_from_localhost_to_the_sandboxs_own_address() {
    let played = Played::start().await;
    let own = played.url("/operator/sign-in");
    let local = own.replace("127.0.0.1", "localhost");
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let led = browser.get(&local).send().await.unwrap();
    assert_eq!(led.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(led.headers()[LOCATION], own.as_str());
    assert_eq!(
        browser.get(&own).send().await.unwrap().status(),
        StatusCode::OK
    );
    // A form of another name is another website's all the same.
    let origin = local.trim_end_matches("/operator/sign-in");
    let form = browser.post(&own).header(ORIGIN, origin).send().await;
    assert_eq!(form.unwrap().status(), StatusCode::FORBIDDEN);
    // GHL's pages live there on purpose.
    let ghl = played.url("/sandbox/ghl").replace("127.0.0.1", "localhost");
    assert_eq!(
        browser.get(ghl).send().await.unwrap().status(),
        StatusCode::OK
    );
}

#[tokio::test]
async fn targets_of_alerts_count_in_the_sandbox() {
    let (database, folder) = (TestDatabase::new().await, Folder::new("alerts"));
    let url = database.url();
    let mut sandbox = program(&folder, &["sandbox", "--database-url", &url]);
    sandbox.env("ALERT_WEBHOOK_URL", "nowhere");
    let (code, _, stderr) = output(sandbox).await;
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("ALERT_WEBHOOK_URL is not"), "{stderr}");
}
