//! The page inside GHL: which users may open it, for how long, and what they see. Each subject has a file in
//! `app_page`.

mod audit;
mod checks;
mod framing;
mod linking;
mod messages;
mod numbers;
mod offers;
mod opt_out;
mod people;
mod strangers;

use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use simulators::seed;
use time::Duration;

use crate::ghl_events::uninstall;
use crate::harness::Bridge;
use crate::sso::{encrypted, user_of};

const SECRET: &str = "test-shared-secret";

/// The answer that a browser got.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// The path of its redirect.
    pub fn leads_to(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers["location"].to_str().unwrap()
    }

    fn text(&self, header: &str) -> &str {
        self.headers
            .get(header)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// A browser's frame for one session.
pub struct Frame<'a> {
    pub bridge: &'a Bridge,
    /// `/app/{session}`.
    pub path: String,
    pub cookie: String,
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    Answer {
        status: answer.status(),
        headers: answer.headers().clone(),
        body: answer.text().await.unwrap(),
    }
}

/// Sends a payload to start a session.
pub async fn exchange(bridge: &Bridge, payload: &str) -> Answer {
    let address = format!("{}/app/session", bridge.address);
    let request = bridge.http.post(address).form(&[("payload", payload)]);
    answer(request.header("origin", &bridge.address)).await
}

pub fn payload_of(user: &Value) -> String {
    encrypted(SECRET, user.to_string().as_bytes())
}

impl<'a> Frame<'a> {
    pub async fn open(bridge: &'a Bridge, location: &str) -> Self {
        let answer = exchange(bridge, &payload_of(&user_of(location))).await;
        Self::of(bridge, &answer)
    }

    pub fn of(bridge: &'a Bridge, answer: &Answer) -> Self {
        let (path, _) = answer.leads_to().split_once('?').unwrap();
        let cookie = answer.text("set-cookie").split(';').next().unwrap();
        Self {
            bridge,
            path: path.to_owned(),
            cookie: cookie.to_owned(),
        }
    }

    /// Gets a page below the session's first page.
    pub async fn get(&self, rest: &str) -> Answer {
        self.get_at(&format!("{}{rest}", self.path)).await
    }

    /// Gets a page as a browser does that prefers `language`.
    pub async fn get_in(&self, language: &str, rest: &str) -> Answer {
        let address = format!("{}{}{rest}", self.bridge.address, self.path);
        let request = self.bridge.http.get(address).header("cookie", &self.cookie);
        answer(request.header("accept-language", language)).await
    }

    /// Gets any page with this session's cookie.
    pub async fn get_at(&self, path: &str) -> Answer {
        let address = format!("{}{path}", self.bridge.address);
        answer(self.bridge.http.get(address).header("cookie", &self.cookie)).await
    }

