//! A message that a person waits for goes first, and each number keeps its own pace.

use serde_json::json;
use simulators::seed;
use time::Duration;
use waapify_ghl::db::numbers;

use crate::commands::{output, program};
use crate::harness::{Bridge, location};

/// A bridge whose number sends once a second.
async fn paced() -> Bridge {
    let bridge = Bridge::with(|environment| {
        environment.retain(|(name, _)| name != "WAAPIFY_MIN_INTERVAL_MS");
        environment.push(("WAAPIFY_MIN_INTERVAL_MS".to_owned(), "1000".to_owned()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    bridge
}

/// GHL delivers a message, with or without a user.
async fn deliver(bridge: &Bridge, message: &str, phone: &str, contact: &str, user: Option<&str>) {
    let mut body = json!({
        "contactId": contact, "locationId": seed::LOCATION_ID, "messageId": message,
        "type": "SMS", "phone": phone, "message": message,
    });
    if let Some(user) = user {
        body["userId"] = user.into();
    }
    assert_eq!(
        bridge.simulation.ghl.agent_sends_raw(&body).await,
        Some(200)
    );
}

/// A campaign to this many people, without a user.
async fn campaign(bridge: &Bridge, people: usize) {
    for n in 0..people {
        // The simulated gateway's numbers that end in 0000 are not on WhatsApp.
        let (phone, contact) = (format!("+6012345{:04}", n + 1), format!("Contact{n}"));
        deliver(bridge, &format!("kempen {n}"), &phone, &contact, None).await;
    }
}

/// The sent texts, in order.
fn sent(bridge: &Bridge) -> Vec<String> {
    let text = |send: &serde_json::Value| send["message"].as_str().unwrap().to_owned();
    bridge.sends().iter().map(text).collect()
}

/// Lets the number send this many times, at its pace.
async fn turns(bridge: &Bridge, count: usize) {
    for _ in 0..count {
        bridge.after(Duration::milliseconds(1_600)).await;
    }
}

#[tokio::test]
async fn an_answer_to_a_customer_goes_before_what_a_user_sends_and_that_before_a_campaign() {
    let bridge = paced().await;
    bridge.customer_writes("ada stok?").await;
    bridge.settle().await;
    campaign(&bridge, 5).await;
    let (id, _, phone) = seed::LIM_WEI;
    deliver(&bridge, "dari saya", phone, id, Some(seed::USER_ID)).await;
    let (id, _, phone) = seed::AISYAH;
    deliver(&bridge, "ada", phone, id, None).await;
    turns(&bridge, 4).await;
    assert_eq!(
        sent(&bridge)[..4],
        ["ada", "dari saya", "kempen 0", "kempen 1"]
    );
}

#[tokio::test]
async fn what_waits_before_an_answer_in_its_conversation_goes_with_it_and_in_order() {
    let bridge = paced().await;
    campaign(&bridge, 3).await;
    let (id, _, phone) = seed::AISYAH;
    deliver(&bridge, "kempen Aisyah", phone, id, None).await;
    bridge.customer_writes("berapa?").await;
    bridge.settle().await;
    deliver(&bridge, "RM 5", phone, id, None).await;
    turns(&bridge, 6).await;
    let sent = sent(&bridge);
    let at = |text: &str| sent.iter().position(|sent| sent == text).unwrap();
    assert!(at("kempen Aisyah") < at("RM 5"), "{sent:?}");
    assert!(at("RM 5") < at("kempen 2"), "{sent:?}");
}

#[tokio::test]
async fn a_conversation_of_two_days_ago_is_a_campaign_like_any_other() {
    let bridge = paced().await;
    bridge.customer_writes("ada stok?").await;
    bridge.settle().await;
    bridge.clock.advance(Duration::days(2));
    campaign(&bridge, 2).await;
    let (id, _, phone) = seed::AISYAH;
    deliver(&bridge, "tawaran", phone, id, None).await;
    turns(&bridge, 3).await;
    assert_eq!(sent(&bridge), ["kempen 0", "kempen 1", "tawaran"]);
}

#[tokio::test]
async fn a_number_with_a_pause_of_its_own_keeps_it() {
    let bridge = paced().await;
    let pool = &bridge.database.pool;
    let location = location();
    let set = |interval| numbers::record_interval(pool, &location, seed::NUMBER, interval);
    set(Some(10_000)).await.unwrap();
    campaign(&bridge, 8).await;
    bridge.settle().await;
    turns(&bridge, 5).await;
    assert_eq!(sent(&bridge).len(), 1, "within eight seconds");
    bridge.after(Duration::seconds(8)).await;
    assert_eq!(sent(&bridge).len(), 2);
    set(Some(0)).await.unwrap();
    bridge.after(Duration::seconds(16)).await;
    assert_eq!(sent(&bridge).len(), 8, "without a pause all at once");
    assert!(set(Some(60_001)).await.is_err());
}

#[tokio::test]
async fn the_connect_command_sets_a_numbers_pause_and_refuses_one_above_a_minute() {
    let bridge = Bridge::bare().await;
    let connect = |interval: &str| {
        let mut command = program(Some(&bridge));
        command.args(["connect", "--location", seed::LOCATION_ID]);
        command.args([
            "--instance-id",
            seed::INSTANCE_ID,
            "--access-token",
            seed::ACCESS_TOKEN,
        ]);
        command.args(["--number", seed::NUMBER, "--interval-ms", interval]);
        output(command)
    };
    assert_eq!(connect("60001").await.0, Some(2));
    assert_eq!(connect("2500").await.0, Some(0));
    let interval: Option<i32> = sqlx::query_scalar("select min_interval_ms from numbers")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(interval, Some(2_500));
}

#[tokio::test]
async fn the_pause_between_two_sends_differs_and_is_never_shorter_than_the_number_wants() {
    let bridge = Bridge::new().await;
    let pool = &bridge.database.pool;
    sqlx::query("update numbers set min_interval_ms = 1000")
        .execute(pool)
        .await
        .unwrap();
    let mut pauses = Vec::new();
    for n in 0..8 {
        bridge.agent_writes(&format!("teks {n}")).await;
        bridge.settle().await;
        let next: time::OffsetDateTime = sqlx::query_scalar("select next_send_at from numbers")
            .fetch_one(pool)
            .await
            .unwrap();
        pauses.push(next - bridge.clock.now());
        bridge.clock.advance(Duration::seconds(2));
    }
    let (shortest, longest) = (Duration::SECOND, Duration::milliseconds(1_500));
    assert!(
        pauses
            .iter()
            .all(|pause| (shortest..=longest).contains(pause)),
        "{pauses:?}"
    );
    pauses.sort_unstable();
    pauses.dedup();
    assert!(
        pauses.len() > 1,
        "a steady beat looks like a machine: {pauses:?}"
    );
}
