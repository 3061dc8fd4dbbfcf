//! Connecting by the QR code first: one instance whatever a person clicks, a number that is confirmed, a code to share,
//! and what the page says when Waapify hangs, lies or answers with a page.

use axum::http::StatusCode;
use simulators::{DefaultProvider, Fault, seed};
use time::Duration;
use waapify_ghl::model::written_phone::grouped;

use crate::connecting::{link, numbers, path_in, post};
use crate::harness::Bridge;
use crate::qr_linking::{begin, confirm, state};

pub const MAKE: &str = "createinstance.php";
pub const TOKEN: [(&str, &str); 1] = [("access_token", seed::ACCESS_TOKEN)];

pub fn made(bridge: &Bridge) -> usize {
    bridge.simulation.waapify.faults().count(MAKE)
}

/// The address to share that a page shows.
fn shared(bridge: &Bridge, page: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("{}/scan/", bridge.address))
        .unwrap();
    format!("/scan/{}", rest.split('"').next().unwrap())
}

#[tokio::test]
async fn reloads_steps_back_second_tabs_and_double_clicks_make_one_instance() {
    let bridge = Bridge::bare().await;
    let first = link(&bridge).await;
    let form = format!("{first}/qr");
    let (one, two) = tokio::join!(post(&bridge, &form, &TOKEN), post(&bridge, &form, &TOKEN));
    assert_eq!((one.0, two.0), (StatusCode::OK, StatusCode::OK));
    assert_eq!(made(&bridge), 1, "a double click");
    let (_, page) = bridge.get(&first).await;
    assert!(page.contains("qr.png"), "a reload goes on: {page}");
    let (_, page) = post(&bridge, &form, &TOKEN).await;
    assert!(page.contains("qr.png"), "so does a step back: {page}");
    let second = link(&bridge).await;
    let (_, page) = post(&bridge, &format!("{second}/qr"), &TOKEN).await;
    assert!(page.contains("qr.png"), "so does another link: {page}");
    assert_eq!(made(&bridge), 1);
    assert_eq!(bridge.simulation.waapify.waiting_instances().len(), 0);
    bridge.get(&format!("{second}/qr.png")).await;
    assert_eq!(bridge.simulation.waapify.waiting_instances().len(), 1);
}

#[tokio::test]
async fn while_waapify_is_asked_another_tab_waits_and_a_crash_frees_the_way_soon() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    // A process has asked and died.
    sqlx::query("update connect_links set asked_at = $1")
        .bind(bridge.clock.now())
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let (status, page) = post(&bridge, &format!("{link}/qr"), &TOKEN).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("is on its way") && page.contains("data-load"),
        "{page}"
    );
    assert!(bridge.get(&link).await.1.contains("is on its way"));
    assert_eq!(made(&bridge), 0);
    bridge.clock.advance(Duration::seconds(41));
    begin(&bridge, &link).await;
}

#[tokio::test]
async fn what_goes_wrong_at_waapify_is_said_with_a_next_step_and_tried_again() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let form = format!("{link}/qr");
    let faults = bridge.simulation.waapify.faults();
    for (fault, status, said) in [
        (
            Fault::answer(502, "<html>Bad gateway</html>"),
            StatusCode::BAD_GATEWAY,
            "could not be reached",
        ),
        (
            Fault::answer(200, "<html>Log in</html>"),
            StatusCode::BAD_GATEWAY,
            "could not be reached",
        ),
        (
            Fault::answer(200, r#"{"status":"success"}"#),
            StatusCode::UNPROCESSABLE_ENTITY,
            "named no new instance",
        ),
    ] {
        faults.push(MAKE, fault);
        let (answered, page) = post(&bridge, &form, &TOKEN).await;
        assert_eq!(answered, status, "{page}");
        assert!(
            page.contains(said) && page.contains("Show the QR code"),
            "{page}"
        );
        assert!(!page.contains("data-auto"), "not again by itself: {page}");
    }
    begin(&bridge, &link).await;
    faults.push("reconnect.php", Fault::answer(502, "<html>"));
    assert_eq!(state(&bridge, &link).await, "troubled");
    let another =
        r#"{"status":"success","instance_id":"OTHER","data":{"id":"60119999999@s.whatsapp.net"}}"#;
    faults.push("reconnect.php", Fault::answer(200, another));
    let (_, said) = bridge.get(&format!("{link}/state")).await;
    assert!(said.contains("answered for another instance"), "{said}");
    faults.push(
        "getqrcode.php",
        Fault::answer(
            200,
            r#"{"status":"success","instance_id":"OTHER","base64":"iVBORw0KGgo="}"#,
        ),
    );
    let (status, _) = bridge.get(&format!("{link}/qr.png")).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "not another's code");
    assert_eq!(state(&bridge, &link).await, "waiting", "it goes on");
}

