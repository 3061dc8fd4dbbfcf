//! A gateway behind a proxy, and instances that hang: what is sent meanwhile, and what becomes of the messages.

use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::model::reason::{Answer, Reason};

use crate::harness::{Bridge, OUTAGE};

const PAGE: &str =
    "<html>\r\n<head><title>Bad gateway</title></head>\r\n<body>cloudflare</body></html>";
/// Contacts of a campaign.
const MANY: usize = 30;

/// Every call to the gateway gets this answer from now on.
fn all(bridge: &Bridge, status: u16, body: &str) {
    bridge
        .simulation
        .waapify
        .faults()
        .always("*", Fault::answer(status, body));
}

/// Only sends get this answer.
fn sends(bridge: &Bridge, status: u16, body: &str) {
    bridge
        .simulation
        .waapify
        .faults()
        .always("send.php", Fault::answer(status, body));
}

/// A number that sends a message each second.
async fn paced() -> Bridge {
    let bridge = Bridge::new().await;
    sqlx::query("update numbers set min_interval_ms = 1000")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge
}

/// Messages to as many contacts. Returns GHL's ids.
async fn campaign(bridge: &Bridge, many: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..many {
        let phone = format!("+6012345{:04}", 5000 + n);
        let contact = bridge
            .simulation
            .ghl
            .add_contact(seed::LOCATION_ID, "X", &phone);
        ids.push(
            bridge
                .agent_sends(&contact, &format!("promosi {n}"), &[])
                .await,
        );
    }
    ids
}

/// Lets time pass in steps.
async fn pass(bridge: &Bridge, total: Duration, step: Duration) {
    let mut passed = Duration::ZERO;
    while passed < total {
        bridge.after(step).await;
        passed += step;
    }
}

