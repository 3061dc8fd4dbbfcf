//! What GHL checks before it handles a request.

use std::time::Duration;

use serde_json::json;
use simulators::{InstallKind, seed};

use super::{CONTACTS, Controls, complaint, refusal, text};

fn aisyah() -> String {
    format!("/contacts/{}", seed::AISYAH.0)
}

#[tokio::test]
async fn a_wrong_version_is_named() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let ask = async |version| complaint(&stage.get(&token, version, &aisyah()).await);
    assert_eq!(
        ask(None).await,
        refusal(401, "version header was not found.")
    );
    assert_eq!(
        ask(Some("bogus")).await,
        refusal(400, "Invalid API version segment 'bogus' at position 0")
    );
    let of_other_routes = refusal(404, &format!("Cannot GET {}", aisyah()));
    assert_eq!(ask(Some("v3")).await, of_other_routes);
    assert_eq!(ask(CONTACTS).await, refusal(200, ""));
}

#[tokio::test]
async fn an_unknown_or_expired_token_is_refused() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let unknown = stage.get("nope", CONTACTS, &aisyah()).await;
    assert_eq!(complaint(&unknown), refusal(401, "Invalid JWT"));
    assert_eq!(stage.get(&token, CONTACTS, &aisyah()).await.0, 200);
    stage.simulation.ghl.expire_access_tokens();
    assert_eq!(stage.get(&token, CONTACTS, &aisyah()).await.0, 401);
}

#[tokio::test]
async fn a_token_reads_only_its_own_location() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    stage.simulation.ghl.add_location("C2", "L2", "Lain");
    let other = stage.simulation.ghl.add_contact("L2", "Orang", "+60111");
    let path = format!("/contacts/{other}");
    assert_eq!(stage.get(&token, CONTACTS, &path).await.0, 403);
}

#[tokio::test]
async fn a_company_token_is_refused_where_a_location_token_is_due() {
    let stage = Controls::new().await;
    let kind = InstallKind::Company {
        company_id: seed::COMPANY_ID.to_owned(),
        location_ids: vec![seed::LOCATION_ID.to_owned()],
        bulk: false,
    };
    let token = text(&stage.install(kind).await["access_token"]);
    let body = json!({"locationId": seed::LOCATION_ID});
    let answer = stage
        .post(&token, CONTACTS, "/contacts/upsert", &body)
        .await;
    let (status, words) = complaint(&answer);
    assert_eq!(status, 401);
    assert!(words.starts_with("This authClass"), "{words}");
}

#[tokio::test]
async fn a_burst_beyond_the_limit_is_refused_until_the_limit_is_lifted() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let get = async || stage.get(&token, CONTACTS, &aisyah()).await.0;
    stage
        .simulation
        .adjust(|timings| timings.rate_window = Duration::from_hours(1));
    stage.simulation.ghl.set_burst_limit(Some(2));
    assert_eq!([get().await, get().await, get().await], [200, 200, 429]);
    stage.simulation.ghl.set_burst_limit(None);
    assert_eq!(get().await, 200);
}

#[tokio::test]
async fn an_unknown_path_is_named() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let answer = stage.get(&token, None, "/nowhere").await;
    assert_eq!(complaint(&answer), refusal(404, "Cannot GET /nowhere"));
}
