//! Opting out, as people see it: the words in GHL's frame, and a customer's STOP in the sandbox.

use simulators::{DefaultProvider, seed};

use crate::pages::{Page, open_app};
use crate::stage::Controls;
use crate::tab::Tab;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_typed_stays_after_a_mistake_and_back_leads_to_the_form() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    Page::AppOptOut.open(&stage, &tab).await;
    tab.fill("[name=stop]", "!!!").await;
    tab.fill("[name=answer]", "Baik, tiada mesej lagi.").await;
    tab.press("Save").await;
    tab.sees("This cannot be a word: !!!").await;
    tab.find("[name=stop][aria-invalid=true][aria-describedby~=stop-fault]")
        .await;
    let answer = tab
        .run(
            "return document.querySelector('[name=answer]').value",
            vec![],
        )
        .await;
    assert_eq!(answer, "Baik, tiada mesej lagi.");
    tab.fill("[name=stop]", "Tak nak").await;
    tab.press("Save").await;
    tab.sees("Saved.").await;
    tab.press("Overview").await;
    tab.sees("The last 24 hours").await;
    tab.run("history.back()", vec![]).await;
    tab.find("[name=stop]:not([aria-invalid])").await;
    tab.assert_quiet("the opt-out words").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_seen_in_ghl_and_on_the_page_and_a_campaign_sends_nothing_more() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    let (ghl, waapify) = (
        &stage.sandbox.simulation.ghl,
        &stage.sandbox.simulation.waapify,
    );
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
    let (_, name, phone) = seed::AISYAH;
    waapify.customer_sends(phone, name, "STOP").await;
    tab.goto(&stage.service("/")).await;
    tab.shows("#dnd[aria-pressed=true]", "Do Not Disturb: on")
        .await;
    tab.fill("#agent-text", "Tawaran!").await;
    tab.find("#campaign").await.click().await.unwrap();
    tab.shows("#ghl-thread .bubble", "DND is active").await;
    tab.find("#dnd").await.click().await.unwrap();
    tab.shows("#dnd[aria-pressed=false]", "Do Not Disturb: off")
        .await;
    open_app(&stage, &tab, seed::LOCATION_ID).await;
    tab.find(".tabs a[href$='/opt-out']")
        .await
        .click()
        .await
        .unwrap();
    tab.sees("wants no more messages").await;
    tab.sees("GHL knows").await;
    tab.assert_quiet("who opted out").await;
}
