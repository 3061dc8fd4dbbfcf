//! Connecting a WhatsApp number: the form behind its link, and the questions that Waapify must answer first.

use axum::http::StatusCode;
use simulators::{DefaultProvider, Fault, seed};
use time::Duration;

use crate::harness::Bridge;

/// Installs the app and returns the path of the connect link.
pub async fn link(bridge: &Bridge) -> String {
    let page = bridge.install().await;
    path_in(&page)
}

/// The path of the first connect link on a page.
pub fn path_in(page: &str) -> String {
    let (_, rest) = page.split_once("/connect/").unwrap();
    let is_token = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let token: String = rest.chars().take_while(is_token).collect();
    format!("/connect/{token}")
}

async fn submit(bridge: &Bridge, path: &str, fields: [&str; 3]) -> (StatusCode, String) {
    let form = [
        ("instance_id", fields[0]),
        ("access_token", fields[1]),
        ("number", fields[2]),
    ];
    post(bridge, path, &form).await
}

/// Posts a form and follows the redirect, as a browser does.
pub async fn post(bridge: &Bridge, path: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
    let url = format!("{}{path}", bridge.address);
    let answer = bridge.http.post(url).form(form).send().await.unwrap();
    match answer.headers().get("location") {
        Some(path) => bridge.get(path.to_str().unwrap()).await,
        None => (answer.status(), answer.text().await.unwrap()),
    }
}

pub async fn numbers(bridge: &Bridge) -> Vec<String> {
    sqlx::query_scalar("select number from numbers")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

const GOOD: [&str; 3] = [seed::INSTANCE_ID, seed::ACCESS_TOKEN, "+60 111234567"];

#[tokio::test]
async fn the_form_connects_a_number_once_and_points_its_webhook_here() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let (status, page) = bridge.get(&link).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        ["instance_id", "access_token"]
            .iter()
            .all(|field| page.contains(&format!("name=\"{field}\"")))
    );
    assert!(
        !page.contains("name=\"number\""),
        "Waapify names it: {page}"
    );
    let (status, page) = submit(&bridge, &link, GOOD).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(page.contains("+60 111234567"), "{page}");
    let webhook = bridge.simulation.waapify.webhook().unwrap();
    assert!(
        webhook
            .as_str()
            .starts_with(&format!("{}/hooks/waapify/", bridge.address)),
        "{webhook}"
    );
    assert_eq!(numbers(&bridge).await, ["60111234567"]);
    let again = submit(&bridge, &link, ["SECOND", "second-token", "60117654321"]).await;
    assert_eq!(again.0, StatusCode::NOT_FOUND, "the link is used up");
    let (status, page) = bridge.get(&link).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("+60 111234567") && !page.contains("name=\"access_token\""));
    assert!(page.contains("send a test message"), "{page}");
    bridge.clock.advance(Duration::hours(25));
    assert_eq!(bridge.get(&link).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_expires_after_a_day() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    bridge.clock.advance(Duration::hours(25));
    let (status, page) = bridge.get(&link).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("get a new one"), "{page}");
}

fn html_escaped(text: &str) -> String {
    text.replace('"', "&quot;")
}

