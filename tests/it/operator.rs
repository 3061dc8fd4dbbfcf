//! The operator's pages: what they show and hide, and what can be done there. Who may open them is in
//! `operator/access`.

mod access;
mod causes;
mod names;
mod records;
mod replays;
mod rows;
mod summaries;
mod waiting;

use access::routes;
use axum::http::StatusCode;
use axum::http::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::model::reason::{Failure, Hold, Reason, Step};

use crate::harness::{Bridge, OUTAGE};
use crate::messages::{A_WHILE, number_of};
use crate::metrics::{TOKEN, operated};

/// A client that follows no redirects and keeps no cookies.
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(std::time::Duration::from_mins(1))
        .build()
        .unwrap()
}

/// A browser that is signed in.
pub struct Browser<'a> {
    bridge: &'a Bridge,
    pub client: reqwest::Client,
    pub cookie: String,
}

impl<'a> Browser<'a> {
    pub async fn sign_in(bridge: &'a Bridge) -> Self {
        let client = client();
        let answer = client
            .post(format!("{}/operator/sign-in", bridge.address))
            .header(ORIGIN, &bridge.address)
            .form(&[("token", TOKEN)])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[LOCATION], "/operator");
        let set = answer.headers()[SET_COOKIE].to_str().unwrap();
        for attribute in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/operator"] {
            assert!(set.contains(attribute), "{set}");
        }
        let cookie = set.split(';').next().unwrap().to_owned();
        Self {
            bridge,
            client,
            cookie,
        }
    }

    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        let url = format!("{}{path}", self.bridge.address);
        let request = self.client.get(url).header(COOKIE, &self.cookie);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Gets a page that must exist.
    pub async fn page(&self, path: &str) -> String {
        let (status, page) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {page}");
        page
    }

    /// Gets a page as a browser does that prefers `language`.
    pub async fn page_in(&self, language: &str, path: &str) -> String {
        let url = format!("{}{path}", self.bridge.address);
        let request = self.client.get(url).header(COOKIE, &self.cookie);
        let answer = request.header("accept-language", language).send().await;
        answer.unwrap().text().await.unwrap()
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> (StatusCode, String) {
        let url = format!("{}{path}", self.bridge.address);
        let request = self.client.post(url).header(COOKIE, &self.cookie);
        let answer = request.form(form).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Posts a form, and returns the page to which that leads.
    pub async fn press(&self, path: &str, form: &[(&str, &str)]) -> String {
        let url = format!("{}{path}", self.bridge.address);
        let request = self.client.post(url).header(COOKIE, &self.cookie);
        let answer = request.form(form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let to = answer.headers()[LOCATION].to_str().unwrap().to_owned();
        self.page(&to).await
    }

    /// The first cells of all rows of a list, on all its pages.
    async fn all_rows(&self, begin: &str, row: &str) -> Vec<String> {
        let mut rows = Vec::new();
        let mut next = Some(begin.to_owned());
        while let Some(path) = next {
            let page = self.page(&path).await;
            rows.extend(
                page.split(row)
                    .skip(1)
                    .map(|cell| cell.split("</td>").next().unwrap().to_owned()),
            );
            next = page.split_once("\" rel=\"next\"").map(|(before, _)| {
                let (_, link) = before.rsplit_once("href=\"").unwrap();
                link.replace("&amp;", "&")
            });
        }
        rows
    }
}

/// The CSRF token in the forms of a page.
pub fn csrf(page: &str) -> &str {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split('"').next().unwrap()
}

#[tokio::test]
async fn every_page_opens_for_the_operator_by_session_and_by_header() {
    let bridge = operated().await;
    let (_, routes) = routes(&bridge).await;
    let browser = Browser::sign_in(&bridge).await;
    for (_, path) in routes.iter().filter(|(method, _)| *method == "GET") {
        let page = browser.page(path).await;
        assert!(
            page.contains("aria-current") && !page.contains("<script>"),
            "{path}: {page}"
        );
        assert!(!page.contains("rahsia"), "{path} shows no text");
        let answer = bridge
            .http
            .get(format!("{}{path}", bridge.address))
            .bearer_auth(TOKEN)
            .header("accept-language", "ms")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["referrer-policy"], "same-origin");
        assert!(answer.text().await.unwrap().contains("Kegagalan"), "{path}");
    }
    for path in [
        "/operator/messages/999999",
        "/operator/messages/x",
        "/operator/messages/%00",
        "/operator/locations/nobody",
        "/operator/locations/%00",
    ] {
        assert_eq!(browser.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_pages_tell_how_a_location_stands_but_show_customers_only_by_their_ends() {
    let bridge = operated().await;
    bridge.agent_writes("rahsia satu").await;
    bridge.settle().await;
    bridge.customer_writes("rahsia dua").await;
    bridge.settle().await;
    bridge.simulation.waapify.unlink().await;
    bridge.settle().await;
    let browser = Browser::sign_in(&bridge).await;
    let overview = browser.page("/operator").await;
    for shown in [
        "To WhatsApp, waiting",
        &Reason::from(Hold::LinkLost).english(),
        "All well",
        "data-live=\"60\"",
    ] {
        assert!(overview.contains(shown), "{shown}: {overview}");
    }
    assert!(!overview.contains("http-equiv"), "it takes nothing away");
    let list = browser.page("/operator/locations?troubled=1").await;
    assert!(
        list.contains(seed::LOCATION_ID) && list.contains("on hold"),
        "{list}"
    );
    let location = browser
        .page(&format!("/operator/locations/{}", seed::LOCATION_ID))
        .await;
    for shown in [
        "installed",
        seed::NUMBER,
        &Reason::from(Hold::LinkLost).english(),
        "…6789",
        "In GHL",
    ] {
        assert!(location.contains(shown), "{shown}: {location}");
    }
    let checked = browser
        .page(&format!(
            "/operator/locations/{}?check=1",
            seed::LOCATION_ID
        ))
        .await;
    assert!(
        checked.contains("pill bad") && checked.contains("Do this"),
        "{checked}"
    );
    let numbers = browser.page("/operator/numbers?held=1").await;
    assert!(
        numbers.contains(seed::NUMBER) && numbers.contains("Tried again at"),
        "{numbers}"
    );
    for page in [&overview, &list, &location, &checked, &numbers] {
        assert!(
            !page.contains("60123456789") && !page.contains("rahsia"),
            "{page}"
        );
    }
    let (status, _) = browser
        .get(&format!("/operator/locations?find={}", seed::LOCATION_ID))
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_opened_message_shows_its_whole_number_and_each_step_but_no_text() {
    let bridge = operated().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, OUTAGE));
    let id = bridge.agent_writes("rahsia").await;
    bridge.settle().await;
    bridge.after(Duration::seconds(10)).await;
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.settle().await;
    let browser = Browser::sign_in(&bridge).await;
    let number = number_of(&bridge, &id).await;
    let page = browser.page(&format!("/operator/messages/{number}")).await;
    for shown in [
        "+60123456789",
        id.as_str(),
        &Reason::from(Step::GhlDelivered).english(),
        "Cannot connect to server",
        "delivered",
        "1 / 1",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(
        !page.contains("rahsia") && !page.contains("/replay"),
        "{page}"
    );
    let reply = bridge.customer_writes("rahsia").await;
    bridge.settle().await;
    let number = number_of(&bridge, &reply).await;
    let page = browser.page(&format!("/operator/messages/{number}")).await;
    assert!(
        page.contains("+60123456789") && page.contains("to GHL"),
        "{page}"
    );
}

#[tokio::test]
async fn a_failed_message_goes_again_and_what_may_have_arrived_only_after_a_yes() {
    let bridge = operated().await;
    for _ in 0..2 {
        bridge
            .simulation
            .waapify
            .faults()
            .push("send.php", Fault::answer(200, ""));
    }
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    for _ in 0..2 {
        bridge.after(Duration::minutes(3)).await;
    }
    assert_eq!(bridge.state(&id).await, "failed");
    let browser = Browser::sign_in(&bridge).await;
    let failures = browser.page("/operator/failures").await;
    assert!(
        failures.contains(&Reason::from(Failure::Unconfirmed).english()),
        "{failures}"
    );
    let path = format!("/operator/messages/{}", number_of(&bridge, &id).await);
    let page = browser.page(&path).await;
    let csrf = csrf(&page).to_owned();
    let replay = format!("{path}/replay");
    let (status, page) = browser.post(&replay, &[("csrf", &csrf)]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("Look at the chat on the phone") && page.contains("name=\"anyway\""));
    assert_eq!(bridge.state(&id).await, "failed");
    let (status, _) = browser
        .post(&replay, &[("csrf", &csrf), ("anyway", "1")])
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let page = browser.page(&format!("{path}?replayed=1")).await;
    assert!(page.contains("back in its queue"), "{page}");
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.texts_on_phone(), ["hai"]);
    let browser = Browser::sign_in(&bridge).await;
    let page = browser.page(&path).await;
    assert!(
        page.contains(&Reason::from(Step::Replayed).english()),
        "{page}"
    );
    let csrf = self::csrf(&page).to_owned();
    let (status, page) = browser.post(&replay, &[("csrf", &csrf)]).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(page.contains("It has not failed (sent)"), "{page}");
}

#[tokio::test]
async fn lists_go_on_where_the_page_before_ended_and_miss_nothing() {
    let bridge = operated().await;
    let pool = &bridge.database.pool;
    sqlx::query(
        "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, state, reason_code)
         select 'loc' || n % 3, 'm' || n, 'c', '{}', now(), now(), 'failed', 'phone_incomplete'
         from generate_series(1, 120) n",
    )
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "insert into locations (location_id) select 'a&b ' || n from generate_series(100, 219) n",
    )
    .execute(pool)
    .await
    .unwrap();
    let browser = Browser::sign_in(&bridge).await;
    for (begin, row, count) in [
        ("/operator/failures", "<td data-label=\"Message\">", 120),
        (
            "/operator/failures?location=loc1",
            "<td data-label=\"Message\">",
            40,
        ),
        (
            "/operator/locations/loc2/messages",
            "<td data-label=\"Message\">",
            40,
        ),
        (
            "/operator/locations",
            "<td data-label=\"Sub-account\">",
            121,
        ),
        (
            "/operator/locations?troubled=1",
            "<td data-label=\"Sub-account\">",
            120,
        ),
        ("/operator/numbers", "<td data-label=\"Number\">", 1),
    ] {
        let mut rows = browser.all_rows(begin, row).await;
        let all = rows.len();
        rows.sort();
        rows.dedup();
        assert_eq!((all, rows.len()), (count, count), "{begin}");
    }
    let page = browser.page("/operator/locations/a&b%20100").await;
    assert!(page.contains("a&amp;b 100"), "{page}");
}