#[tokio::test]
async fn a_wrong_number_is_not_connected_and_another_phone_can_scan() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let instance = begin(&bridge, &link).await;
    let gateway = &bridge.simulation.waapify;
    gateway.scan_qr_with(&instance, "60119990000", "x").await;
    assert_eq!(state(&bridge, &link).await, "linked");
    let (_, page) = bridge.get(&link).await;
    assert!(page.contains(&grouped("60119990000")), "{page}");
    let (_, page) = post(&bridge, &format!("{link}/again"), &[]).await;
    assert!(page.contains("qr.png"), "{page}");
    bridge.get(&format!("{link}/qr.png")).await;
    gateway.scan_qr_with(&instance, seed::NEW_NUMBER, "y").await;
    // A page that still shows the other number says nothing about this one.
    let (_, page) = post(
        &bridge,
        &format!("{link}/confirm"),
        &[("number", "60119990000")],
    )
    .await;
    assert!(numbers(&bridge).await.is_empty(), "{page}");
    assert!(page.contains(&grouped(seed::NEW_NUMBER)), "{page}");
    confirm(&bridge, &link, seed::NEW_NUMBER).await;
    assert_eq!(numbers(&bridge).await, [seed::NEW_NUMBER]);
    let again = confirm(&bridge, &link, seed::NEW_NUMBER).await;
    assert!(again.contains("is connected"), "a double click: {again}");
}

#[tokio::test]
async fn a_phone_that_changes_before_the_yes_is_asked_about_again() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let instance = begin(&bridge, &link).await;
    let gateway = &bridge.simulation.waapify;
    gateway.scan_qr_with(&instance, "60119990000", "x").await;
    assert_eq!(state(&bridge, &link).await, "linked");
    let other = r#"{"status":"success","data":{"id":"60119991111:2@s.whatsapp.net"}}"#;
    gateway
        .faults()
        .push("reconnect.php", Fault::answer(200, other));
    let page = confirm(&bridge, &link, "60119990000").await;
    assert!(page.contains("Is this your number?"), "{page}");
    assert!(numbers(&bridge).await.is_empty());
    gateway
        .faults()
        .push("reconnect.php", Fault::answer(502, ""));
    let (status, page) = post(
        &bridge,
        &format!("{link}/confirm"),
        &[("number", "60119990000")],
    )
    .await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(
        page.contains("could not be reached") && page.contains("Yes, use this number"),
        "it can be tried again: {page}"
    );
}

#[tokio::test]
async fn a_number_that_waapify_does_not_name_is_entered() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    begin(&bridge, &link).await;
    let silent = || Fault::answer(200, r#"{"status":"success","data":{}}"#);
    let faults = bridge.simulation.waapify.faults();
    faults.push("reconnect.php", silent());
    assert_eq!(state(&bridge, &link).await, "linked");
    faults.push("reconnect.php", silent());
    let (_, page) = bridge.get(&link).await;
    assert!(page.contains("does not say which number"), "{page}");
    let (status, page) = post(&bridge, &format!("{link}/confirm"), &[("number", "012")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        page.contains("country code") && page.contains("aria-invalid"),
        "{page}"
    );
    faults.push("reconnect.php", silent());
    confirm(&bridge, &link, seed::NEW_NUMBER).await;
    assert_eq!(numbers(&bridge).await, [seed::NEW_NUMBER]);
}

#[tokio::test]
async fn entered_keys_are_asked_for_their_number_and_never_logged_out() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let keys = [
        ("instance_id", seed::INSTANCE_ID),
        ("access_token", seed::ACCESS_TOKEN),
    ];
    let (status, page) = post(&bridge, &link, &keys).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("Is this your number?") && page.contains(&grouped(seed::NUMBER)),
        "{page}"
    );
    let (_, page) = post(&bridge, &format!("{link}/again"), &[]).await;
    assert!(page.contains("name=\"instance_id\""), "{page}");
    assert_eq!(bridge.simulation.waapify.faults().count("reboot.php"), 0);
    post(&bridge, &link, &keys).await;
    confirm(&bridge, &link, seed::NUMBER).await;
    assert_eq!(numbers(&bridge).await, [seed::NUMBER]);
    // Where Waapify names none, the form asks for it.
    let link = path_in(&bridge.install_second().await);
    let silent = Fault::answer(200, r#"{"status":"success","data":{}}"#);
    bridge
        .simulation
        .waapify
        .faults()
        .push("reconnect.php", silent);
    let (status, page) = post(&bridge, &link, &keys).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("name=\"number\""), "{page}");
}

