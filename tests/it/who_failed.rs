//! Whose fault it is: what a page says when Waapify cannot be reached, fails, or refuses something, blames nobody else; and a
//! wrong test number is no contact.

use axum::http::StatusCode;
use simulators::{DefaultProvider, Fault, seed};
use time::Duration;
use waapify_ghl::model::written_phone::grouped;

use crate::agency_page::{admin, agency_link, store};
use crate::connecting::{link, post};
use crate::harness::Bridge;
use crate::qr_first::MAKE;
use crate::qr_linking::{begin, confirm, state};

const NO_SERVER: &str =
    r#"{"status":"error","message":"Cannot connect to server. Please try again later"}"#;
const BLAME: &str = "token that your agency has stored";

#[tokio::test]
async fn only_waapifys_own_word_blames_the_stored_token() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    store(&bridge, seed::ACCESS_TOKEN).await;
    let faults = bridge.simulation.waapify.faults();
    for (status, body, said) in [
        (200, NO_SERVER, "could not be reached"),
        (200, "<html>Log in</html>", "could not be reached"),
        (502, "<html>Bad gateway</html>", "could not be reached"),
        (503, "{\"title\":\"Error 503\"}", "could not be reached"),
        (200, "{\"title\":\"Maintenance\"}", "could not be reached"),
        (200, r#"{"status":"error","message":"Whoops"}"#, "Whoops"),
        (
            200,
            r#"{"status":"error","message":"Internal server error"}"#,
            "nothing was changed (it said: Internal server error). Try again in a minute",
        ),
        (
            200,
            r#"{"status":"error","message":"You can only add up to 1 Whatsapp accounts"}"#,
            "as its plan allows",
        ),
    ] {
        faults.push(MAKE, Fault::answer(status, body));
        let (_, page) = post(&bridge, &format!("{link}/qr"), &[]).await;
        assert!(page.contains(said), "{body}: {page}");
        assert!(!page.contains(BLAME), "{body}: {page}");
        assert!(!page.contains("Waapify answered: Cannot"), "{body}: {page}");
        assert!(!page.contains("aria-invalid"), "{body}: {page}");
    }
    let wrong = r#"{"status":"error","message":"Access token does not exist"}"#;
    faults.push(MAKE, Fault::answer(200, wrong));
    let (_, page) = post(&bridge, &format!("{link}/qr"), &[]).await;
    assert!(
        page.contains(BLAME) && page.contains("aria-invalid"),
        "{page}"
    );
}

#[tokio::test]
async fn who_cannot_be_reached_is_named_with_what_to_do_in_both_languages() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let faults = bridge.simulation.waapify.faults();
    let keys = [
        ("instance_id", seed::INSTANCE_ID),
        ("access_token", seed::ACCESS_TOKEN),
    ];
    for route in ["reconnect.php", "setwebhook.php"] {
        faults.always(route, Fault::answer(200, NO_SERVER));
        let form = [keys[0], keys[1], ("number", seed::NUMBER)];
        let (status, page) = post(&bridge, &link, &form).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY, "{page}");
        assert!(
            page.contains("Waapify could not be reached") && page.contains("try again in a minute"),
            "{route}: {page}"
        );
        assert!(!page.contains("did not accept the address"), "{page}");
        assert!(!page.contains("aria-invalid"), "{page}");
        let url = format!("{}{link}", bridge.address);
        let request = bridge.http.post(url).form(&form);
        let answer = request.header("accept-language", "ms").send().await;
        let page = answer.unwrap().text().await.unwrap();
        assert!(page.contains("cuba lagi sebentar"), "{page}");
        faults.clear();
    }
}

#[tokio::test]
async fn an_agencys_token_is_checked_when_it_is_saved() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let frame = admin(&bridge).await;
    let kept = async || -> i64 {
        sqlx::query_scalar("select count(*) from gateway_tokens")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap()
    };
    let refused = frame.post("/token", &[("access_token", "wrong")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused
            .body
            .contains("Waapify does not know this access token")
            && refused.body.contains("name=\"access_token\""),
        "{}",
        refused.body
    );
    assert_eq!(kept().await, 0);
    let saved = frame
        .post("/token", &[("access_token", seed::ACCESS_TOKEN)])
        .await;
    let page = frame.get_at(saved.leads_to()).await.body;
    assert!(page.contains("Waapify has taken it"), "{page}");
    let gateway = &bridge.simulation.waapify;
    assert_eq!(
        gateway.waiting_instances().len(),
        0,
        "the check makes nothing"
    );
    assert_eq!(gateway.faults().count(MAKE), 0);
    gateway
        .faults()
        .always("reconnect.php", Fault::answer(502, "<html>"));
    let saved = frame.post("/token", &[("access_token", "unchecked")]).await;
    let page = frame.get_at(saved.leads_to()).await.body;
    assert!(page.contains("could not be checked"), "{page}");
    assert_eq!(kept().await, 1);
}

#[tokio::test]
async fn a_wrong_test_number_is_said_to_be_wrong_and_stays_in_the_form() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let instance = begin(&bridge, &link).await;
    bridge.simulation.waapify.scan_qr(&instance).await;
    state(&bridge, &link).await;
    confirm(&bridge, &link, seed::NEW_NUMBER).await;
    let theirs = DefaultProvider::Twilio;
    let ghl = &bridge.simulation.ghl;
    ghl.set_default_provider(seed::LOCATION_ID, theirs);
    bridge.clock.advance(Duration::seconds(5));
    for (typed, said) in [
        ("", "Please enter the number"),
        ("012345", "This number is not complete"),
        ("0123456789 ext 3", "letters or an extension"),
    ] {
        let (status, page) = post(&bridge, &format!("{link}/test"), &[("to", typed)]).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.contains(said), "{typed}: {page}");
        assert!(
            !page.contains("contact's") && !page.contains("This contact") && !page.contains("anew"),
            "{typed}: {page}"
        );
        assert!(page.contains(&format!("value=\"{typed}\"")), "{page}");
        assert!(
            page.contains("<details open"),
            "the form stays open: {page}"
        );
    }
}

#[tokio::test]
async fn another_number_begins_with_its_code() {
    let bridge = Bridge::new().await;
    let link = agency_link(&bridge, seed::LOCATION_ID).await;
    let (_, page) = bridge.get(&link).await;
    let code = page.find("Show the QR code").unwrap();
    let folded = page.find("<details").unwrap();
    assert!(code < folded, "not folded away: {page}");
    assert!(!page.contains("There is nothing to enter"), "{page}");
    assert!(page.contains(&grouped(seed::NUMBER)), "{page}");
    store(&bridge, seed::ACCESS_TOKEN).await;
    let (_, page) = bridge.get(&link).await;
    assert!(page.contains("data-auto"), "{page}");
}
