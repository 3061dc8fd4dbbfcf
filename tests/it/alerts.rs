//! People are told of incidents: once, when one begins, daily, and when it is over; by a signed post to the operator or to
//! an agency's own target, and by mail. A target that cannot be reached is an incident, too.

pub mod agencies;
mod digest;
mod mail;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use ring::hmac;
use serde_json::{Value, json};
use simulators::seed;
use time::Duration;
use waapify_ghl::db::history::incidents;
use waapify_ghl::db::history::incidents::About;
use waapify_ghl::model::states::IncidentKind;
use waapify_ghl::workers;
use waapify_ghl::workers::alerts::Alerts;

use crate::harness::{Bridge, location};

const SECRET: &str = "a-secret-of-the-tests";

/// A server that takes alerts, and answers what the test wants.
pub struct Target {
    pub url: String,
    seen: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    status: Arc<Mutex<StatusCode>>,
}

impl Target {
    pub async fn start() -> Self {
        let seen: Arc<Mutex<Vec<(HeaderMap, String)>>> = Arc::default();
        let status = Arc::new(Mutex::new(StatusCode::OK));
        let (all, answer) = (Arc::clone(&seen), Arc::clone(&status));
        let take = move |headers: HeaderMap, body: Bytes| async move {
            let body = String::from_utf8(body.to_vec()).unwrap();
            all.lock().unwrap().push((headers, body));
            *answer.lock().unwrap()
        };
        let routes = Router::new().route("/hook", post(take));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?key=secret", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, seen, status }
    }

    pub fn answer(&self, status: StatusCode) {
        *self.status.lock().unwrap() = status;
    }

    /// What came since the last call.
    pub fn take(&self) -> Vec<(HeaderMap, String)> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    /// The one post that came since the last call.
    pub fn take_one(&self) -> Value {
        let mut seen = self.take();
        assert_eq!(seen.len(), 1, "{seen:?}");
        serde_json::from_str(&seen.remove(0).1).unwrap()
    }
}

