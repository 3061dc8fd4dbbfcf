//! From the marketplace to the first message and its statuses.

use serde_json::json;
use simulators::seed;
use tokio::time::Instant;
use waapify_ghl::model::written_phone::grouped;

use crate::pages;
use crate::pages::show_qr;
use crate::stage::Controls;
use crate::tab::Tab;

/// What a person did since an install was allowed, and when. It is printed for the figures in `docs/testing.md`
/// (`cargo test --test pages someone_installs -- --nocapture`); nothing depends on the times.
struct Steps(Instant);

impl Steps {
    #[allow(clippy::print_stdout, reason = "whoever measures reads it")]
    fn note(&self, what: &str) {
        println!("{:6.1} s  {what}", self.0.elapsed().as_secs_f64());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn someone_installs_the_app_scans_the_code_and_writes_to_a_customer() {
    let stage = Controls::bare().await;
    let tab = Tab::open("en-US").await;
    tab.goto(&stage.ghl("/sandbox/ghl")).await;
    tab.press("Install the app").await;
    tab.sees("Where should it be installed?").await;
    tab.press("Allow and install").await;
    let steps = Steps(Instant::now());
    tab.sees("Connect your WhatsApp number").await;
    tab.sees(seed::LOCATION_NAME).await;
    steps.note("the page asks for the token");
    show_qr(&tab).await;
    tab.sees("Waiting for your phone").await;
    steps.note("token entered, code shown");
    scan(&stage, &tab).await;
    tab.sees("Is this your number?").await;
    tab.sees(&grouped(seed::NEW_NUMBER)).await;
    steps.note("code scanned, number named");
    tab.press("Yes, use this number").await;
    tab.sees("Your WhatsApp number is connected").await;
    steps.note("yes: connected");
    assert_eq!(
        done_steps(&tab).await,
        0,
        "GHL's own provider is chosen still"
    );
    choose_ours(&stage, &tab).await;
    // The open page notices it by itself, and goes on.
    tab.find("main:not(:has(.last-mile)) #to").await;
    steps.note("SMS provider chosen in GHL and noticed");
    tab.fill("#to", "012-345 6789").await;
    tab.press("Send the test").await;
    tab.sees("Done: WhatsApp is set up").await;
    steps.note("first message sent");
    tab.assert_quiet("the connect page").await;
    converse(&stage, &tab).await;
}

/// The business's phone scans the code, with the sandbox's button.
async fn scan(stage: &Controls, tab: &Tab) {
    let connect = tab.turn_to_new().await;
    tab.goto(&stage.service("/")).await;
    tab.press("Scan with the phone").await;
    tab.sees("has scanned the QR code").await;
    tab.turn_back_to(connect).await;
}

/// An agency admin takes the step that GHL has no API for.
async fn choose_ours(stage: &Controls, tab: &Tab) {
    let connect = tab.turn_to_new().await;
    let path = format!("/sandbox/ghl/settings?location={}", seed::LOCATION_ID);
    tab.goto(&stage.ghl(&path)).await;
    tab.find("[name=provider][value=ours]")
        .await
        .click()
        .await
        .unwrap();
    tab.press("Save").await;
    tab.sees("Saved.").await;
    tab.turn_back_to(connect).await;
}

/// The number of finished steps in the checklist of the page.
async fn done_steps(tab: &Tab) -> usize {
    let script = "return document.querySelectorAll('.last-mile .steps > li.done').length";
    let done = tab.run(script, vec![]).await;
    usize::try_from(done.as_u64().unwrap()).unwrap()
}

/// Business and customer write to each other on the sandbox's page.
async fn converse(stage: &Controls, tab: &Tab) {
    tab.goto(&stage.service("/")).await;
    tab.sees("WhatsApp is linked").await;
    tab.press(seed::AISYAH.1).await;
    tab.fill("#agent-text", "Pesanan anda telah dihantar.")
        .await;
    tab.press("Send").await;
    tab.shows("#phone-thread .bubble", "Pesanan anda telah dihantar.")
        .await;
    tab.find("#ghl-thread .tick.delivered, #ghl-thread .tick.read")
        .await;
    tab.fill("#customer-text", "Terima kasih!").await;
    tab.find("#customer-form button[type=submit]")
        .await
        .click()
        .await
        .unwrap();
    tab.shows("#ghl-thread .bubble:not(.right)", "Terima kasih!")
        .await;
    // Opening the chat marks its messages as read.
    tab.find("#ghl-thread .tick.read").await;
    tab.assert_quiet("the conversation").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_marks_its_field_and_the_rest_stays() {
    let (stage, tab) = (Controls::connected().await, Tab::open("en-US").await);
    pages::Page::ConnectWrong.open(&stage, &tab).await;
    let script = "const bad = document.querySelectorAll('[aria-invalid=true]');
        return { bad: [...bad].map((one) => one.id), focus: document.activeElement.id,
            said: [...bad].map((one) => document.getElementById(one.getAttribute('aria-describedby').split(' ')[0]).textContent),
            instance: document.getElementById('instance_id').value, token: document.getElementById('access_token').value };";
    let found = tab.run(script, vec![]).await;
    assert_eq!(found["bad"], json!(["access_token"]), "{found}");
    assert_eq!(found["focus"], "access_token");
    assert!(
        found["said"][0].as_str().unwrap().contains("access token"),
        "{found}"
    );
    assert_eq!(
        (&found["instance"], &found["token"]),
        (&json!(seed::INSTANCE_ID), &json!(""))
    );
    tab.fill("#access_token", seed::ACCESS_TOKEN).await;
    tab.press("Check and connect").await;
    tab.press("Yes, use this number").await;
    tab.sees("Your WhatsApp number is connected").await;
}
