//! What WhatsApp refuses stops messages to people who never wrote, then everything that no person wrote; and the card that
//! shows how a number is doing.

use axum::http::StatusCode;
use serde_json::json;
use simulators::seed;
use time::Duration;
use waapify_ghl::model::states::IncidentKind;

use crate::app_page::Frame;
use crate::commands::{output, program};
use crate::harness::Bridge;
use crate::metrics::operated;
use crate::monitor::{look, wrong};
use crate::operator::Browser;
use crate::people::{delivers, writes};
use crate::protection::{
    campaign, deliver, execute, next_at, protected, shown, texts, turns_until, zone,
};

/// WhatsApp refuses a message as that of a restricted number.
async fn refuse(bridge: &Bridge, id: &str) {
    let update =
        json!({"status": 0, "messageStubParameters": ["463", "Your account has been restricted"]});
    let key = json!({"remoteJid": "60123450001@s.whatsapp.net", "id": id, "fromMe": true});
    let report = json!([{"key": key, "update": update}]);
    let posted = bridge
        .simulation
        .waapify
        .post_event("messages.update", report);
    assert_eq!(posted.await, Some(200));
    bridge.settle().await;
}

async fn ids(bridge: &Bridge) -> Vec<String> {
    sqlx::query_scalar(
        "select wa_message_id from receipts where message_id is not null order by message_id",
    )
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap()
}

/// A customer who wrote, and gets a message of nobody.
async fn writes_and_is_told(bridge: &Bridge, id: &str) {
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    delivers(bridge, id, seed::AISYAH.0, seed::AISYAH.2).await;
}

fn paused(detail: &str) -> (IncidentKind, String) {
    (IncidentKind::Paused, detail.to_owned())
}

/// A protected number that sent so many messages to strangers.
async fn sent(count: usize) -> Bridge {
    let bridge = protected().await;
    campaign(&bridge, count + 5).await;
    let end = bridge.clock.now() + Duration::minutes(30);
    turns_until(&bridge, end).await;
    assert!(bridge.sends().len() >= count, "{}", bridge.sends().len());
    bridge
}

#[tokio::test]
async fn a_refusal_stops_strangers_for_a_day_and_a_further_one_for_two() {
    let bridge = sent(5).await;
    let sent = ids(&bridge).await;
    let began = bridge.clock.now();
    refuse(&bridge, &sent[0]).await;
    // The same report again is no further refusal.
    refuse(&bridge, &sent[0]).await;
    assert_eq!(next_at(&bridge).await - began, Duration::days(1));
    bridge.clock.advance(Duration::minutes(1));
    look(&bridge.app).await;
    assert!(
        wrong(&bridge).await.contains(&paused("")),
        "{:?}",
        wrong(&bridge).await
    );
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    assert!(
        page.contains("WhatsApp refused a message of this number"),
        "{page}"
    );
    // Customers who wrote get theirs.
    writes_and_is_told(&bridge, "warm").await;
    assert!(texts(&bridge).contains(&"teks warm".to_owned()));
    let now = bridge.clock.now();
    refuse(&bridge, &sent[1]).await;
    assert_eq!(next_at(&bridge).await - now, Duration::days(2));
    let waiting = texts(&bridge).len();
    turns_until(&bridge, now + Duration::hours(47)).await;
    assert_eq!(texts(&bridge).len(), waiting);
    // It goes on by itself, and the incident ends.
    let morning = zone().at_minute(bridge.clock.now(), 1, 9 * 60);
    turns_until(&bridge, morning + Duration::HOUR).await;
    assert!(texts(&bridge).len() > waiting);
    look(&bridge.app).await;
    assert!(
        !wrong(&bridge)
            .await
            .iter()
            .any(|(kind, _)| *kind == IncidentKind::Paused)
    );
}

/// A number after three refusals.
async fn stopped() -> Bridge {
    let bridge = sent(5).await;
    let sent = ids(&bridge).await;
    for id in &sent[..3] {
        refuse(&bridge, id).await;
    }
    bridge
}