#[tokio::test]
async fn the_shared_page_shows_the_code_and_nothing_else() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let instance = begin(&bridge, &link).await;
    let (_, page) = bridge.get(&link).await;
    assert!(page.contains("cannot scan its own screen"), "{page}");
    let scan = shared(&bridge, &page);
    let (status, page) = bridge.get(&scan).await;
    assert_eq!(status, StatusCode::OK);
    let token = link.strip_prefix("/connect/").unwrap();
    for secret in [token, seed::LOCATION_ID, &instance, "/cancel"] {
        assert!(!page.contains(secret), "{secret}: {page}");
    }
    assert!(page.contains(&format!("{scan}/qr.png")), "{page}");
    assert_eq!(state(&bridge, &scan).await, "waiting");
    for action in ["confirm", "again", "cancel"] {
        let forged = scan.replace("/scan/", "/connect/");
        let (status, _) = post(&bridge, &format!("{forged}/{action}"), &[]).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{action}");
    }
    bridge.simulation.waapify.scan_qr(&instance).await;
    assert_eq!(state(&bridge, &scan).await, "linked");
    let (_, page) = bridge.get(&scan).await;
    assert!(
        page.contains("was scanned") && !page.contains(&grouped(seed::NEW_NUMBER)),
        "{page}"
    );
    assert!(numbers(&bridge).await.is_empty());
    confirm(&bridge, &link, seed::NEW_NUMBER).await;
    assert_eq!(bridge.get("/scan/x").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_shared_page_ends_with_its_link() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    begin(&bridge, &link).await;
    let (_, page) = bridge.get(&link).await;
    let scan = shared(&bridge, &page);
    bridge.clock.advance(Duration::hours(25));
    assert_eq!(bridge.get(&scan).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_instance_whose_page_nobody_has_open_goes_to_the_next_sub_account() {
    let bridge = Bridge::bare().await;
    let first = link(&bridge).await;
    let second = path_in(&bridge.install_second().await);
    let instance = begin(&bridge, &first).await;
    bridge.clock.advance(Duration::seconds(100));
    assert_eq!(state(&bridge, &first).await, "waiting");
    bridge.clock.advance(Duration::seconds(100));
    let (status, _) = post(&bridge, &format!("{second}/qr"), &TOKEN).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "it is open");
    bridge.clock.advance(Duration::seconds(30));
    assert_eq!(begin(&bridge, &second).await, instance);
    let (_, page) = bridge.get(&first).await;
    assert!(page.contains("Show the QR code"), "{page}");
}

#[tokio::test]
async fn after_the_yes_there_is_one_next_step_at_a_time_and_at_the_end_none() {
    let bridge = Bridge::bare().await;
    let ghl = &bridge.simulation.ghl;
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Twilio);
    let link = link(&bridge).await;
    let instance = begin(&bridge, &link).await;
    bridge.simulation.waapify.scan_qr(&instance).await;
    state(&bridge, &link).await;
    let page = confirm(&bridge, &link, seed::NEW_NUMBER).await;
    assert!(
        page.contains("SMS Provider") && page.contains("data-goes-on"),
        "{page}"
    );
    assert!(
        !page.contains("notice bad") && !page.contains("pill bad"),
        "what nobody has done yet is no fault: {page}"
    );
    let (_, part) = bridge.get(&format!("{link}/provider")).await;
    assert!(
        part.contains("data-state=\"bad\"") && !part.contains("pill"),
        "{part}"
    );
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
    bridge.clock.advance(Duration::seconds(5));
    let (_, page) = bridge.get(&link).await;
    assert!(
        page.contains("send a test message") && !page.contains("SMS Provider"),
        "{page}"
    );
    let (_, page) = post(&bridge, &format!("{link}/test"), &[("to", "012-345 6789")]).await;
    assert!(page.contains("Done: WhatsApp is set up"), "{page}");
    let (_, page) = bridge.get(&link).await;
    assert!(
        page.contains("Done: WhatsApp is set up") && page.contains("data-next"),
        "also after a reload: {page}"
    );
}
