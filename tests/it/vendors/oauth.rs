//! Codes and tokens: each works once, and only for its location or company.

use std::time::Duration;

use serde_json::{Value, json};
use simulators::{InstallKind, seed};

use super::{
    CLIENT_SECRET, CONTACTS, Controls, OAUTH, ask, complaint, refusal, seeded_location, text,
};

const STALE: &str = "Invalid grant: refresh token is invalid";

fn exchange(code: &str) -> [(&str, &str); 3] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", "http://x"),
    ]
}

fn refresh(token: &str) -> [(&str, &str); 3] {
    [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("user_type", "Location"),
    ]
}

/// A Company token that covers the seeded location, from a bulk installation.
async fn company_tokens(stage: &Controls) -> Value {
    let kind = InstallKind::Company {
        company_id: seed::COMPANY_ID.to_owned(),
        location_ids: vec![seed::LOCATION_ID.to_owned()],
        bulk: true,
    };
    stage.install(kind).await
}

#[tokio::test]
async fn a_code_is_exchanged_once() {
    let stage = Controls::new().await;
    let code = stage.simulation.ghl.issue_code(seeded_location());
    let (status, tokens) = stage.token(&exchange(&code)).await;
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(tokens["locationId"], seed::LOCATION_ID);
    assert_eq!(tokens["expires_in"], 86_399);
    assert_eq!(stage.token(&exchange(&code)).await.0, 401);
}

#[tokio::test]
async fn an_unknown_code_and_a_wrong_secret_look_the_same() {
    let stage = Controls::new().await;
    let code = stage.simulation.ghl.issue_code(seeded_location());
    let unknown = stage.token(&exchange("zz")).await;
    let wrong_secret = stage.token_as("guess", &exchange(&code)).await;
    assert_eq!(unknown.0, 401);
    assert_eq!(
        unknown.1["error_description"],
        "Authorization code not found"
    );
    assert_eq!(unknown, wrong_secret);
    let genuine = stage.token_as(CLIENT_SECRET, &exchange(&code)).await;
    assert_eq!(
        genuine.0, 200,
        "a refused exchange must not use up the code"
    );
}

#[tokio::test]
async fn a_field_that_the_token_route_does_not_know_is_refused_by_name() {
    let stage = Controls::new().await;
    let form = [("grant_type", "refresh_token"), ("userType", "Location")];
    assert_eq!(
        complaint(&stage.token(&form).await),
        refusal(422, "property userType should not exist")
    );
}

#[tokio::test]
async fn a_refresh_repeats_its_pair_within_the_grace_time_and_is_refused_after_it() {
    let stage = Controls::new().await;
    let first = text(&stage.install(seeded_location()).await["refresh_token"]);
    stage
        .simulation
        .adjust(|timings| timings.refresh_grace = Duration::from_hours(1));
    let (status, rotated) = stage.token(&refresh(&first)).await;
    let (_, repeated) = stage.token(&refresh(&first)).await;
    assert_eq!(status, 200, "{rotated}");
    for token in ["access_token", "refresh_token"] {
        assert_eq!(rotated[token], repeated[token]);
    }
    assert_ne!(text(&rotated["refresh_token"]), first);

    stage
        .simulation
        .adjust(|timings| timings.refresh_grace = Duration::ZERO);
    let late = stage.token(&refresh(&first)).await;
    assert_eq!(complaint(&late), refusal(400, STALE));
    let next = stage
        .token(&refresh(&text(&rotated["refresh_token"])))
        .await;
    assert_eq!(next.0, 200, "the rotated one is good: {}", next.1);
}

#[tokio::test]
async fn a_location_that_is_not_active_gets_no_tokens_until_it_is() {
    let stage = Controls::new().await;
    let token = text(&stage.install(seeded_location()).await["refresh_token"]);
    stage.simulation.ghl.set_active(seed::LOCATION_ID, false);
    assert_eq!(
        complaint(&stage.token(&refresh(&token)).await),
        refusal(400, "Location is not active")
    );
    stage.simulation.ghl.set_active(seed::LOCATION_ID, true);
    assert_eq!(stage.token(&refresh(&token)).await.0, 200);
}

#[tokio::test]
async fn installed_locations_come_in_pages_of_twenty() {
    let stage = Controls::new().await;
    for number in 0..25 {
        let id = format!("L{number:02}");
        stage
            .simulation
            .ghl
            .add_location(seed::COMPANY_ID, &id, "Kedai");
        stage.simulation.ghl.set_installed(&id, number != 3);
    }
    let tokens = company_tokens(&stage).await;
    assert_eq!(tokens["userType"], "Company");
    assert!(tokens.get("locationId").is_none());

    let (token, app) = (text(&tokens["access_token"]), stage.simulation.ghl.app_id());
    let company = seed::COMPANY_ID;
    let path =
        format!("/oauth/installedLocations?companyId={company}&appId={app}&isInstalled=true");
    let (status, first) = stage.get(&token, OAUTH, &path).await;
    let (_, second) = stage.get(&token, OAUTH, &format!("{path}&skip=20")).await;
    assert_eq!(status, 200, "{first}");
    // The seeded location, and all but one of the 25.
    assert_eq!(first["count"], 25);
    let ids: Vec<String> = [&first, &second]
        .iter()
        .flat_map(|page| page["locations"].as_array().unwrap())
        .map(|location| text(&location["_id"]))
        .collect();
    assert_eq!(first["locations"].as_array().unwrap().len(), 20);
    assert_eq!(ids.len(), 25);
    assert!(ids.contains(&"L24".to_owned()) && !ids.contains(&"L03".to_owned()));
}

#[tokio::test]
async fn a_company_token_mints_location_tokens_only_where_the_app_is_installed() {
    let stage = Controls::new().await;
    let ghl = &stage.simulation.ghl;
    ghl.add_location(seed::COMPANY_ID, "bare", "Kedai");
    ghl.set_installed("bare", false);
    let token = text(&company_tokens(&stage).await["access_token"]);
    let request_location_token = async |location_id: &str| {
        let body = json!({"companyId": seed::COMPANY_ID, "locationId": location_id});
        let path = "/oauth/locationToken";
        stage.post(&token, OAUTH, path, &body).await
    };
    let (status, minted) = request_location_token(seed::LOCATION_ID).await;
    assert_eq!(status, 201, "{minted}");
    assert!(minted["refresh_token"].is_string());
    let path = format!("/contacts/{}", seed::AISYAH.0);
    let minted = text(&minted["access_token"]);
    assert_eq!(stage.get(&minted, CONTACTS, &path).await.0, 200);

    assert_eq!(request_location_token("bare").await.0, 400);
    assert_eq!(request_location_token("nope").await.0, 403);
}

#[tokio::test]
async fn a_location_token_can_be_asked_for_with_a_form() {
    let stage = Controls::new().await;
    let token = text(&company_tokens(&stage).await["access_token"]);
    let url = format!("{}/ghl/oauth/locationToken", stage.base);
    let form = [
        ("companyId", seed::COMPANY_ID),
        ("locationId", seed::LOCATION_ID),
    ];
    let request = stage.http.post(url).form(&form);
    let (status, minted) = ask(request, &token, OAUTH).await;
    assert_eq!(status, 201, "{minted}");
}
