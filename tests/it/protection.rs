//! Numbers are protected from a ban: messages to people who never wrote leave by caps, in hours of the day, with pauses, and
//! nothing else is ever held by that.

mod repeats;
mod settings;
mod simulation;

use std::sync::Arc;

use serde_json::{Value, json};
use simulators::seed;
use time::{Duration, OffsetDateTime};
use waapify_ghl::model::reason::Reason;
use waapify_ghl::model::zone::Zone;
use waapify_ghl::workers;
use waapify_ghl::workers::outbound::Outbound;

use crate::app_page::Frame;
use crate::harness::Bridge;
use crate::lids::{arrive, text};
use crate::people::{add, delivers};

/// A service that protects numbers, with a number that was connected at nine in the morning in Kuala Lumpur.
pub async fn protected() -> Bridge {
    protected_with(&[]).await
}

/// The same with more settings.
pub async fn protected_with(settings: &[(&str, &str)]) -> Bridge {
    let bridge = Bridge::with(|environment| {
        environment.retain(|(name, _)| name != "PROTECT_NUMBERS");
        for (name, value) in settings {
            environment.push(((*name).to_owned(), (*value).to_owned()));
        }
    })
    .await;
    let morning = zone().at_minute(bridge.clock.now(), 1, 9 * 60);
    bridge.clock.advance(morning - bridge.clock.now());
    bridge.install().await;
    bridge.connect().await;
    execute(
        &bridge,
        "update locations set time_zone = 'Asia/Kuala_Lumpur'",
    )
    .await;
    bridge
}

pub fn zone() -> Zone {
    Zone::find("Asia/Kuala_Lumpur").unwrap()
}

pub async fn execute(bridge: &Bridge, sql: &'static str) {
    sqlx::query(sql)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
}

pub fn phone(n: usize) -> String {
    // The simulated WhatsApp does not know the first one.
    format!("+6012345{:04}", n + 1)
}

/// GHL delivers a message of a program to a contact, in the name of this user or of nobody.
pub async fn deliver(bridge: &Bridge, n: usize, text: &str, user: Option<&str>) -> String {
    let id = format!("{text}-{n}-{}", bridge.clock.now().unix_timestamp());
    let mut body = json!({
        "contactId": format!("Orang{n}"), "locationId": seed::LOCATION_ID, "messageId": id, "type": "SMS",
        "phone": phone(n), "message": format!("{text} {n}"),
    });
    if let Some(user) = user {
        body["userId"] = json!(user);
    }
    let ghl = &bridge.simulation.ghl;
    assert_eq!(ghl.agent_sends_raw(&body).await, Some(200));
    id
}

/// A campaign to so many people who never wrote. Returns GHL's ids.
pub async fn campaign(bridge: &Bridge, people: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..people {
        ids.push(deliver(bridge, n, "kempen", None).await);
    }
    ids
}

/// Lets the queue of messages send what is due.
pub async fn send_due(bridge: &Bridge) {
    let outbound = Arc::new(Outbound(Arc::clone(&bridge.app.context)));
    while workers::step(&outbound).await.unwrap() > 0 {}
}

/// When the next message to somebody who never wrote may leave.
pub async fn next_at(bridge: &Bridge) -> OffsetDateTime {
    let at: Option<OffsetDateTime> =
        sqlx::query_scalar("select cold_next_at from numbers where number = $1")
            .bind(seed::NUMBER)
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
    at.unwrap_or(bridge.clock.now())
}

/// Moves the clock from one turn to the next until `end`. Returns when how many left.
pub async fn turns_until(bridge: &Bridge, end: OffsetDateTime) -> Vec<OffsetDateTime> {
    let mut left = Vec::new();
    let mut before = bridge.sends().len();
    loop {
        send_due(bridge).await;
        let now = bridge.sends().len();
        left.extend(std::iter::repeat_n(bridge.clock.now(), now - before));
        before = now;
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from outbound where is_cold and state = 'accepted'",
        )
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
        if waiting == 0 {
            bridge.clock.advance(end - bridge.clock.now());
            return left;
        }
        let next = next_at(bridge)
            .await
            .max(bridge.clock.now() + Duration::SECOND);
        if next >= end {
            bridge.clock.advance(end - bridge.clock.now());
            return left;
        }
        bridge.clock.advance(next - bridge.clock.now());
    }
}

pub fn texts(bridge: &Bridge) -> Vec<String> {
    let text = |send: &Value| send["message"].as_str().unwrap().to_owned();
    bridge.sends().iter().map(text).collect()
}

pub async fn id_of(bridge: &Bridge, ghl_message: &str) -> i64 {
    sqlx::query_scalar("select id from outbound where ghl_message_id = $1")
        .bind(ghl_message)
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
}

/// The state of a message, and its reason as people read it.
pub async fn shown(bridge: &Bridge, ghl_message: &str) -> (String, String) {
    let (state, reason): (String, Option<Value>) =
        sqlx::query_as("select state, reason from messages where ghl_message_id = $1")
            .bind(ghl_message)
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
    let reason = reason.map(|reason| Reason::from_json(&reason).english());
    (state, reason.unwrap_or_default())
}