/// A bridge with these settings besides.
pub async fn with(settings: &[(&str, &str)]) -> Bridge {
    let bridge = Bridge::with(|environment| {
        let more = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        environment.extend(more);
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    bridge
}

async fn told_to(target: &Target) -> Bridge {
    with(&[
        ("ALERT_WEBHOOK_URL", target.url.as_str()),
        ("ALERT_WEBHOOK_SECRET", SECRET),
    ])
    .await
}

/// Lets time pass and the worker do what is due, again and again, because a turn makes others due later.
pub async fn after(bridge: &Bridge, pause: Duration) {
    bridge.clock.advance(pause);
    let worker = Arc::new(Alerts::new(Arc::clone(&bridge.app.context)));
    while workers::step(&worker).await.unwrap() > 0 {}
}

pub async fn begin(bridge: &Bridge, number: &str, kind: IncidentKind) {
    let location = location();
    let about = About {
        location: &location,
        number,
        kind,
    };
    incidents::open(&bridge.database.pool, about, None, None, bridge.clock.now())
        .await
        .unwrap();
}

pub async fn end(bridge: &Bridge, number: &str, kind: IncidentKind) {
    let location = location();
    let about = About {
        location: &location,
        number,
        kind,
    };
    incidents::resolve(&bridge.database.pool, about, bridge.clock.now())
        .await
        .unwrap();
}

fn stages(alert: &Value) -> Vec<(&str, &str)> {
    let alerts = alert["alerts"].as_array().unwrap().iter();
    alerts
        .map(|one| {
            (
                one["stage"].as_str().unwrap(),
                one["kind"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn an_incident_is_told_when_it_begins_daily_and_when_it_is_over() {
    let target = Target::start().await;
    let bridge = told_to(&target).await;
    begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
    after(&bridge, Duration::minutes(1)).await;
    assert_eq!(target.take().len(), 0, "it may be over in a moment");
    after(&bridge, Duration::minutes(1)).await;
    let alert = target.take_one();
    assert_eq!(stages(&alert), [("begun", "link")]);
    let one = &alert["alerts"][0];
    assert_eq!(
        (&one["location_id"], &one["subject"]),
        (&json!(seed::LOCATION_ID), &json!(seed::NUMBER))
    );
    assert!(
        one["todo"].as_str().unwrap().contains("scan the QR code"),
        "{one}"
    );
    assert!(
        one["page"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/operator/locations/{}", seed::LOCATION_ID))
    );
    assert!(
        alert["title"]
            .as_str()
            .unwrap()
            .contains("the number is not linked")
    );
    after(&bridge, Duration::hours(23)).await;
    assert_eq!(target.take().len(), 0);
    after(&bridge, Duration::minutes(61)).await;
    let again = target.take_one();
    assert_eq!(stages(&again), [("lasts", "link")]);
    assert_ne!(again["id"], alert["id"]);
    end(&bridge, seed::NUMBER, IncidentKind::Link).await;
    after(&bridge, Duration::minutes(1)).await;
    assert_eq!(target.take().len(), 0);
    after(&bridge, Duration::minutes(2)).await;
    let over = target.take_one();
    assert_eq!(stages(&over), [("ended", "link")]);
    assert!(over["text"].as_str().unwrap().starts_with("Over: "));
    after(&bridge, Duration::days(3)).await;
    assert_eq!(target.take().len(), 0);
}

#[tokio::test]
async fn a_post_is_signed_over_its_time_and_body() {
    let target = Target::start().await;
    let bridge = told_to(&target).await;
    begin(&bridge, "", IncidentKind::Provider).await;
    after(&bridge, Duration::minutes(3)).await;
    let (headers, body) = target.take().remove(0);
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (timestamp, signature) = (
        text("x-waapify-ghl-timestamp"),
        text("x-waapify-ghl-signature"),
    );
    assert_eq!(timestamp, bridge.clock.now().unix_timestamp().to_string());
    let digits = signature.strip_prefix("v1=").unwrap();
    let bytes: Vec<u8> = (0..digits.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::verify(&key, format!("{timestamp}.{body}").as_bytes(), &bytes).unwrap();
    assert_eq!(text("content-type"), "application/json");
}

#[tokio::test]
async fn what_flickers_tells_nobody_and_what_comes_back_at_once_is_the_same() {
    let target = Target::start().await;
    let bridge = told_to(&target).await;
    for _ in 0..5 {
        begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
        after(&bridge, Duration::minutes(1)).await;
        end(&bridge, seed::NUMBER, IncidentKind::Link).await;
        after(&bridge, Duration::minutes(1)).await;
    }
    assert_eq!(target.take().len(), 0);
    begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
    after(&bridge, Duration::minutes(3)).await;
    assert_eq!(target.take().len(), 1);
    end(&bridge, seed::NUMBER, IncidentKind::Link).await;
    after(&bridge, Duration::minutes(1)).await;
    begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
    after(&bridge, Duration::minutes(5)).await;
    assert_eq!(target.take().len(), 0);
}

#[tokio::test]
async fn many_incidents_are_one_message() {
    let target = Target::start().await;
    let bridge = told_to(&target).await;
    for number in 0..30 {
        begin(&bridge, &format!("6010000{number:04}"), IncidentKind::Link).await;
    }
    after(&bridge, Duration::minutes(3)).await;
    let alert = target.take_one();
    assert_eq!(alert["alerts"].as_array().unwrap().len(), 30);
    assert!(
        alert["title"].as_str().unwrap().contains("30 new"),
        "{}",
        alert["title"]
    );
    // Discord takes no more than 2,000 characters.
    let text = alert["text"].as_str().unwrap();
    assert!(
        text.len() < 2_000 && text.starts_with("30 numbers of one sub-account: "),
        "{text}"
    );
}

async fn break_gateway(bridge: &Bridge) {
    sqlx::query(
        "insert into circuits (location_id, target, failures, last_message, since, probe_at, is_risky, reason_code, reason_args)
         values ('', '', 9, 1, now(), now(), false, 'waapify_no_result', '{\"status\": 504}')",
    )
    .execute(&bridge.database.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn what_lasts_is_one_message_a_day() {
    let target = Target::start().await;
    let bridge = told_to(&target).await;
    for number in 0..3 {
        begin(&bridge, &format!("6010000{number:04}"), IncidentKind::Link).await;
        after(&bridge, Duration::hours(3)).await;
        assert_eq!(target.take().len(), 1);
    }
    let mut told = Vec::new();
    for _ in 0..72 {
        after(&bridge, Duration::HOUR).await;
        let posts = target.take().into_iter();
        told.extend(posts.map(|(_, body)| {
            let alert: Value = serde_json::from_str(&body).unwrap();
            stages(&alert).len()
        }));
    }
    assert_eq!(told, [3, 3, 3]);
}

#[tokio::test]
async fn of_two_processes_one_tells() {
    let target = Target::start().await;
    let bridge = told_to(&target).await;
    begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
    bridge.clock.advance(Duration::minutes(3));
    let worker = || Arc::new(Alerts::new(Arc::clone(&bridge.app.context)));
    let (first, second) = (worker(), worker());
    let (first, second) = tokio::join!(workers::step(&first), workers::step(&second));
    assert_eq!(
        first.unwrap() + second.unwrap(),
        2,
        "the service and the target"
    );
    assert_eq!(target.take().len(), 1);
}

#[tokio::test]
async fn a_template_gives_the_body_the_form_of_another_service() {
    let target = Target::start().await;
    let bridge = with(&[
        ("ALERT_WEBHOOK_URL", target.url.as_str()),
        (
            "ALERT_WEBHOOK_TEMPLATE",
            r#"{"chat_id": 7, "text": {{text}}}"#,
        ),
        ("ALERT_LANGUAGE", "ms"),
    ])
    .await;
    begin(&bridge, "", IncidentKind::Provider).await;
    after(&bridge, Duration::minutes(3)).await;
    let (headers, body) = target.take().remove(0);
    assert!(
        !headers.contains_key("x-waapify-ghl-signature"),
        "no secret is set"
    );
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["chat_id"], 7);
    assert!(
        body["text"]
            .as_str()
            .unwrap()
            .contains("Penyedia SMS utama belum dipilih")
    );
}

#[tokio::test]
async fn a_target_that_refuses_is_tried_less_and_less_and_is_an_incident_that_it_is_not_told() {
    let target = Target::start().await;
    let bridge = told_to(&target).await;
    target.answer(StatusCode::NOT_FOUND);
    begin(&bridge, seed::NUMBER, IncidentKind::Link).await;
    after(&bridge, Duration::minutes(3)).await;
    assert_eq!(target.take().len(), 1);
    let mut tries = 0;
    for _ in 0..120 {
        after(&bridge, Duration::minutes(1)).await;
        tries += target.take().len();
    }
    assert_eq!(tries, 6, "after 1, 2, 4, 8, 16 and 32 minutes");
    let open = incidents::count_open(&bridge.database.pool).await.unwrap();
    assert!(open.contains(&(IncidentKind::Alerts, 1)), "{open:?}");
    let found = bridge.app.context.doctor.check_service().await;
    let found = found.iter().find(|one| one.check == "alerts").unwrap();
    assert!(
        found
            .what
            .english
            .contains("operator/webhook: it answered 404")
    );
    target.answer(StatusCode::NO_CONTENT);
    for _ in 0..61 {
        after(&bridge, Duration::minutes(1)).await;
    }
    let alert = target.take_one();
    assert_eq!(stages(&alert), [("begun", "link")], "nothing of itself");
    let open = incidents::count_open(&bridge.database.pool).await.unwrap();
    assert!(open.contains(&(IncidentKind::Alerts, 0)), "{open:?}");
}

#[tokio::test]
async fn the_operator_is_told_of_the_service_too() {
    let target = Target::start().await;
    let bridge = told_to(&target).await;
    break_gateway(&bridge).await;
    after(&bridge, Duration::ZERO).await;
    after(&bridge, Duration::minutes(3)).await;
    let alert = target.take_one();
    assert_eq!(stages(&alert), [("begun", "gateway")]);
    assert!(
        alert["text"]
            .as_str()
            .unwrap()
            .contains("Waapify fails for every number")
    );
    sqlx::query("delete from circuits")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    after(&bridge, Duration::minutes(2)).await;
    after(&bridge, Duration::minutes(3)).await;
    assert_eq!(stages(&target.take_one()), [("ended", "gateway")]);
}
