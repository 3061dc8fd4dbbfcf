//! The checks of a location: install, token, scopes, SMS provider.

use simulators::{DefaultProvider, Fault, seed};
use time::Duration;
use waapify_ghl::doctor::State;

use super::{complete, diagnose, diagnose_with};
use crate::harness::{Bridge, location};

const CHANNELS: &str = "GET /locations/{id}/conversationChannels/SMS";

async fn execute(bridge: &Bridge, sql: &'static str) {
    sqlx::query(sql)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn each_state_of_an_install_has_its_sentence() {
    let bridge = complete().await;
    let unknown = diagnose_with(&bridge, |command| {
        command.args(["--location", "nobody"]);
    })
    .await;
    unknown.assert_bad("install", "not installed in this sub-account", 1);
    assert_eq!(unknown.state("token"), "unknown");
    execute(&bridge, "update tokens set trouble = 'inactive'").await;
    diagnose(&bridge)
        .await
        .assert_bad("install", "not active in GHL", 1);
    execute(&bridge, "delete from tokens").await;
    execute(
        &bridge,
        "update locations set token_request_refusal_code = 'other', token_request_refusal_args = '{\"words\": \"not there\"}', token_request_at = null",
    )
    .await;
    diagnose(&bridge)
        .await
        .assert_bad("install", "gives none: not there", 1);
    execute(
        &bridge,
        "update locations set token_request_refusal_code = null, token_request_at = now()",
    )
    .await;
    let pending = diagnose(&bridge).await;
    assert_eq!(pending.state("install"), "warn");
    pending.assert_explained("install", "is being asked for");
    execute(&bridge, "update locations set uninstalled_at = now()").await;
    let gone = diagnose_with(&bridge, |command| {
        command.args(["--location", seed::LOCATION_ID]);
    })
    .await;
    gone.assert_bad("install", "was uninstalled", 1);
    assert!(
        !diagnose(&bridge).await.text.contains("\"install\""),
        "all but those"
    );
}

#[tokio::test]
async fn a_token_that_ghl_ended_or_refuses_is_named() {
    let bridge = complete().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(CHANNELS, Fault::answer(401, r#"{"message":"Invalid JWT"}"#));
    diagnose(&bridge)
        .await
        .assert_bad("token", "refuses this sub-account's token", 1);
    faults.clear();
    faults.push(CHANNELS, Fault::answer(500, "{}"));
    let silent = diagnose(&bridge).await;
    assert_eq!((silent.state("token"), silent.code), ("unknown", Some(0)));
    bridge.simulation.ghl.revoke_refresh_tokens();
    bridge.after(Duration::days(2)).await;
    diagnose(&bridge)
        .await
        .assert_bad("install", "has ended this sub-account's token", 1);
}

#[tokio::test]
async fn missing_scopes_are_known_by_ghls_refusal_and_by_what_it_granted() {
    let bridge = complete().await;
    let refusal = r#"{"statusCode":401,"message":"The token is not authorized for this scope."}"#;
    bridge
        .simulation
        .ghl
        .faults()
        .push(CHANNELS, Fault::answer(401, refusal));
    let report = diagnose(&bridge).await;
    report.assert_bad("scopes", "not authorized for this scope", 1);
    assert_eq!(
        (report.state("token"), report.state("provider")),
        ("good", "bad")
    );
    execute(
        &bridge,
        "update tokens set scope = 'contacts.readonly contacts.write conversations.readonly'",
    )
    .await;
    diagnose(&bridge).await.assert_bad(
        "scopes",
        "conversations/message.write, locations.readonly",
        1,
    );
    execute(&bridge, "update tokens set scope = null").await;
    assert_eq!(
        diagnose(&bridge).await.state("scopes"),
        "good",
        "GHL takes the call"
    );
}

#[tokio::test]
async fn who_the_sms_provider_is_decides() {
    let bridge = complete().await;
    let ghl = &bridge.simulation.ghl;
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Twilio);
    let report = diagnose(&bridge).await;
    report.assert_bad("provider", "is \"Twilio\", not ours", 1);
    let todo = report.find("provider")["todo"]["en"].as_str().unwrap();
    assert!(todo.contains("Settings > Phone Numbers > Advanced Settings > SMS Provider"));
    let doctor = &bridge.app.context.doctor;
    assert_eq!(doctor.check_provider(&location()).await.state, State::Bad);
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::NotConfigured);
    diagnose(&bridge)
        .await
        .assert_bad("provider", "does not offer our SMS provider", 1);
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
    assert_eq!(doctor.check_provider(&location()).await.state, State::Good);
    let unnamed = diagnose_with(&bridge, |command| {
        command.env_remove("GHL_CONVERSATION_PROVIDER_ID");
    })
    .await;
    assert_eq!(unnamed.state("provider"), "good", "by its name");
    let other_app = diagnose_with(&bridge, |command| {
        command.env("GHL_CONVERSATION_PROVIDER_ID", "another");
    })
    .await;
    other_app.assert_bad("provider", "does not offer our SMS provider", 1);
}

#[tokio::test]
async fn what_never_came_is_not_known_rather_than_bad() {
    let bridge = complete().await;
    let report = diagnose(&bridge).await;
    for check in ["last_delivery", "last_inbound", "last_ack", "webhook"] {
        assert_eq!(report.state(check), "unknown", "{check}");
    }
    assert_eq!(report.code, Some(0), "{}", report.text);
}
