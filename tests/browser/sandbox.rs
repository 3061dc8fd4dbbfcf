//! The sandbox's own page, as a developer uses it.

use serde_json::Value;
use simulators::{DefaultProvider, seed};

use crate::stage::Controls;
use crate::tab::Tab;

/// A clipboard that a test can read.
const CLIPBOARD: &str =
    "navigator.clipboard.writeText = async (text) => { window.copied = text; };";

async fn opened() -> (Controls, Tab) {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    let ghl = &stage.sandbox.simulation.ghl;
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
    tab.goto(&stage.service("/")).await;
    tab.sees("WhatsApp is linked").await;
    (stage, tab)
}

async fn click(tab: &Tab, css: &str) {
    tab.find(css).await.click().await.unwrap();
}

async fn write(tab: &Tab, text: &str) {
    tab.fill("#agent-text", text).await;
    click(tab, "#agent-form [type=submit]").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lever_is_pulled_shows_its_effect_and_goes_back() {
    let (_stage, tab) = opened().await;
    tab.sees("No faults").await;
    click(&tab, "#lever-gateway option[value=lying]").await;
    tab.sees("Faults are on").await;
    write(&tab, "Sudah siap").await;
    tab.shows("#traffic .status.bad", "502").await;
    tab.shows("#phone-thread .bubble", "Sudah siap").await;
    click(&tab, "#levers-normal").await;
    tab.sees("No faults").await;
    let position = "return document.getElementById('lever-gateway').value";
    assert_eq!(tab.run(position, vec![]).await, "none");
    tab.assert_quiet("the levers").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_is_followed_and_its_request_copied_as_curl() {
    let (_stage, tab) = opened().await;
    write(&tab, "Pertama").await;
    write(&tab, "Kedua").await;
    tab.find("#ghl-thread li:nth-child(2) .tick.delivered")
        .await;
    tab.find("#ghl-thread li:nth-child(1) .tick.delivered")
        .await;
    click(&tab, "#ghl-thread li:nth-child(1) .about").await;
    tab.sees("One message only").await;
    let said = tab.run(
        "return document.getElementById('traffic').innerText",
        vec![],
    );
    let said = said.await;
    let said = said.as_str().unwrap();
    assert!(
        said.contains("Pertama") && !said.contains("Kedua"),
        "{said}"
    );
    tab.run(CLIPBOARD, vec![]).await;
    // The oldest is the delivery.
    click(&tab, "#traffic li:last-child .open").await;
    click(&tab, "#traffic .wire button").await;
    tab.sees("Copied.").await;
    let copied = tab.run("return window.copied", vec![]).await;
    let copied = copied.as_str().unwrap();
    assert!(
        copied.starts_with("curl -i -X POST 'http://127.0.0.1:"),
        "{copied}"
    );
    assert!(
        copied.contains("/hooks/delivery/") && copied.contains("Pertama"),
        "{copied}"
    );
    click(&tab, "#traffic-all").await;
    tab.shows("#traffic", "Kedua").await;
    tab.assert_quiet("the exchanges").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customers_phone_sends_more_than_text_and_the_page_fits() {
    let (_stage, tab) = opened().await;
    tab.press("Picture").await;
    tab.find("#ghl-thread .bubble:not(.right) .file").await;
    tab.press("Place").await;
    tab.shows("#ghl-thread .bubble:not(.right)", "Menara Contoh")
        .await;
    tab.press("Keys").await;
    tab.sees(seed::ACCESS_TOKEN).await;
    tab.press("Keys").await;
    for (width, height) in [(1400, 900), (390, 844)] {
        tab.resize(width, height).await;
        let wide = "return document.documentElement.scrollWidth - window.innerWidth";
        let wide: Value = tab.run(wide, vec![]).await;
        assert!(wide.as_i64().unwrap() <= 0, "{width} px: {wide} too wide");
    }
    tab.press("The service's routes").await;
    tab.sees("/hooks/delivery/{secret}").await;
    tab.assert_quiet("the phone and the routes").await;
}