fn midnight(bridge: &Bridge) -> OffsetDateTime {
    zone().at_minute(bridge.clock.now(), 1, 0)
}

#[tokio::test]
async fn a_campaign_on_a_new_number_leaves_by_its_caps_and_keeps_its_order() {
    let bridge = protected().await;
    campaign(&bridge, 45).await;
    let mut hours = std::collections::BTreeMap::new();
    for day in 0..2 {
        let left = turns_until(&bridge, midnight(&bridge)).await;
        assert_eq!(left.len(), 20, "day {day} {:?} {left:?}", texts(&bridge));
        for pair in left.windows(2) {
            assert!(pair[1] - pair[0] >= Duration::seconds(20), "{pair:?}");
        }
        for at in left {
            let minute = zone().minute(at);
            assert!((9 * 60..20 * 60).contains(&minute), "{at}");
            *hours.entry(zone().hour_start(at)).or_insert(0) += 1;
        }
    }
    assert!(hours.values().all(|count| *count <= 5), "{hours:?}");
    let in_order: Vec<_> = (0..40).map(|n| format!("kempen {n}")).collect();
    assert_eq!(texts(&bridge), in_order);
}

#[tokio::test]
async fn what_waits_for_tomorrow_says_so_on_its_page_in_its_list_and_on_the_card() {
    let bridge = protected().await;
    let ids = campaign(&bridge, 25).await;
    let evening = zone().at_minute(bridge.clock.now(), 0, 19 * 60);
    turns_until(&bridge, evening).await;
    assert_eq!(bridge.sends().len(), 20);
    let waits = "waits for tomorrow 09:00: 20 of 20 first contacts used today";
    let waiting = ("accepted".to_owned(), waits.to_owned());
    for id in &ids[20..] {
        assert_eq!(shown(&bridge, id).await, waiting);
    }
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let last = id_of(&bridge, &ids[24]).await;
    let page = frame.get(&format!("/messages/{last}")).await.body;
    assert!(page.contains(waits), "{page}");
    let newest = frame.get("/messages").await.body;
    assert_eq!(newest.matches(waits).count(), 5, "{newest}");
    let card = frame.get("").await.body;
    assert!(card.contains("First contacts today: 20 of 20"), "{card}");
    assert!(
        card.contains("Level 1 of 8") && card.contains(waits),
        "{card}"
    );
    let malay = frame.get_in("ms", "").await.body;
    assert!(
        malay.contains("20 daripada 20 kenalan pertama hari ini"),
        "{malay}"
    );
    // After midnight "tomorrow" is today.
    bridge.clock.advance(midnight(&bridge) - bridge.clock.now());
    send_due(&bridge).await;
    let (state, why) = shown(&bridge, &ids[24]).await;
    assert_eq!(state, "accepted");
    assert!(
        why.starts_with("waits for 09:00: to people who never wrote"),
        "{why}"
    );
}

#[tokio::test]
async fn what_waits_for_its_turn_does_not_grow_old_but_does_not_wait_for_ever() {
    let bridge = protected().await;
    execute(
        &bridge,
        "insert into protection_settings (location_id, number, is_old, daily, hourly, from_minute, until_minute)
         select location_id, number, false, 1, 1, 540, 1200 from numbers",
    )
    .await;
    let ids = campaign(&bridge, 40).await;
    for _ in 0..5 {
        turns_until(&bridge, midnight(&bridge)).await;
    }
    assert_eq!(bridge.sends().len(), 5);
    assert_eq!(shown(&bridge, &ids[39]).await.0, "accepted");
    bridge.clock.advance(Duration::days(26));
    send_due(&bridge).await;
    let (state, why) = shown(&bridge, &ids[39]).await;
    assert_eq!(state, "failed");
    assert!(
        why.starts_with("This message waited 30 days for its turn"),
        "{why}"
    );
}

#[tokio::test]
async fn a_persons_first_message_leaves_at_night_while_a_campaign_waits() {
    let bridge = protected().await;
    let night = zone().at_minute(bridge.clock.now(), 0, 23 * 60);
    bridge.clock.advance(night - bridge.clock.now());
    let held = deliver(&bridge, 1, "kempen", Some(seed::USER_ID)).await;
    bridge.simulation.ghl.set_source(&held, Some("workflow"));
    bridge.settle().await;
    let mine = deliver(&bridge, 2, "saya", Some(seed::USER_ID)).await;
    bridge.simulation.ghl.set_source(&mine, Some("app"));
    for _ in 0..4 {
        bridge.after(Duration::seconds(2)).await;
    }
    assert_eq!(texts(&bridge), ["saya 2"]);
    let (state, why) = shown(&bridge, &held).await;
    assert_eq!(state, "accepted");
    assert!(why.contains("from 09:00 to 20:00 only"), "{why}");
    // It took a place of the day's cap.
    let counted: i64 = sqlx::query_scalar("select count(*) from first_contacts")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(counted, 1);
}

