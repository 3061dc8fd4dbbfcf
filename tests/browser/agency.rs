//! An agency's admin in GHL's view of the whole agency, in the frame: stores Waapify's token once, and connects one
//! sub-account after the other by scanning.

use simulators::seed;
use waapify_ghl::model::written_phone::grouped;

use crate::pages::{install, open_app};
use crate::stage::Controls;
use crate::tab::Tab;

/// The phone of a sub-account scans the code that is shown.
async fn scan(stage: &Controls, tab: &Tab, number: &str) {
    tab.find("figure.qr img").await;
    let waapify = &stage.sandbox.simulation.waapify;
    let is_shown = crate::stage::came_true(async || !waapify.waiting_instances().is_empty()).await;
    assert!(is_shown, "no code is shown");
    let instance = waapify.waiting_instances().remove(0);
    assert!(waapify.scan_qr_with(&instance, number, "Kedai").await);
    tab.sees("Is this your number?").await;
    tab.sees(&grouped(number)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agency_stores_its_token_once_and_goes_from_one_sub_account_to_the_next() {
    let (stage, tab) = (Controls::bare().await, Tab::open("en-US").await);
    for location in [seed::LOCATION_ID, seed::SECOND_LOCATION_ID] {
        tab.goto(&install(&stage, location)).await;
        tab.find("[name=instance_id]").await;
    }
    open_app(&stage, &tab, "").await;
    tab.fill("#access_token", seed::ACCESS_TOKEN).await;
    tab.press("Store it").await;
    tab.sees("The token is stored").await;
    tab.assert_quiet("the agency's page").await;
    for number in ["60121110001", "60121110002"] {
        tab.press("Connect a number").await;
        // No button: the code comes by itself.
        scan(&stage, &tab, number).await;
        tab.press("Yes, use this number").await;
        tab.sees("Your WhatsApp number is connected").await;
        tab.assert_quiet("connected").await;
        tab.press("Next sub-account").await;
        tab.sees(&grouped(number)).await;
    }
    let made = stage.sandbox.simulation.waapify.faults();
    assert_eq!(made.count("createinstance.php"), 2, "one for each number");
}
