//! The page of checks in GHL: it names each broken thing, and fixes it where that is possible.

use simulators::{DefaultProvider, Fault, seed};
use waapify_ghl::accounts::connect::Entered;
use waapify_ghl::model::ids::LocationId;

use crate::pages::{Page, open_app};
use crate::stage::Controls;
use crate::tab::Tab;

/// Opens the page. Returns the findings that are not good, in the page's words.
async fn look(stage: &Controls, tab: &Tab) -> String {
    Page::AppChecks.open(stage, tab).await;
    let script = "return [...document.querySelectorAll('.findings li:has(.pill.bad)')].map((one) => one.innerText).join('\\n')";
    let bad = tab.run(script, vec![]).await;
    bad.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_broken_is_named_and_what_to_do() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    let ghl = &stage.sandbox.simulation.ghl;
    let bad = look(&stage, &tab).await;
    assert!(
        bad.contains("The default SMS provider is \"Twilio\", not ours"),
        "{bad}"
    );
    assert!(bad.contains("Do this: Have an agency admin"), "{bad}");
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
    assert_eq!(look(&stage, &tab).await, "", "a good setup");
    connect_elsewhere(&stage).await;
    let bad = look(&stage, &tab).await;
    assert!(bad.contains("connected to the same number"), "{bad}");
    ghl.expire_access_tokens();
    ghl.revoke_refresh_tokens();
    let bad = look(&stage, &tab).await;
    assert!(bad.contains("install"), "{bad}");
    tab.assert_quiet("the checks").await;
}

/// Connects the same number to another sub-account with its own install.
async fn connect_elsewhere(stage: &Controls) {
    let entered = Entered {
        instance_id: seed::INSTANCE_ID.to_owned(),
        access_token: seed::ACCESS_TOKEN.into(),
        number: seed::NUMBER.to_owned(),
    };
    let location = LocationId::from(seed::SECOND_LOCATION_ID);
    let connector = &stage.sandbox.app.connector;
    connector.connect(&location, &entered, None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_that_lost_its_link_is_linked_again_from_the_page() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    let waapify = &stage.sandbox.simulation.waapify;
    stage
        .sandbox
        .simulation
        .ghl
        .set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
    waapify.unlink().await;
    let bad = look(&stage, &tab).await;
    assert!(bad.contains("not linked to Waapify any more"), "{bad}");
    open_app(&stage, &tab, seed::LOCATION_ID).await;
    tab.sees("On hold").await;
    tab.press("Link the phone again").await;
    tab.find("figure.qr img").await;
    tab.sees("Waiting for your phone").await;
    assert!(waapify.scan_qr(seed::INSTANCE_ID).await);
    tab.sees("The phone is linked.").await;
    assert_eq!(look(&stage, &tab).await, "");
    tab.assert_quiet("linking again").await;
}

pub async fn execute(stage: &Controls, statements: &[&'static str]) {
    for sql in statements {
        let pool = &stage.sandbox.app.context.pool;
        sqlx::query(*sql).execute(pool).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_thing_that_can_be_wrong_with_a_sub_account_is_named() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    let simulation = &stage.sandbox.simulation;
    let (ghl, gateway) = (simulation.ghl.faults(), simulation.waapify.faults());
    simulation
        .ghl
        .set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
    let refusal = r#"{"statusCode":401,"message":"The token is not authorized for this scope."}"#;
    ghl.always("*", Fault::answer(401, refusal));
    let bad = look(&stage, &tab).await;
    assert!(bad.contains("not authorized for this scope"), "{bad}");
    ghl.clear();
    let other = r#"{"status":"success","data":{"id":"60198887777:3@s.whatsapp.net"}}"#;
    gateway.always("reconnect.php", Fault::answer(200, other));
    let bad = look(&stage, &tab).await;
    assert!(bad.contains("linked to +60198887777"), "{bad}");
    let refused = r#"{"status":"error","message":"Access token does not exist"}"#;
    gateway.clear();
    gateway.always("reconnect.php", Fault::answer(200, refused));
    let bad = look(&stage, &tab).await;
    assert!(bad.contains("refuses the access token"), "{bad}");
    gateway.clear();
    execute(&stage, &["update numbers set hold_code = 'quota'"]).await;
    let bad = look(&stage, &tab).await;
    assert!(bad.contains("Sending is on hold"), "{bad}");
    execute(
        &stage,
        &[
            "update numbers set hold_code = null, connected_at = connected_at - interval '1 day'",
            "update receipts set seen_at = seen_at - interval '20 minutes', level = 0",
            "delete from waapify_events",
        ],
    )
    .await;
    let bad = look(&stage, &tab).await;
    assert!(bad.contains("webhook seems to point elsewhere"), "{bad}");
    execute(&stage, &["update tokens set trouble = 'inactive'"]).await;
    let bad = look(&stage, &tab).await;
    assert!(bad.contains("not active in GHL"), "{bad}");
}