    /// The CSRF token of the session's forms.
    pub async fn token(&self) -> String {
        let mut page = self.get("").await.body;
        if !page.contains("name=\"csrf\"") {
            // Whoever may only look still has the form of a number's settings, without its button.
            page = self.get(&format!("/numbers/{}", seed::NUMBER)).await.body;
        }
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends a form with the session's own token.
    pub async fn post(&self, rest: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token().await;
        self.post_with(rest, &token, fields).await
    }

    /// Sends a form with any token.
    pub async fn post_with(&self, rest: &str, token: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = [fields, &[("csrf", token)]].concat();
        let address = format!("{}{}{rest}", self.bridge.address, self.path);
        let request = self.bridge.http.post(address).form(&fields);
        let request = request
            .header("cookie", &self.cookie)
            .header("origin", &self.bridge.address);
        answer(request).await
    }
}

/// A second location of the same agency, with the app.
pub const OTHER: &str = seed::SECOND_LOCATION_ID;

pub async fn install_other(bridge: &Bridge) {
    bridge.install_second().await;
}

#[tokio::test]
async fn a_user_of_a_location_sees_its_number_and_nothing_needs_a_script_from_then_on() {
    let bridge = Bridge::new().await;
    let (status, ask) = bridge.get("/app").await;
    assert_eq!(status, StatusCode::OK);
    assert!(ask.contains("src=\"/assets/app.js\"") && ask.contains("<noscript>"));
    let entered = exchange(&bridge, &payload_of(&user_of(seed::LOCATION_ID))).await;
    let cookie = entered.text("set-cookie");
    let frame = Frame::of(&bridge, &entered);
    for part in [
        "HttpOnly",
        "SameSite=None",
        "Secure",
        "Partitioned",
        &format!("Path={}", frame.path),
    ] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert_eq!(frame.get("?begin").await.leads_to(), frame.path);
    let page = frame.get("").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(
        page.body.contains(&format!("+{}", seed::NUMBER)),
        "{}",
        page.body
    );
    assert!(page.body.contains("waits for a first message each way"));
    assert!(!page.body.contains("Working"));
    let scripts = page.body.matches("<script").count();
    let renewing = page.body.matches("<script src=\"/assets/").count();
    assert_eq!(scripts, renewing, "all comes without them: {}", page.body);
    assert_eq!(page.text("cache-control"), "no-store");
}

#[tokio::test]
async fn the_page_speaks_malay_to_those_who_ask_for_it() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for (path, said) in [
        (frame.path.as_str(), "Nombor WhatsApp"),
        ("/app", "muat semula halaman"),
        ("/app/nobody", "muat semula halaman"),
    ] {
        let request = bridge.http.get(format!("{}{path}", bridge.address));
        let request = request.header("cookie", &frame.cookie);
        let page = answer(request.header("accept-language", "ms-MY")).await;
        assert!(page.body.contains("lang=\"ms\""), "{path}: {}", page.body);
        assert!(page.body.contains(said), "{path}: {}", page.body);
    }
}

#[tokio::test]
async fn a_payload_opens_one_session_and_no_changed_copy_of_it_opens_another() {
    let bridge = Bridge::new().await;
    let payload = payload_of(&user_of(seed::LOCATION_ID));
    let first = exchange(&bridge, &payload).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER);
    let again = exchange(&bridge, &payload).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert!(again.headers.get("set-cookie").is_none());
    // The same salt and another text: all that a person without the secret can produce.
    let bytes = STANDARD.decode(&payload).unwrap();
    for at in 16..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 4;
        let answer = exchange(&bridge, &STANDARD.encode(&changed)).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{at}");
    }
    bridge.clock.advance(Duration::days(400));
    let later = exchange(&bridge, &payload).await;
    assert_eq!(later.status, StatusCode::FORBIDDEN, "for good");
}

#[tokio::test]
async fn forged_payloads_are_refused_with_one_and_the_same_page() {
    let bridge = Bridge::new().await;
    let user = user_of(seed::LOCATION_ID).to_string();
    let replayed = payload_of(&user_of(seed::LOCATION_ID));
    exchange(&bridge, &replayed).await;
    let pages = [
        user.clone(),
        String::new(),
        "e30=".to_owned(),
        encrypted("another secret", user.as_bytes()),
        encrypted(SECRET, b"{}"),
        replayed,
    ];
    let mut bodies = Vec::new();
    for payload in &pages {
        let answer = exchange(&bridge, payload).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{payload}");
        assert!(answer.headers.get("set-cookie").is_none());
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "nobody learns why");
    let oversized = exchange(&bridge, &"A".repeat(20_000)).await;
    assert_eq!(oversized.status, StatusCode::FORBIDDEN);
    let kept: i64 = sqlx::query_scalar("select count(*) from sso_payloads")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(kept, 1, "what opens nothing leaves nothing");
}