#[tokio::test]
async fn three_in_a_day_stop_everything_that_no_person_wrote_until_somebody_says_go_on() {
    let bridge = stopped().await;
    bridge.clock.advance(Duration::minutes(1));
    look(&bridge.app).await;
    assert!(
        wrong(&bridge).await.contains(&paused("stopped")),
        "{:?}",
        wrong(&bridge).await
    );
    writes_and_is_told(&bridge, "automated").await;
    assert!(!texts(&bridge).contains(&"teks automated".to_owned()));
    let (state, why) = shown(&bridge, "automated").await;
    assert_eq!(state, "accepted");
    assert!(why.contains("until somebody presses"), "{why}");
    // A person's message leaves, also to somebody new.
    let mine = deliver(&bridge, 77, "saya", Some(seed::USER_ID)).await;
    bridge.simulation.ghl.set_source(&mine, Some("app"));
    for _ in 0..4 {
        bridge.after(Duration::seconds(2)).await;
    }
    assert!(
        texts(&bridge).contains(&"saya 77".to_owned()),
        "{:?}",
        texts(&bridge)
    );
    bridge.after(Duration::hours(20)).await;
    assert!(
        !texts(&bridge).contains(&"teks automated".to_owned()),
        "time alone ends it not"
    );
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let address = format!("/numbers/{}/protection", seed::NUMBER);
    let page = frame.get(&address).await.body;
    assert!(page.contains("Go on"), "{page}");
    let malay = frame.get_in("ms", &address).await.body;
    assert!(malay.contains("Teruskan"), "{malay}");
    let answer = frame
        .post(&format!("/numbers/{}/go-on", seed::NUMBER), &[])
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    bridge.settle().await;
    assert!(texts(&bridge).contains(&"teks automated".to_owned()));
    let page = frame.get(&address).await.body;
    assert!(!page.contains("/go-on"), "{page}");
    look(&bridge.app).await;
    assert!(!wrong(&bridge).await.contains(&paused("stopped")));
}

#[tokio::test]
async fn the_operator_and_the_command_line_let_a_number_go_on_too() {
    let bridge = operated().await;
    execute(
        &bridge,
        "update numbers set stopped_at = now(), protects = true",
    )
    .await;
    let operator = Browser::sign_in(&bridge).await;
    let place = format!("/operator/locations/{}", seed::LOCATION_ID);
    let page = operator.page(&place).await;
    assert!(
        page.contains("How this number is doing") && page.contains("/go-on"),
        "{page}"
    );
    let go_on = format!("{place}/numbers/{}/go-on", seed::NUMBER);
    let csrf = crate::operator::csrf(&page).to_owned();
    let (status, _) = operator.post(&go_on, &[("csrf", &csrf)]).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(!operator.page(&place).await.contains("/go-on"));
    execute(&bridge, "update numbers set stopped_at = now()").await;
    for expected in [Some(0), Some(1)] {
        let mut command = program(Some(&bridge));
        command.args([
            "numbers",
            "go-on",
            "--location",
            seed::LOCATION_ID,
            "--number",
            seed::NUMBER,
        ]);
        let (code, out, errors) = output(command).await;
        assert_eq!(code, expected, "{out}{errors}");
    }
}

#[tokio::test]
async fn a_lost_link_soon_after_a_refusal_stops_everything_too() {
    let bridge = sent(5).await;
    let first = ids(&bridge).await.remove(0);
    let unlinked = json!({"event": "state", "instance_id": seed::INSTANCE_ID, "data": "logout"});
    bridge.gateway_posts(&unlinked).await;
    bridge.settle().await;
    let is_stopped = async || {
        let stopped: bool = sqlx::query_scalar("select stopped_at is not null from numbers")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
        stopped
    };
    assert!(!is_stopped().await, "without a refusal");
    refuse(&bridge, &first).await;
    bridge.clock.advance(Duration::hours(23));
    bridge.gateway_posts(&unlinked).await;
    bridge.settle().await;
    assert!(is_stopped().await);
}

#[tokio::test]
async fn other_refusals_and_numbers_that_are_not_protected_stop_nothing() {
    let bridge = Bridge::new().await;
    campaign(&bridge, 6).await;
    bridge.settle().await;
    for id in ids(&bridge).await {
        refuse(&bridge, &id).await;
    }
    campaign(&bridge, 9).await;
    bridge.settle().await;
    assert_eq!(bridge.sends().len(), 9, "six of nine came before");
}

#[tokio::test]
async fn the_card_shows_levels_answers_and_refusals_with_what_to_do() {
    let bridge = sent(5).await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    for words in [
        "First contacts today: 5 of 20",
        "Level 1 of 8",
        "at most 5 an hour, from 09:00–20:00",
        "From day 3 on: 30 a day.",
        "0% (0 of 5 people in 14 days)",
        "never in 30 days",
        "Do this: ",
        "role=\"img\"",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("style=\""), "{page}");
    // One of them answers.
    writes(&bridge, "A1", "60123450003@s.whatsapp.net", "ya").await;
    let page = frame.get("").await.body;
    assert!(page.contains("20% (1 of 5 people in 14 days)"), "{page}");
    refuse(&bridge, &ids(&bridge).await[0]).await;
    let malay = frame.get_in("ms", "").await.body;
    assert!(
        malay.contains("Tahap 1 daripada 8") && malay.contains("Buat ini: "),
        "{malay}"
    );
}
