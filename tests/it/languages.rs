//! The language of pages: what a reader chose on any page, else what the browser likes best.

use axum::http::StatusCode;
use axum::http::header::{COOKIE, LOCATION, REFERER, SET_COOKIE};
use simulators::seed;

use crate::app_page::Frame;
use crate::harness::Bridge;
use crate::metrics::operated;
use crate::operator::Browser;

/// Whether a page is in Malay.
fn is_malay(page: &str) -> bool {
    page.contains("<html lang=\"ms\">")
}

#[tokio::test]
async fn every_page_has_a_link_to_itself_in_the_other_language() {
    let bridge = operated().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let browser = Browser::sign_in(&bridge).await;
    let pages = [
        frame.get("/messages").await.body,
        frame.get("/messages/999999").await.body,
        browser.page("/operator").await,
        bridge.get("/operator/sign-in").await.1,
        bridge.get("/oauth/installed").await.1,
        bridge.get("/connect/unknown").await.1,
        bridge.get("/app").await.1,
        frame.get_in("ms", "").await.body,
    ];
    for page in pages {
        let (tag, name) = if is_malay(&page) {
            ("en", "English")
        } else {
            ("ms", "Bahasa Melayu")
        };
        let link = format!(
            "href=\"?lang={tag}\" lang=\"{tag}\" hreflang=\"{tag}\" rel=\"nofollow\">{name}</a>"
        );
        assert!(page.contains(&link), "{link}: {page}");
        assert!(
            !page.contains("http-equiv"),
            "no page loads itself again: {page}"
        );
    }
}

#[tokio::test]
async fn a_choice_stays_in_the_browser_also_inside_ghl_and_unknown_ones_count_for_nothing() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let chosen = frame.get("?lang=ms").await;
    assert!(
        is_malay(&chosen.body),
        "the address says so: {}",
        chosen.body
    );
    let cookie = chosen.headers[SET_COOKIE].to_str().unwrap().to_owned();
    for part in [
        "lang=ms;",
        "HttpOnly",
        "SameSite=None",
        "Secure",
        "Partitioned",
        "Path=/",
    ] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let get = async |cookie: &str, query: &str| {
        let request = bridge
            .http
            .get(format!("{}{}{query}", bridge.address, frame.path));
        let request = request.header(COOKIE, format!("{}; {cookie}", frame.cookie));
        request.send().await.unwrap()
    };
    for (cookie, query, malay) in [
        ("lang=ms", "", true),
        ("lang=ms", "?lang=en", false),
        ("lang=xx", "", false),
        ("lang=xx", "?lang=ms&lang=en", true),
        ("lang=ms", "?lang=%00", true),
        ("language=ms", "", false),
    ] {
        let page = get(cookie, query).await.text().await.unwrap();
        assert_eq!(is_malay(&page), malay, "{cookie} {query}: {page}");
    }
    // The script that renews a page asks with the page's address, and must not undo what another tab chose.
    let request = bridge
        .http
        .get(format!("{}{}?lang=ms", bridge.address, frame.path));
    let request = request.header(COOKIE, &frame.cookie).header("x-live", "1");
    let renewed = request.send().await.unwrap();
    assert!(renewed.headers().get(SET_COOKIE).is_none());
}

#[tokio::test]
async fn a_switch_keeps_the_filter_of_the_page_it_came_from_and_leads_to_no_other() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let address = format!("{}{}/messages", bridge.address, frame.path);
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let switch = async |from: &str| {
        let request = client
            .get(format!("{address}?lang=ms"))
            .header(COOKIE, &frame.cookie);
        let answer = request.header(REFERER, from).send().await.unwrap();
        let to = answer
            .headers()
            .get(LOCATION)
            .map(|to| to.to_str().unwrap().to_owned());
        (answer.status(), to)
    };
    assert_eq!(
        switch(&format!("{address}?state=failed&before=9")).await,
        (
            StatusCode::SEE_OTHER,
            Some("?state=failed&before=9&lang=ms".to_owned())
        )
    );
    for from in [
        address.clone(),
        format!("{address}?lang=en"),
        format!("{address}/1?done=queued"),
        "https://evil.example/x?a=b".to_owned(),
    ] {
        assert_eq!(switch(&from).await, (StatusCode::OK, None), "{from}");
    }
}