#[tokio::test]
async fn a_payload_that_another_sites_page_sends_is_refused_before_it_is_used() {
    let bridge = Bridge::new().await;
    let payload = payload_of(&user_of(seed::LOCATION_ID));
    for origin in ["https://evil.example", "null"] {
        let address = format!("{}/app/session", bridge.address);
        let request = bridge.http.post(address).form(&[("payload", &payload)]);
        let refused = answer(request.header("origin", origin)).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{origin}");
    }
    let own = exchange(&bridge, &payload).await;
    assert_eq!(own.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_sub_accounts_user_outside_of_it_is_told_to_open_one() {
    let bridge = Bridge::new().await;
    let user =
        json!({"userId": "u", "companyId": seed::COMPANY_ID, "role": "admin", "type": "account"});
    let answer = exchange(&bridge, &payload_of(&user)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(
        answer.body.contains("Open this from a sub-account"),
        "{}",
        answer.body
    );
    assert!(answer.headers.get("set-cookie").is_none());
}

#[tokio::test]
async fn a_location_without_the_app_gets_no_session_and_an_uninstall_ends_those_there_are() {
    let bridge = Bridge::new().await;
    for stranger in [OTHER, "NoSuchLocation"] {
        let answer = exchange(&bridge, &payload_of(&user_of(stranger))).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.body.contains("not installed"), "{}", answer.body);
        assert!(answer.headers.get("set-cookie").is_none());
    }
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let token = frame.token().await;
    uninstall(&bridge, seed::LOCATION_ID).await;
    for answer in [
        frame.get("").await,
        frame.get("/messages").await,
        frame.post_with("/connect", &token, &[]).await,
    ] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
    }
}

#[tokio::test]
async fn when_a_session_is_over_the_page_asks_anew_by_itself() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let token = frame.token().await;
    bridge.clock.advance(Duration::minutes(59));
    assert_eq!(frame.get("").await.status, StatusCode::OK);
    bridge.clock.advance(Duration::minutes(2));
    for answer in [
        frame.get("").await,
        frame.get("/messages/1").await,
        frame.post_with("/connect", &token, &[]).await,
    ] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.body.contains("/assets/app.js"), "{}", answer.body);
        assert!(!answer.body.contains(seed::NUMBER));
    }
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookies_is_told_so_and_does_not_ask_for_ever() {
    let bridge = Bridge::new().await;
    let entered = exchange(&bridge, &payload_of(&user_of(seed::LOCATION_ID))).await;
    let (status, page) = bridge.get(entered.leads_to()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(page.contains("keeps no cookies"), "{page}");
    assert!(!page.contains("app.js"), "{page}");
}

#[tokio::test]
async fn forged_and_foreign_cookies_open_nothing() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for cookie in ["", "session=", "session=e30", "session=AAAA; session=BBBB"] {
        let forged = Frame {
            bridge: &bridge,
            path: frame.path.clone(),
            cookie: cookie.to_owned(),
        };
        assert_eq!(
            forged.get("").await.status,
            StatusCode::UNAUTHORIZED,
            "{cookie}"
        );
    }
    let mut changed = frame.cookie.clone();
    let last = changed.pop().unwrap();
    changed.push(if last == 'A' { 'E' } else { 'A' });
    let changed = Frame {
        bridge: &bridge,
        path: frame.path.clone(),
        cookie: changed,
    };
    assert_eq!(changed.get("").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn without_the_shared_secret_the_page_is_off_and_says_so() {
    let bridge = Bridge::with(|environment| {
        environment.retain(|(name, _)| name != "GHL_SHARED_SECRET");
    })
    .await;
    let (status, page) = bridge.get("/app").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains("GHL_SHARED_SECRET"), "{page}");
    let answer = exchange(&bridge, "payload").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn two_tabs_of_one_browser_hold_two_locations_and_never_mix() {
    let bridge = Bridge::new().await;
    install_other(&bridge).await;
    let here = Frame::open(&bridge, seed::LOCATION_ID).await;
    let there = Frame::open(&bridge, OTHER).await;
    // A browser may send both cookies. Each page belongs to its own session all the same.
    let both = format!("{}; {}", here.cookie, there.cookie);
    for (frame, location) in [(&here, seed::LOCATION_ID), (&there, OTHER)] {
        let frame = Frame {
            bridge: &bridge,
            path: frame.path.clone(),
            cookie: both.clone(),
        };
        let page = frame.get("").await.body;
        assert!(page.contains(location), "{page}");
        assert_eq!(page.contains(seed::NUMBER), location == seed::LOCATION_ID);
    }
    assert_eq!(
        here.get_at(&there.path).await.status,
        StatusCode::UNAUTHORIZED
    );
}
