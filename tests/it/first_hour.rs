//! A set-up that nothing has proven: the SMS provider was never chosen, GHL delivers nothing, Waapify calls nobody. It is
//! noticed an hour after the number was connected, and until a message went each way nothing is said to work.

use simulators::{DefaultProvider, seed};
use time::Duration;
use waapify_ghl::doctor::State;
use waapify_ghl::model::states::IncidentKind;

use crate::app_page::Frame;
use crate::commands::{output, program};
use crate::doctor::complete;
use crate::harness::{Bridge, location};
use crate::metrics::operated;
use crate::monitor::{look, wrong};
use crate::operator::Browser;

/// Lets the first hour pass, and the monitor look.
async fn after_the_first_hour(bridge: &Bridge) {
    bridge.clock.advance(Duration::minutes(61));
    assert_eq!(look(&bridge.app).await, 1);
}

async fn look_again(bridge: &Bridge) {
    bridge.clock.advance(Duration::minutes(20));
    assert_eq!(look(&bridge.app).await, 1);
}

fn kinds(wrong: &[(IncidentKind, String)]) -> Vec<IncidentKind> {
    wrong.iter().map(|(kind, _)| *kind).collect()
}

/// What the doctor thinks of the location.
async fn doctor_says(bridge: &Bridge, check: &str) -> State {
    let found = bridge.app.context.doctor.check_location(&location()).await;
    found.iter().find(|one| one.check == check).unwrap().state
}

async fn installs(bridge: &Bridge) -> String {
    let mut command = program(Some(bridge));
    command.arg("installs");
    output(command).await.1
}

#[tokio::test]
async fn a_provider_that_was_never_chosen_is_noticed_after_the_first_hour_and_said_first() {
    let bridge = operated().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    let ghl = &bridge.simulation.ghl;
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::NotConfigured);
    bridge.clock.advance(Duration::minutes(20));
    look(&bridge.app).await;
    assert_eq!(wrong(&bridge).await, [], "it is still being set up");
    after_the_first_hour(&bridge).await;
    assert_eq!(kinds(&wrong(&bridge).await), [IncidentKind::Provider]);
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for (language, said) in [
        ("en", "No default SMS provider has been chosen yet"),
        ("ms", "Penyedia SMS utama belum dipilih"),
    ] {
        let page = frame.get_in(language, "").await.body;
        let first = page.split("<section").nth(1).unwrap();
        assert!(first.contains(said), "{page}");
        assert!(
            first.contains("Settings &gt; Phone Numbers &gt; Advanced Settings &gt; SMS Provider")
        );
        assert!(
            !page.contains("Working") && !page.contains("Berfungsi"),
            "{page}"
        );
    }
    let said = installs(&bridge).await;
    assert!(said.contains("this app is not the SMS provider"), "{said}");
    let browser = Browser::sign_in(&bridge).await;
    for path in [
        "/operator",
        "/operator/locations",
        "/operator/locations?troubled=1",
    ] {
        let page = browser.page(path).await;
        assert!(
            page.contains("this app is not the SMS provider"),
            "{path}: {page}"
        );
    }
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
    bridge.agent_writes("apa khabar").await;
    bridge.settle().await;
    look_again(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
}

#[tokio::test]
async fn that_ghl_delivered_nothing_is_noticed_until_it_delivers() {
    let bridge = complete().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    after_the_first_hour(&bridge).await;
    assert_eq!(kinds(&wrong(&bridge).await), [IncidentKind::Undelivered]);
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    assert!(page.contains("GHL has delivered no message"), "{page}");
    assert_eq!(doctor_says(&bridge, "last_delivery").await, State::Warn);
    bridge.agent_writes("apa khabar").await;
    assert_eq!(wrong(&bridge).await, [], "at once, not with the next look");
    look_again(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
}

#[tokio::test]
async fn a_webhook_that_was_never_called_is_registered_again_and_noticed_until_it_is_called() {
    let bridge = complete().await;
    bridge.simulation.waapify.set_webhook(None);
    assert_eq!(doctor_says(&bridge, "webhook").await, State::Unknown);
    after_the_first_hour(&bridge).await;
    assert_eq!(doctor_says(&bridge, "webhook").await, State::Warn);
    assert_eq!(
        kinds(&wrong(&bridge).await),
        [IncidentKind::Undelivered, IncidentKind::Unheard]
    );
    assert!(bridge.simulation.waapify.webhook().is_some(), "told again");
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    assert!(page.contains("Waapify has never called"), "{page}");
    bridge.customer_writes("hai").await;
    look_again(&bridge).await;
    assert_eq!(kinds(&wrong(&bridge).await), [IncidentKind::Undelivered]);
    look_again(&bridge).await;
    assert_eq!(kinds(&wrong(&bridge).await), [IncidentKind::Undelivered]);
}

#[tokio::test]
async fn only_a_message_each_way_makes_a_sub_account_work() {
    let bridge = operated().await;
    let browser = Browser::sign_in(&bridge).await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let said = async |words: &str| {
        let page = frame.get("").await.body;
        assert!(page.contains(words), "{words}: {page}");
        assert_eq!(page.contains("Working"), words == "Working", "{page}");
        let list = browser.page("/operator/locations").await;
        assert!(list.contains(words), "{words}: {list}");
        let list = installs(&bridge).await;
        assert_eq!(list.contains(words), words != "Working", "{words}: {list}");
    };
    said("Connected, waits for a first message each way").await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    said("Connected, waits for the first message from GHL").await;
    bridge.agent_writes("apa khabar").await;
    bridge.settle().await;
    said("Working").await;
    // What was seen once is kept, however many messages follow.
    bridge.clock.advance(Duration::minutes(20));
    look(&bridge.app).await;
    sqlx::query("update outbound set state = 'failed'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    said("Working").await;
}
