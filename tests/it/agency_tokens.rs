//! Connecting by QR code with the Waapify token that the agency stored.

use axum::http::StatusCode;
use simulators::seed;

use crate::agency_page::{agency_link, store, store_unchecked};
use crate::connecting::{link, post};
use crate::harness::Bridge;
use crate::qr_first::made;
use crate::qr_linking::begin;

#[tokio::test]
async fn with_the_agencys_token_the_code_comes_without_a_button() {
    let bridge = Bridge::bare().await;
    let outside = link(&bridge).await;
    let (_, page) = bridge.get(&outside).await;
    assert!(
        page.contains("qr_access_token") && !page.contains("data-auto"),
        "{page}"
    );
    store(&bridge, seed::ACCESS_TOKEN).await;
    let (_, page) = bridge.get(&outside).await;
    assert!(
        page.contains("data-auto") && !page.contains("qr_access_token"),
        "{page}"
    );
    assert_eq!(made(&bridge), 0, "robots load pages, too");
    let (_, page) = bridge.get(&format!("{outside}?keys")).await;
    assert!(!page.contains("data-auto"), "{page}");
    let (status, page) = post(&bridge, &format!("{outside}/qr"), &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("qr.png") && !page.contains(seed::ACCESS_TOKEN),
        "{page}"
    );
    // Without the token itself, an outsider connects no instance by its id alone.
    let (_, page) = post(&bridge, &format!("{outside}/cancel"), &[]).await;
    assert!(page.contains("name=\"instance_id\""), "{page}");
    let keys = [("instance_id", seed::INSTANCE_ID), ("access_token", "")];
    let (status, _) = post(&bridge, &outside, &keys).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let inside = agency_link(&bridge, seed::LOCATION_ID).await;
    let (_, page) = post(&bridge, &inside, &keys).await;
    assert!(page.contains("Is this your number?"), "{page}");
}

#[tokio::test]
async fn a_stored_token_that_waapify_refuses_is_said_to_be_and_another_can_be_entered() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    store_unchecked(&bridge, "old-token").await;
    let (status, page) = post(&bridge, &format!("{link}/qr"), &[]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("token that your agency has stored") && page.contains("qr_access_token"),
        "{page}"
    );
    assert!(!page.contains("old-token"), "{page}");
    begin(&bridge, &link).await;
}

#[tokio::test]
async fn only_an_agencys_admin_keeps_its_token_from_the_form_and_never_over_another() {
    let bridge = Bridge::bare().await;
    let kept = async || -> i64 {
        sqlx::query_scalar("select count(*) from gateway_tokens")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap()
    };
    let form = [("access_token", seed::ACCESS_TOKEN), ("keep", "1")];
    let outside = link(&bridge).await;
    assert!(!bridge.get(&outside).await.1.contains("name=\"keep\""));
    post(&bridge, &format!("{outside}/qr"), &form).await;
    assert_eq!(kept().await, 0);
    let inside = agency_link(&bridge, seed::LOCATION_ID).await;
    assert!(bridge.get(&inside).await.1.contains("name=\"keep\""));
    let wrong = [("access_token", "wrong"), ("keep", "1")];
    post(&bridge, &format!("{inside}/qr"), &wrong).await;
    assert_eq!(kept().await, 0, "Waapify has not taken it");
    post(&bridge, &format!("{inside}/qr"), &form).await;
    assert_eq!(kept().await, 1);
    let sealed: Vec<u8> = sqlx::query_scalar("select access_token from gateway_tokens")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    let token = seed::ACCESS_TOKEN.as_bytes();
    assert!(!sealed.windows(token.len()).any(|part| part == token));
}
