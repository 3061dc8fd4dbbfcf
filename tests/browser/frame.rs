//! The page inside GHL: a frame of another site, in a browser that blocks third-party cookies.

use simulators::seed;

use crate::checks::execute;
use crate::pages::{enter_keys, install, open_app as open};
use crate::stage::Controls;
use crate::tab::Tab;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_in_ghl_shows_its_location_survives_a_reload_and_sends_again() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    // As if a person could help by sending it again; what it fails of next is its number.
    let other = [
        "update outbound set reason_code = 'text_not_taken' where state = 'failed'",
        "update timeline set cause_code = 'text_not_taken' where state = 'failed'",
    ];
    execute(&stage, &other).await;
    open(&stage, &tab, seed::LOCATION_ID).await;
    tab.sees(seed::LOCATION_ID).await;
    tab.sees(seed::NUMBER).await;
    tab.run("location.reload()", vec![]).await;
    tab.sees(seed::NUMBER).await;
    tab.press("Messages").await;
    tab.sees("Failed").await;
    tab.press("Try again").await;
    tab.sees("on its way again").await;
    // What became of it is shown without a reload.
    tab.sees("Correct the contact in GHL").await;
    tab.assert_quiet("in the frame").await;
    // Loads the whole page of GHL again, too.
    open(&stage, &tab, seed::LOCATION_ID).await;
    tab.sees(seed::NUMBER).await;
    tab.assert_quiet("the whole page anew").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_a_numbers_settings_is_kept() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    open(&stage, &tab, seed::LOCATION_ID).await;
    tab.press("Settings").await;
    tab.fill("[name=name]", "Kedai utama").await;
    tab.find("[name=groups]").await.click().await.unwrap();
    tab.press("Save").await;
    tab.sees("Saved").await;
    open(&stage, &tab, seed::LOCATION_ID).await;
    tab.sees("Kedai utama").await;
    tab.press("Settings").await;
    let groups = tab.find("[name=groups]").await;
    assert!(groups.is_selected().await.unwrap());
    tab.assert_quiet("settings").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_connects_a_number_in_the_frame_and_goes_back_to_the_overview() {
    let (stage, tab) = (Controls::bare().await, Tab::open("en-US").await);
    tab.goto(&install(&stage, seed::LOCATION_ID)).await;
    open(&stage, &tab, seed::LOCATION_ID).await;
    tab.press("Connect a number").await;
    enter_keys(&tab, (seed::INSTANCE_ID, "wrong")).await;
    tab.find("[aria-invalid=true]").await;
    enter_keys(&tab, (seed::INSTANCE_ID, seed::ACCESS_TOKEN)).await;
    tab.press("Yes, use this number").await;
    tab.sees("sends what you write in GHL").await;
    tab.assert_quiet("connected in the frame").await;
    tab.press("Back to the overview").await;
    tab.sees("The last 24 hours").await;
    tab.sees(seed::NUMBER).await;
    tab.assert_quiet("the overview again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_see_the_page_without_what_they_may_not_do() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    let path = format!(
        "/sandbox/ghl/custom-page?location={}&user=staff",
        seed::LOCATION_ID
    );
    tab.goto(&stage.ghl(&path)).await;
    tab.enter_frame().await;
    tab.sees(seed::NUMBER).await;
    tab.sees("An admin of this sub-account or of its agency can change it")
        .await;
    assert!(!tab.text().await.contains("Connect another number"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_agencys_view_and_a_location_without_the_app_are_told_what_to_do() {
    let (stage, tab) = (Controls::connected().await, Tab::open("ms-MY").await);
    open(&stage, &tab, "").await;
    tab.sees("WhatsApp dalam agensi anda").await;
    open(&stage, &tab, seed::SECOND_LOCATION_ID).await;
    tab.sees("Aplikasi ini tidak dipasang dalam sub-akaun ini")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_without_ghl_around_it_says_so() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    tab.goto(&stage.service("/app")).await;
    tab.sees("This page works inside GHL only").await;
    tab.assert_quiet("alone").await;
}

/// What chromedriver does after a command that twice met the frame between two documents.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_stays_in_the_frame_that_the_driver_has_left() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    open(&stage, &tab, seed::LOCATION_ID).await;
    let leave = async || tab.browser.client.enter_parent_frame().await.unwrap();
    leave().await;
    tab.sees(seed::NUMBER).await;
    leave().await;
    tab.press("Messages").await;
    leave().await;
    tab.shows("h1", "Messages").await;
    leave().await;
    tab.find("#customer").await;
}
