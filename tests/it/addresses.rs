//! The addresses that GHL is given: only whole ones are open, and what comes to the wrong one is named.

use axum::body::Bytes;
use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::doctor::State;
use waapify_ghl::model::language::Language;

use crate::harness::Bridge;

/// A delivery for the seeded location, as GHL documents it.
fn delivery(message: &str) -> Value {
    json!({
        "contactId": seed::AISYAH.0,
        "locationId": seed::LOCATION_ID,
        "messageId": message,
        "type": "SMS",
        "phone": seed::AISYAH.2,
        "message": "hai",
        "attachments": [],
    })
}

/// Posts a body as GHL, to a path of the service.
async fn post(bridge: &Bridge, path: &str, body: &Value) -> Option<u16> {
    let body = Bytes::from(body.to_string());
    bridge
        .simulation
        .ghl
        .post_signed(path, body, String::new())
        .await
}

async fn count(bridge: &Bridge, table: &'static str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
}

/// What the doctor finds in a check, as a state and an English sentence.
async fn found(bridge: &Bridge, check: &str) -> Vec<(State, String)> {
    let findings = bridge.app.context.doctor.check_service().await;
    let findings = findings
        .into_iter()
        .filter(|finding| finding.check == check);
    findings
        .map(|finding| (finding.state, finding.what.of(Language::English).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_signature_alone_opens_no_address_and_the_doctor_names_who_tried() {
    let bridge = Bridge::new().await;
    let event = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    for (path, body) in [
        ("/hooks/delivery", &delivery("replayed")),
        ("/hooks/delivery/guess", &delivery("replayed")),
        ("/hooks/app", &event),
        ("/hooks/app/guess", &event),
    ] {
        assert_eq!(post(&bridge, path, body).await, Some(404), "{path}");
    }
    bridge.settle().await;
    assert_eq!(
        (
            count(&bridge, "outbound").await,
            count(&bridge, "ghl_events").await
        ),
        (0, 0)
    );
    assert!(bridge.sends().is_empty());
    let told = found(&bridge, "misdirected").await;
    assert!(
        matches!(&told[..], [(State::Warn, said)] if said.contains("without the secret part")),
        "{told:?}"
    );
    assert!(found(&bridge, "plain_addresses").await.is_empty());
    bridge.clock.advance(Duration::hours(25));
    assert!(found(&bridge, "misdirected").await.is_empty());
}

#[tokio::test]
async fn a_refused_caller_reads_what_to_do() {
    let bridge = Bridge::bare().await;
    let answer = bridge
        .http
        .post(format!("{}/hooks/delivery", bridge.address))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let said = answer.text().await.unwrap();
    assert!(said.contains("marketplace --show-secrets"), "{said}");
}

#[tokio::test]
async fn a_setting_keeps_the_plain_addresses_and_the_doctor_names_it() {
    let keep = ("ACCEPT_PLAIN_HOOKS".to_owned(), "true".to_owned());
    let bridge = Bridge::with(|environment| environment.push(keep)).await;
    bridge.install().await;
    bridge.connect().await;
    assert_eq!(
        post(&bridge, "/hooks/delivery", &delivery("m1")).await,
        Some(200)
    );
    let event = bridge.simulation.ghl.install_event(seed::LOCATION_ID);
    assert_eq!(post(&bridge, "/hooks/app", &event).await, Some(200));
    bridge.settle().await;
    assert_eq!(bridge.state("m1").await, "sent");
    let told = found(&bridge, "plain_addresses").await;
    assert!(
        matches!(&told[..], [(State::Warn, said)] if said.contains("ACCEPT_PLAIN_HOOKS")),
        "{told:?}"
    );
}

/// What GHL signs and what is no delivery for our provider, all with ids that a delivery has.
fn not_deliveries() -> Vec<Value> {
    let with = |fields: Value| {
        let mut body = delivery("taken");
        let fields = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        body
    };
    let mut bodies: Vec<_> = [
        "InboundMessage",
        "OutboundMessage",
        "INSTALL",
        "UNINSTALL",
        "Call",
        "WhatsApp",
        "FB",
        "IG",
        "Live_Chat",
        "ConversationUnreadUpdate",
    ]
    .map(|kind| with(json!({"type": kind})))
    .into();
    bodies.extend([
        with(json!({"direction": "outbound"})),
        with(json!({"direction": "inbound", "type": null})),
        with(json!({"messageType": "SMS", "body": "hai", "type": ""})),
        with(json!({"conversationProviderId": "66c0ffee0ddba1100000beef"})),
        with(json!({"appId": "66b1f0a2c3d4e5f60718beef"})),
    ]);
    bodies
}

#[tokio::test]
async fn what_is_no_delivery_takes_no_message_id_and_is_neither_sent_nor_reported() {
    let ours = (
        "GHL_CONVERSATION_PROVIDER_ID".to_owned(),
        seed::PROVIDER_ID.to_owned(),
    );
    let bridge = Bridge::with(|environment| environment.push(ours)).await;
    bridge.install().await;
    bridge.connect().await;
    let ghl = &bridge.simulation.ghl;
    for body in not_deliveries() {
        // GHL would repeat for hours what is refused and never can be ours.
        assert_eq!(ghl.agent_sends_raw(&body).await, Some(200), "{body}");
    }
    bridge.settle().await;
    assert_eq!(count(&bridge, "outbound").await, 0);
    assert!(bridge.sends().is_empty());
    assert!(
        ghl.faults()
            .seen_at("PUT /conversations/messages/{id}/status")
            .is_empty()
    );
    let told = found(&bridge, "misdirected").await;
    assert!(
        matches!(&told[..], [(State::Warn, said)] if said.contains("Delivery URL")),
        "{told:?}"
    );
    // The id is free: the delivery itself, of our provider, is taken.
    let mut own = delivery("taken");
    own["conversationProviderId"] = seed::PROVIDER_ID.into();
    assert_eq!(ghl.agent_sends_raw(&own).await, Some(200));
    bridge.settle().await;
    assert_eq!(bridge.state("taken").await, "sent");
}

#[tokio::test]
async fn every_type_of_a_delivery_is_taken_in_any_case_or_without_one() {
    let bridge = Bridge::new().await;
    for (n, kind) in ["SMS", "sms", "Custom", "CUSTOM", "Email", "email", " "]
        .iter()
        .enumerate()
    {
        let mut body = delivery(&format!("m{n}"));
        body["type"] = (*kind).into();
        assert_eq!(
            bridge.simulation.ghl.agent_sends_raw(&body).await,
            Some(200)
        );
    }
    let mut bare = delivery("bare");
    bare.as_object_mut().unwrap().remove("type");
    assert_eq!(
        bridge.simulation.ghl.agent_sends_raw(&bare).await,
        Some(200)
    );
    assert_eq!(count(&bridge, "outbound").await, 8);
}

#[tokio::test]
async fn a_delivery_at_the_apps_address_is_refused_with_a_sentence_and_named() {
    let bridge = Bridge::new().await;
    for kind in ["SMS", "Custom", "Email"] {
        let mut body = delivery("lost");
        body["type"] = kind.into();
        assert_eq!(
            bridge.simulation.ghl.posts_app_event(&body).await,
            Some(422)
        );
    }
    assert_eq!(count(&bridge, "ghl_events").await, 0);
    let told = found(&bridge, "misdirected").await;
    assert!(
        matches!(&told[..], [(State::Bad, said)] if said.contains("arrived at the app's webhook")),
        "{told:?}"
    );
}

#[tokio::test]
async fn locations_that_only_deliveries_name_cost_agencies_a_few_calls() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    let ghl = &bridge.simulation.ghl;
    for n in 0..40 {
        let mut body = delivery(&format!("m{n}"));
        body["locationId"] = format!("Unknown{n}").into();
        assert_eq!(ghl.agent_sends_raw(&body).await, Some(200));
    }
    ghl.faults().always(
        "POST /oauth/locationToken",
        Fault::answer(400, r#"{"message":"not installed"}"#),
    );
    let asked = || ghl.faults().seen_at("POST /oauth/locationToken").len();
    bridge.settle().await;
    assert!((1..=5).contains(&asked()), "{}", asked());
    for _ in 0..9 {
        bridge.after(Duration::minutes(1)).await;
    }
    assert!(asked() <= 5, "{}", asked());
    bridge.after(Duration::minutes(2)).await;
    assert!((6..=10).contains(&asked()), "{}", asked());
}
