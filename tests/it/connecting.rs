//! Connecting a WhatsApp number: the form behind its link, and what Waapify has to say first.

use axum::http::StatusCode;
use time::Duration;
use waapify_ghl::sandbox::{Fault, seed};

use crate::harness::Bridge;

/// The path of the connect link on the page after an install.
async fn link(bridge: &Bridge) -> String {
    let page = bridge.install().await;
    let (_, rest) = page.split_once("/connect/").unwrap();
    let token: String = rest.chars().take_while(|c| *c != '"').collect();
    format!("/connect/{token}")
}

async fn submit(bridge: &Bridge, path: &str, fields: [&str; 3]) -> (StatusCode, String) {
    let form = [
        ("instance_id", fields[0]),
        ("access_token", fields[1]),
        ("number", fields[2]),
    ];
    let answer = bridge
        .http
        .post(format!("{}{path}", bridge.address))
        .form(&form)
        .send()
        .await
        .unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn numbers(bridge: &Bridge) -> Vec<String> {
    sqlx::query_scalar("select number from numbers")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

const GOOD: [&str; 3] = [seed::INSTANCE_ID, seed::ACCESS_TOKEN, "+60 11-123 4567"];

#[tokio::test]
async fn the_form_connects_a_number_once_and_points_its_webhook_here() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let (status, page) = bridge.get(&link).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        ["instance_id", "access_token", "number"]
            .iter()
            .all(|field| page.contains(&format!("name=\"{field}\"")))
    );
    let (status, page) = submit(&bridge, &link, GOOD).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("+60111234567"), "{page}");
    let webhook = bridge.world.waapify.webhook().unwrap();
    assert!(
        webhook
            .as_str()
            .starts_with(&format!("{}/hooks/waapify/", bridge.address)),
        "{webhook}"
    );
    assert_eq!(numbers(&bridge).await, ["60111234567"]);
    assert_eq!(
        bridge.get(&link).await.0,
        StatusCode::NOT_FOUND,
        "the link is used up"
    );
    assert_eq!(submit(&bridge, &link, GOOD).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_expires_after_a_day() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    bridge.clock.advance(Duration::hours(25));
    let (status, page) = bridge.get(&link).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("install the app again"), "{page}");
}

#[tokio::test]
async fn each_mistake_is_named_nothing_is_kept_and_the_link_still_works() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    for (fields, said) in [
        (
            ["", seed::ACCESS_TOKEN, seed::NUMBER],
            "The instance id is empty or not complete",
        ),
        (
            [seed::INSTANCE_ID, " ", seed::NUMBER],
            "The access token is empty or not complete",
        ),
        (
            [seed::INSTANCE_ID, seed::ACCESS_TOKEN, "0111234567"],
            "country code",
        ),
        (
            [seed::INSTANCE_ID, "wrong", seed::NUMBER],
            "refused the access token",
        ),
        (
            ["wrong", seed::ACCESS_TOKEN, seed::NUMBER],
            "refused the access token or the instance id",
        ),
        (
            [seed::INSTANCE_ID, seed::ACCESS_TOKEN, "60129999999"],
            "linked to +60111234567",
        ),
    ] {
        let (status, page) = submit(&bridge, &link, fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(page.contains(said), "{fields:?}: {page}");
        assert!(
            !page.contains(seed::ACCESS_TOKEN),
            "the token is not shown again"
        );
    }
    assert!(numbers(&bridge).await.is_empty());
    assert_eq!(submit(&bridge, &link, GOOD).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_unlinked_instance_and_a_silent_waapify_are_told_apart() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    bridge.world.waapify.unlink().await;
    let (status, page) = submit(&bridge, &link, GOOD).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("scan the QR code"), "{page}");
    bridge.world.waapify.link().await;
    bridge
        .world
        .waapify
        .faults()
        .push("reconnect.php", Fault::answer(502, "<html>"));
    let (status, page) = submit(&bridge, &link, GOOD).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(page.contains("could not be reached"), "{page}");
    bridge.world.waapify.faults().push(
        "setwebhook.php",
        Fault::answer(
            200,
            "\n\n{\"status\":\"error\",\"message\":\"Webhook is not a valid URL\"}",
        ),
    );
    let (_, page) = submit(&bridge, &link, GOOD).await;
    assert!(
        page.contains("did not accept the address for replies"),
        "{page}"
    );
    assert!(numbers(&bridge).await.is_empty());
}

#[tokio::test]
async fn what_is_typed_into_the_form_cannot_become_markup() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let (_, page) = submit(&bridge, &link, ["\"><script>alert(1)</script>", "", "<b>"]).await;
    assert!(
        !page.contains("<script>") && !page.contains("<b>"),
        "{page}"
    );
    let garbage = bridge
        .http
        .post(format!("{}{link}", bridge.address))
        .body("\u{0}")
        .send()
        .await
        .unwrap();
    assert_eq!(garbage.status(), StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn connecting_again_keeps_the_webhooks_address() {
    let bridge = Bridge::new().await;
    let before = bridge.world.waapify.webhook();
    bridge.connect().await;
    assert_eq!(bridge.world.waapify.webhook(), before);
    assert_eq!(numbers(&bridge).await.len(), 1);
}

#[tokio::test]
async fn a_second_number_has_a_secret_of_its_own_and_becomes_the_default() {
    let bridge = Bridge::new().await;
    let second =
        bridge
            .world
            .waapify
            .add_instance("SECOND", "second-token", "60117654321", "Kedai Dua");
    let link = link(&bridge).await;
    let (status, page) = submit(&bridge, &link, ["SECOND", "second-token", "60117654321"]).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_ne!(second.webhook(), bridge.world.waapify.webhook());
    bridge.agent_writes("dari nombor baru").await;
    bridge.settle().await;
    assert_eq!(second.sent_texts(), ["dari nombor baru"]);
}

#[tokio::test]
async fn a_number_that_another_sub_account_uses_is_said_to_be() {
    let bridge = Bridge::new().await;
    sqlx::query("insert into locations (location_id) values ('first')")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    sqlx::query("update numbers set location_id = 'first'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let link = link(&bridge).await;
    let (status, page) = submit(&bridge, &link, GOOD).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("Another sub-account is connected to the same number"),
        "{page}"
    );
    assert!(!page.contains("first"), "it is not named to a stranger");
}