#[tokio::test]
async fn each_mistake_is_named_nothing_is_kept_and_the_link_still_works() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    for (fields, field, said) in [
        (
            ["", seed::ACCESS_TOKEN, seed::NUMBER],
            "instance_id",
            "The instance id is empty or not complete",
        ),
        (
            [seed::INSTANCE_ID, " ", seed::NUMBER],
            "access_token",
            "The access token is empty or not complete",
        ),
        (
            [seed::INSTANCE_ID, seed::ACCESS_TOKEN, "0111234567"],
            "number",
            "country code",
        ),
        (
            [seed::INSTANCE_ID, "wrong", seed::NUMBER],
            "access_token",
            "refused the access token",
        ),
        (
            ["wrong", seed::ACCESS_TOKEN, seed::NUMBER],
            "instance_id",
            "refused the access token or the instance id",
        ),
        (
            [seed::INSTANCE_ID, seed::ACCESS_TOKEN, "60129999999"],
            "number",
            "linked to +60111234567",
        ),
    ] {
        let (status, page) = submit(&bridge, &link, fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(page.contains(said), "{fields:?}: {page}");
        let marked: Vec<_> = page
            .split("<input")
            .filter(|input| input.contains("aria-invalid"))
            .collect();
        assert_eq!(marked.len(), 1, "{page}");
        assert!(
            marked[0].contains(&format!("name=\"{field}\"")) && marked[0].contains("autofocus")
        );
        let kept = html_escaped(fields[0]);
        assert!(page.contains(&format!("value=\"{kept}\"")), "{page}");
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
    bridge.simulation.waapify.unlink().await;
    let (status, page) = submit(&bridge, &link, GOOD).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("scan the QR code"), "{page}");
    bridge.simulation.waapify.link().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("reconnect.php", Fault::answer(502, "<html>"));
    let (status, page) = submit(&bridge, &link, GOOD).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(page.contains("could not be reached"), "{page}");
    bridge.simulation.waapify.faults().push(
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
async fn a_second_number_has_a_secret_of_its_own_and_becomes_the_default() {
    let bridge = Bridge::new().await;
    let second = bridge.simulation.waapify.add_instance(
        "SECOND",
        "second-token",
        "60117654321",
        "Kedai Dua",
    );
    let link = link(&bridge).await;
    let form = [
        ("instance_id", "SECOND"),
        ("access_token", "second-token"),
        ("number", "60117654321"),
        ("replace", "1"),
    ];
    let (status, page) = post(&bridge, &link, &form).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_ne!(second.webhook(), bridge.simulation.waapify.webhook());
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
    submit(&bridge, &link, GOOD).await;
    let yes = [("number", seed::NUMBER), ("takes", "1")];
    let (status, page) = post(&bridge, &format!("{link}/confirm"), &yes).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("Another sub-account is connected to the same number"),
        "{page}"
    );
    assert!(!page.contains("first"), "it is not named to a stranger");
}

#[tokio::test]
async fn the_last_page_turns_green_when_ghl_names_us_and_sends_a_few_tests() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let test = format!("{link}/test");
    assert_eq!(
        post(&bridge, &test, &[("to", "60123456789")]).await.0,
        StatusCode::NOT_FOUND,
        "nothing is connected yet"
    );
    submit(&bridge, &link, GOOD).await;
    let (status, piece) = bridge.get(&format!("{link}/provider")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(piece.contains("data-state=\"good\""), "{piece}");
    let theirs = DefaultProvider::Twilio;
    bridge
        .simulation
        .ghl
        .set_default_provider(seed::LOCATION_ID, theirs);
    bridge.clock.advance(Duration::seconds(5));
    let (_, piece) = bridge.get(&format!("{link}/provider")).await;
    assert!(piece.contains("data-state=\"bad\""), "{piece}");
    let (_, page) = bridge.get(&link).await;
    assert!(
        page.contains("data-state=\"bad\"") && page.contains("Uninstall the app"),
        "{page}"
    );
    let (status, page) = post(&bridge, &test, &[("to", "012345")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("country code") && page.contains("aria-invalid"),
        "{page}"
    );
    // As a person in the number's country dials it, and as deliveries are read.
    for to in ["+60 12-345 6789", "012-345 6789", "0060123456789"] {
        let (status, page) = post(&bridge, &test, &[("to", to)]).await;
        assert_eq!(status, StatusCode::OK, "{page}");
    }
    let sends = bridge.sends();
    assert!(
        sends.iter().all(|send| send["number"] == "60123456789"),
        "{sends:?}"
    );
    let (status, page) = post(&bridge, &test, &[("to", "60123456789")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("No more test messages"), "{page}");
    bridge.settle().await;
    assert!(bridge.posted().is_empty(), "{:?}", bridge.posted());
    let sent = bridge.simulation.waapify.sent_texts();
    assert_eq!(sent.len(), 3);
    assert!(
        sent.iter().all(|text| text.starts_with("Test:")),
        "{sent:?}"
    );
}

#[tokio::test]
async fn tests_end_half_an_hour_after_connecting() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    submit(&bridge, &link, GOOD).await;
    bridge.clock.advance(Duration::minutes(31));
    let (_, page) = bridge.get(&link).await;
    assert!(!page.contains("/test\""), "{page}");
    let (status, _) = post(&bridge, &format!("{link}/test"), &[("to", "60123456789")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bridge.simulation.waapify.sent_texts().is_empty());
}

#[tokio::test]
async fn a_link_reaches_nothing_of_another_location() {
    let bridge = Bridge::new().await;
    let second = path_in(&bridge.install_second().await);
    let (_, page) = bridge.get(&second).await;
    for foreign in [seed::LOCATION_ID, seed::NUMBER, seed::INSTANCE_ID] {
        assert!(!page.contains(foreign), "{page}");
    }
    for (route, form) in [
        ("/test", [("to", "60123456789")]),
        ("", [("location_id", seed::LOCATION_ID)]),
    ] {
        let (status, page) = post(&bridge, &format!("{second}{route}"), &form).await;
        assert!(status.is_client_error(), "{route}: {status}");
        assert!(!page.contains(seed::NUMBER), "{page}");
    }
    for route in ["/qr.png", "/state"] {
        assert_eq!(
            bridge.get(&format!("{second}{route}")).await.0,
            StatusCode::NOT_FOUND
        );
    }
    assert!(bridge.simulation.waapify.sent_texts().is_empty());
    for forged in [
        "/connect/x",
        "/connect/x/qr.png",
        "/connect/x/state",
        "/connect/x/provider",
    ] {
        assert_eq!(
            bridge.get(forged).await.0,
            StatusCode::NOT_FOUND,
            "{forged}"
        );
    }
    for forged in [
        "/connect/x",
        "/connect/x/qr",
        "/connect/x/cancel",
        "/connect/x/test",
    ] {
        let form = [("access_token", seed::ACCESS_TOKEN), ("to", "60123456789")];
        assert_eq!(
            post(&bridge, forged, &form).await.0,
            StatusCode::NOT_FOUND,
            "{forged}"
        );
    }
}

#[tokio::test]
async fn pages_speak_malay_to_a_malay_browser() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let read = async |path: &str| {
        let url = format!("{}{path}", bridge.address);
        let request = bridge.http.get(url).header("accept-language", "ms-MY");
        request.send().await.unwrap().text().await.unwrap()
    };
    let page = read(&link).await;
    assert!(
        page.contains("lang=\"ms\"") && page.contains("Sambungkan nombor WhatsApp anda"),
        "{page}"
    );
    submit(&bridge, &link, GOOD).await;
    let page = read(&link).await;
    assert!(
        page.contains("sudah disambungkan") && page.contains("hantar mesej ujian"),
        "{page}"
    );
    assert!(read("/connect/x").await.contains("tidak berfungsi lagi"));
}
