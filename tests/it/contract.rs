//! The contract check: the service against the platform's own `OpenAPI` description, served as a strict mock by
//! `ghl/prism.sh` in the folder that `CONTRACT_DIR` names (`docs/testing.md`). Without the contract or Node it is
//! skipped, with a message.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use simulators::seed;
use time::Duration as Span;
use waapify_ghl::model::ids::LocationId;

use crate::harness::Bridge;
use crate::killed_child::KilledChild;

/// Longest wait for the mock. Its first start installs it.
const START: Duration = Duration::from_mins(4);

/// The mock, which is stopped when the test ends.
struct Prism {
    _process: KilledChild,
    address: String,
}

/// The folder of the contract: `CONTRACT_DIR`, or a folder beside the checkout.
fn contract() -> PathBuf {
    std::env::var_os("CONTRACT_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/contract"),
        PathBuf::from,
    )
}

async fn start_prism() -> Option<Prism> {
    let script = contract().join("ghl/prism.sh");
    let node = Command::new("node")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !script.is_file() || !node {
        // Written directly to the terminal, because the test runner hides the output of tests that pass.
        let _ = writeln!(
            std::io::stderr(),
            "\ncontract check SKIPPED: it needs Node and {}",
            script.display()
        );
        return None;
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let process = KilledChild::spawn(
        Command::new("sh")
            .arg(script)
            .arg(port.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()),
    );
    let prism = Prism {
        _process: process,
        address: format!("http://127.0.0.1:{port}"),
    };
    let http = reqwest_client();
    let answers = async {
        let mut look = tokio::time::interval(Duration::from_millis(100));
        while http.get(&prism.address).send().await.is_err() {
            look.tick().await;
        }
    };
    tokio::time::timeout(START, answers)
        .await
        .expect("the mock starts");
    Some(prism)
}

fn reqwest_client() -> reqwest::Client {
    waapify_ghl::clients::http_client().unwrap()
}

#[tokio::test]
async fn every_request_to_ghl_keeps_the_platforms_own_contract() {
    let Some(prism) = start_prism().await else {
        return;
    };
    let strict = reqwest_client()
        .put(format!("{}/conversations/messages/m/status", prism.address))
        .header("Version", "2021-04-15")
        .bearer_auth("x")
        .json(&json!({"status": "sent"}))
        .send()
        .await
        .unwrap();
    assert!(
        strict.status().is_client_error(),
        "the mock refuses what breaks the contract"
    );

    let bridge = Bridge::with(|environment| {
        environment.retain(|(name, _)| name != "GHL_API_BASE");
        environment.push(("GHL_API_BASE".into(), prism.address.clone()));
    })
    .await;
    let (status, page) = bridge
        .get(&format!(
            "/oauth/callback?code={}",
            crate::installs::ANY_CODE
        ))
        .await;
    assert!(status.is_success() || status.is_redirection(), "{page}");
    let location: String = sqlx::query_scalar("select location_id from locations")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    bridge.connect_to(&LocationId(location.clone())).await;

    let delivery = json!({"contactId": "c", "locationId": location, "messageId": "m1", "type": "SMS", "phone": seed::AISYAH.2, "message": "hai"});
    let unsendable = json!({"contactId": "d", "locationId": location, "messageId": "m2", "type": "SMS", "phone": "012", "message": "hai"});
    assert_eq!(
        bridge.simulation.ghl.agent_sends_raw(&delivery).await,
        Some(200)
    );
    assert_eq!(
        bridge.simulation.ghl.agent_sends_raw(&unsendable).await,
        Some(200)
    );
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .customer_reads(seed::AISYAH.2)
        .await;
    let reply = bridge
        .simulation
        .waapify
        .customer_sends(seed::STRANGER.1, seed::STRANGER.0, "hai juga")
        .await;
    bridge.after(Span::seconds(10)).await;

    assert_eq!(
        (bridge.state("m1").await, bridge.state("m2").await),
        ("read".into(), "failed".into())
    );
    assert_eq!(bridge.inbound(&reply).await.unwrap().0, "posted");
    let refused: Vec<String> = sqlx::query_scalar(
        "select cause_args::text from timeline where cause_code = 'ghl_not_told'",
    )
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap();
    let waiting: i64 = sqlx::query_scalar("select count(*) from status_updates")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(
        (refused, waiting),
        (vec![], 0),
        "GHL took both status updates"
    );
    request_location_token(&bridge).await;
    channels(&bridge, &prism.address).await;
}

/// The SMS provider in each of the contract's cases.
async fn channels(bridge: &Bridge, prism: &str) {
    for (example, expected) in [
        ("ours", Some("66c0ffee0ddba11000000001")),
        ("twilio", Some("twilio_provider")),
        ("empty", None),
    ] {
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("prefer", format!("example={example}").parse().unwrap());
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .build()
            .unwrap();
        let settings = crate::harness::settings(&bridge.environment);
        assert!(settings.ghl.api_base.as_str().starts_with(prism));
        let ghl = waapify_ghl::clients::ghl::Client::new(http, &settings.ghl, &settings.public_url);
        let token = "x".into();
        let providers = ghl
            .sms_providers(&token, &LocationId::from("l"))
            .await
            .unwrap();
        assert_eq!(providers.default.as_deref(), expected, "{example}");
    }
}

/// The calls of an agency's install. The mock's grant does not lead to them.
async fn request_location_token(bridge: &Bridge) {
    let settings = crate::harness::settings(&bridge.environment);
    let ghl = waapify_ghl::clients::ghl::Client::new(
        reqwest_client(),
        &settings.ghl,
        &settings.public_url,
    );
    let company = waapify_ghl::model::ids::CompanyId::from(seed::COMPANY_ID);
    let token = "x".into();
    assert!(
        !ghl.installed_locations(&token, &company)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        ghl.location_token(&token, &company, &LocationId::from("l"))
            .await
            .is_ok()
    );
    assert!(ghl.refresh(&token, "Location").await.is_ok());
    assert!(
        ghl.create_contact(&token, &LocationId::from("l"), seed::AISYAH.2, Some("A"))
            .await
            .is_ok()
    );
    assert!(
        ghl.upsert_contact(&token, &LocationId::from("l"), seed::AISYAH.2)
            .await
            .is_ok()
    );
    // The mock's conversation belongs to another contact.
    let contact = waapify_ghl::model::ids::ContactId::from("c");
    assert!(
        ghl.find_conversation(&token, &LocationId::from("l"), &contact)
            .await
            .is_ok()
    );
    let file = waapify_ghl::clients::ghl::NewFile {
        name: "photo.jpg".to_owned(),
        mimetype: "image/jpeg",
        bytes: axum::body::Bytes::from_static(b"\xff\xd8\xff"),
    };
    let address = ghl
        .upload(&token, &LocationId::from("l"), &contact, &file)
        .await;
    assert!(address.unwrap().starts_with("https://"));
    let mut message = waapify_ghl::clients::ghl::InboundMessage {
        direction: waapify_ghl::clients::ghl::Direction::Inbound,
        contact_id: &contact,
        message: "hai",
        alt_id: "w",
        date: time::OffsetDateTime::UNIX_EPOCH,
        attachments: &["https://storage.googleapis.com/msgsndr/a.jpg".to_owned()],
        call: None,
    };
    assert!(ghl.post_inbound(&token, &message).await.is_ok());
    message.direction = waapify_ghl::clients::ghl::Direction::Outbound;
    assert!(ghl.post_inbound(&token, &message).await.is_ok());
}
