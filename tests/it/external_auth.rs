//! GHL's install form: every shape of it, the questions that Waapify must answer first, and what it may never change.

use axum::http::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulators::{Fault, InstallKind, seed};
use time::Duration;
use waapify_ghl::http::HookSecrets;

use crate::connecting::numbers;
use crate::harness::{Bridge, corpus, payload, settings};

fn address(bridge: &Bridge) -> String {
    let secret = HookSecrets::derive(&settings(&bridge.environment).ghl).external_auth;
    format!(
        "{}/hooks/external-auth/{}",
        bridge.address,
        secret.expose_secret()
    )
}

async fn post(bridge: &Bridge, body: &Value) -> (StatusCode, Value) {
    let request = bridge.http.post(address(bridge)).json(body);
    let answer = request.send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// The form that an installer of the location fills in.
fn form(location: &Value) -> Value {
    json!({
        "companyId": null,
        "locationId": location,
        "instanceId": seed::INSTANCE_ID,
        "accessToken": seed::ACCESS_TOKEN,
    })
}

async fn owners(bridge: &Bridge) -> Vec<(String, String)> {
    sqlx::query_as("select location_id, number from numbers order by 1")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

async fn offers(bridge: &Bridge) -> i64 {
    sqlx::query_scalar("select count(*) from pending_connections")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_form_of_the_corpus_is_read_and_its_locations_kept() {
    let files = corpus("external-auth");
    assert_eq!(files.len(), 4);
    for file in files {
        let bridge = Bridge::bare().await;
        let body = payload(&format!("ghl/webhooks/{file}"));
        let mut form: Value = serde_json::from_slice(&body).unwrap();
        let _ = bridge.simulation.waapify.add_instance(
            form["instanceId"].as_str().unwrap(),
            form["accessToken"].as_str().unwrap(),
            "60110001111",
            "Kedai",
        );
        let (status, answer) = post(&bridge, &form).await;
        assert_eq!(status, StatusCode::OK, "{file}: {answer}");
        let locations = match &form["locationId"] {
            Value::Array(list) => list.len(),
            Value::String(_) => 1,
            _ => 0,
        };
        assert_eq!(
            offers(&bridge).await,
            i64::try_from(locations).unwrap(),
            "{file}"
        );
        form["accessToken"] = "wrong".into();
        let (status, answer) = post(&bridge, &form).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{file}");
        assert!(
            answer["message"]
                .as_str()
                .unwrap()
                .contains("refused the access token")
        );
    }
}

#[tokio::test]
async fn the_number_of_the_form_is_connected_when_the_install_arrives_and_the_page_says_so() {
    let bridge = Bridge::bare().await;
    let (status, _) = post(&bridge, &form(&json!([seed::LOCATION_ID]))).await;
    assert_eq!(status, StatusCode::OK);
    bridge.settle().await;
    assert!(numbers(&bridge).await.is_empty(), "it is not installed yet");
    let page = bridge.install().await;
    assert!(page.contains("+60111234567 already"), "{page}");
    let expected = [(seed::LOCATION_ID.to_owned(), seed::NUMBER.to_owned())];
    assert_eq!(owners(&bridge).await, expected);
    assert_eq!(offers(&bridge).await, 0);
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn a_silent_waapify_is_asked_again_in_the_background() {
    let bridge = Bridge::bare().await;
    post(&bridge, &form(&json!(seed::LOCATION_ID))).await;
    let faults = bridge.simulation.waapify.faults();
    faults.always("setwebhook.php", Fault::answer(502, "<html>"));
    bridge.install().await;
    assert!(numbers(&bridge).await.is_empty());
    faults.clear();
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(numbers(&bridge).await, [seed::NUMBER]);
}

#[tokio::test]
async fn a_connected_number_is_never_replaced_and_what_no_install_follows_is_forgotten() {
    let bridge = Bridge::new().await;
    let other =
        bridge
            .simulation
            .waapify
            .add_instance("OTHER", "other-token", "60119998888", "Orang Lain");
    let foreign = json!({
        "locationId": [seed::LOCATION_ID, "Never"],
        "instance_id": "OTHER",
        "access_token": "other-token",
    });
    let (status, answer) = post(&bridge, &foreign).await;
    assert_eq!(status, StatusCode::OK);
    assert!(!answer.to_string().contains(seed::NUMBER), "{answer}");
    bridge.settle().await;
    let expected = [(seed::LOCATION_ID.to_owned(), seed::NUMBER.to_owned())];
    assert_eq!(owners(&bridge).await, expected);
    assert!(other.webhook().is_none());
    assert_eq!(offers(&bridge).await, 1);
    bridge.after(Duration::minutes(61)).await;
    assert_eq!(offers(&bridge).await, 0);
    bridge
        .simulation
        .ghl
        .add_location(seed::COMPANY_ID, "Never", "Kedai");
    let location_id = "Never".to_owned();
    let code = bridge
        .simulation
        .ghl
        .issue_code(InstallKind::Location { location_id });
    bridge.callback(&code).await;
    bridge.settle().await;
    assert_eq!(owners(&bridge).await, expected);
}

#[tokio::test]
async fn every_method_and_encoding_is_taken_and_none_without_the_secret() {
    let bridge = Bridge::bare().await;
    let pairs = [
        ("instance-id", seed::INSTANCE_ID),
        ("Access_Token", seed::ACCESS_TOKEN),
        ("whatsappNumber", "+60 11-123 4567"),
        ("locationId[]", seed::LOCATION_ID),
        ("locationId[]", "Second"),
    ];
    let address = address(&bridge);
    let nested =
        json!({"userData": {"instanceId": seed::INSTANCE_ID, "accessToken": seed::ACCESS_TOKEN}});
    for request in [
        bridge.http.get(&address).query(&pairs),
        bridge.http.put(&address).form(&pairs),
        bridge.http.patch(&address).form(&pairs),
        bridge.http.post(&address).form(&pairs),
        bridge.http.post(&address).json(&nested),
    ] {
        let answer = request.send().await.unwrap();
        let status = answer.status();
        assert_eq!(status, StatusCode::OK, "{}", answer.text().await.unwrap());
    }
    assert_eq!(offers(&bridge).await, 2);
    for (body, status) in [
        ("", StatusCode::UNPROCESSABLE_ENTITY),
        ("not json", StatusCode::UNPROCESSABLE_ENTITY),
        ("[]", StatusCode::UNPROCESSABLE_ENTITY),
        (
            r#"{"instanceId":null,"accessToken":{}}"#,
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let answer = bridge.http.post(&address).body(body).send().await.unwrap();
        assert_eq!(answer.status(), status, "{body}");
        let text = answer.text().await.unwrap();
        assert!(text.contains("copy it from Waapify"), "{text}");
    }
    let forged = format!("{}/hooks/external-auth/guess", bridge.address);
    let answer = bridge.http.post(forged).form(&pairs).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    bridge.simulation.waapify.unlink().await;
    let (status, answer) = post(&bridge, &form(&Value::Null)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
}

#[tokio::test]
async fn a_form_that_names_different_locations_in_different_places_is_refused() {
    let bridge = Bridge::bare().await;
    let mut nested = form(&json!([seed::LOCATION_ID]));
    nested["userData"] = json!({"locationId": "another"});
    let (status, answer) = post(&bridge, &nested).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    let request = bridge
        .http
        .post(format!("{}?locationId=another", address(&bridge)))
        .json(&form(&json!([seed::LOCATION_ID])));
    let status = request.send().await.unwrap().status();
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(offers(&bridge).await, 0);
    // The same ids in two places contradict nothing.
    let request = bridge
        .http
        .post(format!(
            "{}?locationId={}",
            address(&bridge),
            seed::LOCATION_ID
        ))
        .json(&form(&json!([seed::LOCATION_ID])));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(offers(&bridge).await, 1);
}

#[tokio::test]
async fn one_body_names_its_location_in_one_way() {
    let bridge = Bridge::bare().await;
    let (ours, theirs) = (seed::LOCATION_ID, "VictimLocation000001");
    let mut written_twice = form(&json!([ours]));
    written_twice["location_id"] = theirs.into();
    let (status, answer) = post(&bridge, &written_twice).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    let twice = |name: &str| {
        vec![
            (name.to_owned(), ours.to_owned()),
            (name.to_owned(), theirs.to_owned()),
            ("instanceId".to_owned(), seed::INSTANCE_ID.to_owned()),
            ("accessToken".to_owned(), seed::ACCESS_TOKEN.to_owned()),
        ]
    };
    for (name, expected) in [
        ("locationId", StatusCode::UNPROCESSABLE_ENTITY),
        // That is how a form writes a list.
        ("locationId[]", StatusCode::OK),
    ] {
        let request = bridge.http.post(address(&bridge)).form(&twice(name));
        assert_eq!(request.send().await.unwrap().status(), expected, "{name}");
    }
}
