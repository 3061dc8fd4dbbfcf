//! Back and reload after forms: the browser must not ask whether to send one again, and must not show what was.

use simulators::seed;
use waapify_ghl::cli::sandbox::ADMIN_TOKEN;

use crate::pages::{enter_keys, install, open_app};
use crate::stage::Controls;
use crate::tab::Tab;

async fn back(tab: &Tab) {
    tab.browser.client.back().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_onto_a_refused_connect_form_leads_to_the_page() {
    let (stage, tab) = (Controls::bare().await, Tab::open("en-US").await);
    tab.goto(&install(&stage, seed::LOCATION_ID)).await;
    enter_keys(&tab, (seed::INSTANCE_ID, "wrong")).await;
    tab.find("[aria-invalid=true]").await;
    enter_keys(&tab, (seed::INSTANCE_ID, seed::ACCESS_TOKEN)).await;
    tab.sees("Is this your number?").await;
    back(&tab).await;
    tab.sees("Is this your number?").await;
    tab.find("header.top").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_onto_a_refused_sign_in_leads_to_the_form() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    tab.goto(&stage.service("/operator/failures")).await;
    for token in ["wrong", ADMIN_TOKEN] {
        tab.fill("[type=password]", token).await;
        tab.find("main button[type=submit]")
            .await
            .click()
            .await
            .unwrap();
        if token == "wrong" {
            tab.find("[aria-invalid=true]").await;
            // A reload asks for the form anew, and does not send it again.
            tab.run("location.reload()", vec![]).await;
            tab.find("[type=password]:not([aria-invalid])").await;
        }
    }
    tab.find("main .tabs, main nav").await;
    tab.sees("Failures").await;
    back(&tab).await;
    tab.find("[type=password]").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn back_onto_refused_alerts_in_the_frame_leads_to_their_form() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    open_app(&stage, &tab, seed::LOCATION_ID).await;
    tab.press("Alerts").await;
    tab.fill("[name=address]", "https://example.com:22/").await;
    tab.press("Save and send a test").await;
    tab.sees("this port is not allowed").await;
    tab.press("Overview").await;
    tab.sees("The last 24 hours").await;
    tab.run("history.back()", vec![]).await;
    tab.sees("Alerts of the agency").await;
    tab.find("[name=address]").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_the_browser_kept_for_back_is_loaded_anew() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    tab.goto(&stage.service("/operator/sign-in")).await;
    tab.find("[type=password]").await;
    // What the browser says when it shows a kept page.
    let kept = "document.body.id = 'kept'; dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))";
    tab.run(kept, vec![]).await;
    tab.find("body:not(#kept) [type=password]").await;
}