#[tokio::test]
async fn what_waits_before_a_persons_message_in_its_conversation_goes_before_it() {
    let bridge = protected().await;
    let night = zone().at_minute(bridge.clock.now(), 0, 23 * 60);
    bridge.clock.advance(night - bridge.clock.now());
    deliver(&bridge, 7, "kempen", None).await;
    bridge.settle().await;
    assert!(texts(&bridge).is_empty());
    let mine = deliver(&bridge, 7, "saya", Some(seed::USER_ID)).await;
    bridge.simulation.ghl.set_source(&mine, Some("app"));
    for _ in 0..4 {
        bridge.after(Duration::seconds(2)).await;
    }
    assert_eq!(texts(&bridge), ["kempen 7", "saya 7"]);
}

#[tokio::test]
async fn whoever_writes_makes_what_waits_for_them_leave_at_once() {
    let bridge = protected().await;
    let night = zone().at_minute(bridge.clock.now(), 0, 23 * 60);
    bridge.clock.advance(night - bridge.clock.now());
    let (contact, _, aisyah) = seed::AISYAH;
    delivers(&bridge, "W1", contact, aisyah).await;
    assert!(texts(&bridge).is_empty());
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert_eq!(
        texts(&bridge),
        ["teks W1"],
        "{:?}",
        shown(&bridge, "W1").await
    );
    // From then on nothing to her waits, whoever writes it.
    delivers(&bridge, "W2", contact, aisyah).await;
    assert_eq!(texts(&bridge), ["teks W1", "teks W2"]);
}

#[tokio::test]
async fn a_campaign_to_people_who_wrote_is_never_held() {
    let bridge = protected().await;
    for n in 0..30 {
        let contact = add(&bridge, "Pelanggan", &phone(n));
        let waapify = &bridge.simulation.waapify;
        waapify.customer_sends(&phone(n), "Pelanggan", "hai").await;
        bridge.settle().await;
        delivers(&bridge, &format!("K{n}"), &contact, &phone(n)).await;
    }
    assert_eq!(bridge.sends().len(), 30);
}

#[tokio::test]
async fn somebody_who_wrote_under_another_contact_is_not_held() {
    let bridge = protected().await;
    add(&bridge, "Pelanggan", &phone(1));
    let waapify = &bridge.simulation.waapify;
    waapify.customer_sends(&phone(1), "Pelanggan", "hai").await;
    bridge.settle().await;
    bridge.clock.advance(Duration::hours(13));
    deliver(&bridge, 1, "malam", None).await;
    deliver(&bridge, 2, "malam", None).await;
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(texts(&bridge), ["malam 1"], "the other never wrote");
}

#[tokio::test]
async fn a_text_that_need_not_wait_takes_with_it_what_waits_before_it() {
    let bridge = protected().await;
    bridge.clock.advance(Duration::hours(13));
    deliver(&bridge, 1, "malam", None).await;
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(texts(&bridge), [""; 0]);
    execute(
        &bridge,
        "insert into contacts (location_id, phone, contact_id, wrote_at)
         select location_id, '60999', conversation, now() from outbound limit 1",
    )
    .await;
    deliver(&bridge, 1, "sesudah", None).await;
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(texts(&bridge), ["malam 1", "sesudah 1"]);
}

#[tokio::test]
async fn what_is_typed_on_the_phone_to_strangers_takes_places_of_the_cap() {
    let bridge = protected().await;
    for n in 100..118 {
        let jid = format!("{}@s.whatsapp.net", phone(n).trim_start_matches('+'));
        let key = json!({"remoteJid": jid});
        let mut typed = text(&bridge, &format!("3A{n}"), key, "dari telefon");
        typed["key"]["fromMe"] = json!(true);
        typed["status"] = json!(2);
        arrive(&bridge, &[typed]).await;
    }
    bridge.settle().await;
    campaign(&bridge, 5).await;
    turns_until(&bridge, midnight(&bridge)).await;
    assert_eq!(bridge.sends().len(), 2);
}

#[tokio::test]
async fn two_processes_never_use_one_place_twice() {
    let bridge = protected().await;
    campaign(&bridge, 10).await;
    let worker = || Arc::new(Outbound(Arc::clone(&bridge.app.context)));
    for _ in 0..3 {
        let (one, two) = (worker(), worker());
        let (one, two) = tokio::join!(workers::step(&one), workers::step(&two));
        assert!(one.unwrap() + two.unwrap() <= 1);
    }
    assert_eq!(bridge.sends().len(), 1);
}

#[tokio::test]
async fn without_the_setting_nothing_is_held() {
    let bridge = Bridge::new().await;
    campaign(&bridge, 30).await;
    bridge.settle().await;
    assert_eq!(bridge.sends().len(), 30);
}