async fn states(bridge: &Bridge) -> Vec<(String, i64)> {
    sqlx::query_as("select state, count(*) from outbound group by state order by state")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_proxys_page_for_ten_minutes_or_ten_hours_ends_no_message() {
    for (status, body) in [
        (502, PAGE),
        (403, PAGE),
        (401, ""),
        (530, "error code: 1033"),
        (302, ""),
    ] {
        let bridge = Bridge::new().await;
        all(&bridge, status, body);
        let id = bridge.agent_writes("hai").await;
        pass(&bridge, Duration::minutes(10), Duration::seconds(40)).await;
        pass(&bridge, Duration::hours(10), Duration::minutes(30)).await;
        assert_eq!(bridge.state(&id).await, "accepted", "{status}");
        bridge.simulation.waapify.faults().clear();
        bridge.after(Duration::minutes(2)).await;
        assert_eq!(bridge.state(&id).await, "sent", "{status}");
        assert_eq!(bridge.texts_on_phone(), ["hai"]);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn after_eleven_hours_the_reason_is_the_gateway_not_the_customers_number() {
    let bridge = Bridge::new().await;
    all(&bridge, 404, PAGE);
    let id = bridge.agent_writes("hai").await;
    pass(
        &bridge,
        Duration::hours(10) + Duration::minutes(30),
        Duration::minutes(10),
    )
    .await;
    assert_eq!(bridge.state(&id).await, "accepted");
    pass(&bridge, Duration::hours(1), Duration::minutes(10)).await;
    let failed = ("failed".to_owned(), Some("gateway_down".to_owned()));
    assert_eq!(bridge.outbound(&id).await, failed);
    bridge.after(Duration::seconds(10)).await;
    let (code, words) = bridge.ghl_error(&id);
    assert_eq!(code, "gateway_down");
    assert!(!words.contains("no WhatsApp"), "{words}");
}

#[tokio::test]
async fn kinds_of_failures_that_take_turns_do_not_shorten_the_eleven_hours() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    let failed = "\n\n{\"status\":\"error\",\"message\":\"Failed to send the message\"}";
    for n in 0..60 {
        let (status, body) = [(502, PAGE), (200, failed), (403, PAGE), (200, OUTAGE)][n % 4];
        bridge.simulation.waapify.faults().clear();
        all(&bridge, status, body);
        bridge.after(Duration::minutes(10)).await;
    }
    assert_eq!(bridge.state(&id).await, "accepted");
    bridge.simulation.waapify.faults().clear();
    bridge.after(Duration::minutes(3)).await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn a_campaign_is_not_sent_into_a_gateway_whose_answers_are_lost() {
    for (status, body) in [(524, PAGE), (520, ""), (200, PAGE)] {
        let bridge = paced().await;
        all(&bridge, status, body);
        campaign(&bridge, MANY).await;
        pass(&bridge, Duration::minutes(5), Duration::seconds(10)).await;
        pass(&bridge, Duration::hours(5), Duration::minutes(10)).await;
        let sent = bridge.sends().len();
        assert!(sent <= 3, "{status}: {sent} were risked");
        let all_wait = [("accepted".to_owned(), i64::try_from(MANY).unwrap())];
        assert_eq!(states(&bridge).await, all_wait, "{status}");
        bridge.simulation.waapify.faults().clear();
        pass(&bridge, Duration::minutes(2), Duration::seconds(2)).await;
        let all_left = [("sent".to_owned(), i64::try_from(MANY).unwrap())];
        assert_eq!(states(&bridge).await, all_left, "{status}");
        let explained = "select count(*) from outbound where reason_code is not null";
        let explained: i64 = sqlx::query_scalar(explained)
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
        assert_eq!(explained, 0, "what they waited for is over");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn where_only_sends_are_lost_a_probe_at_a_time_is_risked() {
    let bridge = paced().await;
    sends(&bridge, 524, PAGE);
    campaign(&bridge, MANY).await;
    pass(&bridge, Duration::minutes(5), Duration::seconds(10)).await;
    let early = bridge.sends().len();
    assert!(early <= 6, "{early} were risked in five minutes");
    pass(&bridge, Duration::hours(2), Duration::minutes(3)).await;
    let later = bridge.sends().len();
    assert!(later <= early + 10, "{later} were risked in two hours");
    bridge.simulation.waapify.faults().clear();
    pass(&bridge, Duration::minutes(16), Duration::seconds(8)).await;
    let stays = states(&bridge)
        .await
        .iter()
        .filter(|(state, _)| state == "accepted")
        .count();
    assert_eq!(stays, 0, "{:?}", states(&bridge).await);
}

#[tokio::test]
async fn a_message_that_fails_alone_stops_no_other() {
    let bridge = Bridge::new().await;
    sends(&bridge, 403, PAGE);
    let blocked = bridge.agent_writes("sekat").await;
    pass(&bridge, Duration::minutes(10), Duration::seconds(30)).await;
    bridge.simulation.waapify.faults().clear();
    let other = bridge.agent_sends(seed::LIM_WEI.0, "lancar", &[]).await;
    bridge.settle().await;
    assert_eq!(bridge.state(&other).await, "sent");
    bridge.settle().await;
    assert_eq!(
        bridge.state(&blocked).await,
        "sent",
        "due with the first success"
    );
}

#[tokio::test]
async fn when_the_gateway_is_back_people_are_served_before_a_campaign_and_in_order() {
    let bridge = paced().await;
    sends(&bridge, 200, OUTAGE);
    let customer = bridge.customer_writes("ada?").await;
    bridge.settle().await;
    assert!(bridge.inbound(&customer).await.is_some());
    let (first, second) = (
        bridge.agent_writes("satu").await,
        bridge.agent_writes("dua").await,
    );
    pass(&bridge, Duration::hours(5), Duration::minutes(5)).await;
    campaign(&bridge, MANY).await;
    pass(&bridge, Duration::minutes(5), Duration::seconds(20)).await;
    let before = bridge.sends().len();
    bridge.simulation.waapify.faults().clear();
    pass(&bridge, Duration::minutes(2), Duration::seconds(1)).await;
    for id in [&first, &second] {
        assert_eq!(bridge.state(id).await, "sent");
    }
    let texts: Vec<String> = bridge.sends()[before..]
        .iter()
        .map(|query| query["message"].as_str().unwrap().to_owned())
        .collect();
    let place = |text: &str| texts.iter().position(|sent| sent == text).unwrap();
    // The probe may be any message; all others wait behind the people.
    assert!(
        place("satu") < place("dua") && place("dua") <= 3,
        "{texts:?}"
    );
}

#[tokio::test]
async fn a_circuit_is_shown_where_people_look_and_ends_with_the_next_success() {
    let bridge = paced().await;
    sends(&bridge, 502, PAGE);
    campaign(&bridge, 5).await;
    pass(&bridge, Duration::minutes(1), Duration::seconds(2)).await;
    let shown: Option<String> =
        sqlx::query_scalar("select circuit_reason(location_id, number)->>'code' from numbers")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
    assert_eq!(shown.as_deref(), Some("gateway_fails"));
    let found = bridge
        .app
        .context
        .doctor
        .check_location(&crate::harness::location())
        .await;
    let words = format!("{found:?}");
    let cause = Reason::from(Answer::WaapifyPage { status: 502 }).english();
    assert!(words.contains(&cause), "{words}");
    bridge.simulation.waapify.faults().clear();
    pass(&bridge, Duration::minutes(2), Duration::seconds(2)).await;
    let left: i64 = sqlx::query_scalar("select count(*) from circuits")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_hung_instance_stops_its_own_number_only() {
    let bridge = paced().await;
    let waapify = &bridge.simulation.waapify;
    waapify.faults().always("send.php", Fault::answer(504, ""));
    campaign(&bridge, 10).await;
    pass(&bridge, Duration::minutes(1), Duration::seconds(2)).await;
    let scopes: Vec<String> =
        sqlx::query_scalar("select location_id from circuits where probe_at is not null")
            .fetch_all(&bridge.database.pool)
            .await
            .unwrap();
    assert_eq!(scopes, [seed::LOCATION_ID]);
}

#[tokio::test]
async fn an_echo_after_a_proxys_page_still_proves_the_send() {
    let bridge = Bridge::new().await;
    let lost = Fault::after_effect(502, PAGE);
    bridge.simulation.waapify.faults().push("send.php", lost);
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge
        .until("the echo is read", async || {
            bridge.state(&id).await == "sent"
        })
        .await;
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(bridge.texts_on_phone(), ["hai"]);
}
