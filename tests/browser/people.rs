//! What only a browser can show of times, languages, and pages that renew themselves.

use serde_json::json;
use simulators::seed;

use crate::checks::execute;
use crate::pages::{Page, install, open_app};
use crate::stage::Controls;
use crate::tab::Tab;

/// Lets the page look now, as for a person who comes back to its tab.
const COME_BACK: &str = "document.dispatchEvent(new Event('visibilitychange'))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn times_are_in_one_zone_on_a_page_which_is_named_once() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    let zone = json!({ "timezoneId": "Asia/Kabul" });
    tab.browser
        .devtools("Emulation.setTimezoneOverride", zone)
        .await;
    // Where charts count the days of a zone, all times are in that zone: the operator's own, or the sub-account's.
    let known = "update locations set time_zone = 'Asia/Kuala_Lumpur'";
    execute(&stage, &[known]).await;
    for (page, note, away) in [
        (
            Page::Operator,
            "Times are in your time zone, Asia/Kabul.",
            "+04:30",
        ),
        (
            Page::OperatorFailures,
            "Times are in your time zone, Asia/Kabul.",
            "+04:30",
        ),
        (
            Page::App,
            "Times are in the time zone Asia/Kuala_Lumpur.",
            "+08:00",
        ),
        (
            Page::AppMessages,
            "Times are in the time zone Asia/Kuala_Lumpur.",
            "+08:00",
        ),
    ] {
        page.open(&stage, &tab).await;
        tab.sees(note).await;
        let script = "const all = [...document.querySelectorAll('time[data-local]')];
            const same = all.filter((one) => one.dataset.local === 'seconds').every((one) =>
                new Date(one.textContent.replace(' ', 'T') + arguments[0]).getTime() === new Date(one.dateTime).getTime());
            const titles = all.every((one) => one.title.endsWith('UTC' + arguments[0].replace('0', '').replace(':00', '')));
            const charts = document.querySelector('[data-chart-zone]')?.dataset.chartZone ?? '';
            return [all.length > 0, same, titles, charts === '' || arguments[1].includes(charts),
                document.querySelector('main').innerText.includes('UTC')]";
        let found = tab.run(script, vec![json!(away), json!(note)]).await;
        assert_eq!(found, json!([true, true, true, true, false]), "{page:?}");
    }
    tab.assert_quiet("times").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_says_that_the_server_is_away_and_goes_on_when_it_is_back() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    let says_so = async |page: Page| {
        tab.run(COME_BACK, vec![]).await;
        let words = "The server does not answer. This page is as it was at ";
        tab.shows("#stale[role=status].notice", words).await;
        let time = "return /as it was at \\d\\d:\\d\\d:\\d\\d;/.test(document.getElementById('stale').textContent)";
        assert_eq!(tab.run(time, vec![]).await, true, "{page:?}");
    };
    let goes_on = async || {
        tab.run(COME_BACK, vec![]).await;
        tab.find("#stale:empty:not(.notice)").await;
    };
    // The browser cuts off the network of a page, not that of a frame of another site.
    Page::Operator.open(&stage, &tab).await;
    let network = async |is_away: bool| {
        let how = json!({ "offline": is_away, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        tab.browser.devtools("Network.enable", json!({})).await;
        tab.browser
            .devtools("Network.emulateNetworkConditions", how)
            .await;
    };
    network(true).await;
    says_so(Page::Operator).await;
    network(false).await;
    goes_on().await;
    Page::AppMessages.open(&stage, &tab).await;
    let cut =
        "window.kept = window.fetch; window.fetch = () => Promise.reject(new TypeError('away'))";
    tab.run(cut, vec![]).await;
    says_so(Page::AppMessages).await;
    tab.run("window.fetch = window.kept", vec![]).await;
    goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_with_the_code_says_that_the_server_is_away_and_goes_on_when_it_is_back() {
    let (stage, tab) = (Controls::bare().await, Tab::open("en-US").await);
    tab.goto(&install(&stage, seed::LOCATION_ID)).await;
    tab.fill("#qr_access_token", seed::ACCESS_TOKEN).await;
    tab.press("Show the QR code").await;
    tab.sees("Waiting for your phone").await;
    let network = async |is_away: bool| {
        let how = json!({ "offline": is_away, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        tab.browser.devtools("Network.enable", json!({})).await;
        tab.browser
            .devtools("Network.emulateNetworkConditions", how)
            .await;
    };
    network(true).await;
    tab.shows("figure.qr [role=status]", "The server does not answer")
        .await;
    tab.find("figure.qr img[hidden]").await;
    network(false).await;
    tab.shows("figure.qr [role=status]", "Waiting for your phone")
        .await;
    tab.find("figure.qr img:not([hidden])").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_renews_itself_and_takes_nothing_from_the_reader() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    Page::AppMessages.open(&stage, &tab).await;
    let hold = "const link = [...document.querySelectorAll('tbody a')].at(-1);
        link.focus(); window.heldLink = link; window.heldText = link.closest('tr').dataset.key;
        document.querySelector('[name=state]').value = 'failed';
        return document.querySelectorAll('tbody tr').length";
    let before = tab.run(hold, vec![]).await.as_u64().unwrap();
    let ghl = &stage.sandbox.simulation.ghl;
    ghl.set_default_provider(seed::LOCATION_ID, simulators::DefaultProvider::Ours);
    ghl.agent_sends(seed::AISYAH.0, "Satu lagi", &[]).unwrap();
    let rows = format!("tbody tr:nth-child({})", before + 1);
    tab.find(&rows).await;
    let kept = "return document.activeElement === window.heldLink && window.heldLink.isConnected
        && window.heldLink.closest('tr').dataset.key === window.heldText
        && document.querySelector('[name=state]').value === 'failed'";
    assert_eq!(tab.run(kept, vec![]).await, true, "focus and choice stay");
    tab.assert_quiet("a live list").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_says_what_became_of_it_and_nothing_is_asked_in_a_hidden_tab() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    let (ghl, waapify) = (
        &stage.sandbox.simulation.ghl,
        &stage.sandbox.simulation.waapify,
    );
    ghl.set_default_provider(seed::LOCATION_ID, simulators::DefaultProvider::Ours);
    let id = ghl
        .agent_sends(seed::AISYAH.0, "Sudah sampai?", &[])
        .unwrap();
    stage.until_status(&id, "delivered").await;
    Page::AppMessages.open(&stage, &tab).await;
    tab.find("tbody tr:first-child a[href*='/messages/']")
        .await
        .click()
        .await
        .unwrap();
    tab.shows("dd[data-say]", "Delivered").await;
    let hide = "window.asked = 0; const before = window.fetch;
        window.fetch = (...all) => { window.asked += 1; return before(...all); };
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
        document.dispatchEvent(new Event('visibilitychange'));";
    tab.run(hide, vec![]).await;
    waapify.customer_reads(seed::AISYAH.2).await;
    stage.until_status(&id, "read").await;
    let asked = tab.run("return window.asked", vec![]).await;
    assert_eq!(asked, 0, "nobody looks");
    tab.run("delete document.hidden", vec![]).await;
    tab.run(COME_BACK, vec![]).await;
    tab.shows("dd[data-say]", "Read").await;
    tab.shows("p.unseen[role=status]", "Read").await;
    tab.assert_quiet("a live message").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_ended_leads_to_the_sign_in_page() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    Page::Operator.open(&stage, &tab).await;
    tab.browser
        .devtools("Network.clearBrowserCookies", json!({}))
        .await;
    tab.run(COME_BACK, vec![]).await;
    tab.find("[type=password]").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_inside_ghl_switches_the_language_once_for_all_pages() {
    let (stage, tab) = (Controls::lively().await, Tab::open("en-US").await);
    open_app(&stage, &tab, seed::LOCATION_ID).await;
    tab.press("Bahasa Melayu").await;
    tab.sees("Nombor WhatsApp").await;
    tab.press("Mesej").await;
    tab.shows("th", "Pelanggan").await;
    tab.press("English").await;
    tab.shows("th", "Customer").await;
    tab.assert_quiet("languages").await;
}
