//! Messages that waited too long to be sent fail when they reach their age, tried or not, and GHL is told why.

use simulators::{Fault, seed};
use time::Duration;

use crate::harness::{Bridge, OUTAGE};

async fn failed(bridge: &Bridge) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select reason_code, count(*) from outbound where state = 'failed' group by reason_code",
    )
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap()
}

/// More messages of the seeded location, as if GHL had delivered them now.
async fn many(bridge: &Bridge, count: i32) {
    sqlx::query(
        "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
         select $1, 'aged-' || n, 'contact-' || n % 40, $4, $2, $2 from generate_series(1, $3) n",
    )
    .bind(seed::LOCATION_ID)
    .bind(bridge.clock.now())
    .bind(count)
    .bind(r#"{"phone":"+60123456789","message":"hai","type":"SMS"}"#.as_bytes())
    .execute(&bridge.database.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn all_that_wait_behind_a_hold_fail_at_their_age_with_its_reason() {
    let bridge = Bridge::new().await;
    bridge.simulation.waapify.unlink().await;
    bridge.settle().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    many(&bridge, 600).await;
    bridge
        .after(Duration::hours(23) + Duration::minutes(50))
        .await;
    assert_eq!(failed(&bridge).await, []);
    for _ in 0..4 {
        bridge.after(Duration::minutes(10)).await;
    }
    assert_eq!(failed(&bridge).await, [("link_lost".to_owned(), 601)]);
    bridge.after(Duration::minutes(1)).await;
    assert_eq!(bridge.ghl_error(&id).0, "number_stopped");
    bridge.simulation.waapify.link().await;
    bridge.after(Duration::minutes(6)).await;
    assert!(bridge.texts_on_phone().is_empty());
}

#[tokio::test]
async fn what_waits_behind_a_blocked_conversation_or_a_dead_gateway_fails_too() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .always("send.php", Fault::answer(200, OUTAGE));
    for n in 0..5 {
        bridge.agent_writes(&format!("hai {n}")).await;
    }
    bridge.settle().await;
    for _ in 0..25 {
        bridge.after(Duration::hours(1)).await;
    }
    assert_eq!(failed(&bridge).await, [("gateway_down".to_owned(), 5)]);
}

#[tokio::test]
async fn people_and_campaigns_have_ages_of_their_own() {
    let bridge = Bridge::with(|environment| {
        environment.push(("MAX_AGE_PERSON_HOURS".into(), "48".into()));
        environment.push(("MAX_AGE_AUTOMATED_HOURS".into(), "2".into()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    bridge.simulation.waapify.unlink().await;
    bridge.settle().await;
    let (campaign, person) = (
        bridge.agent_writes("promosi").await,
        bridge.agent_writes("jawapan").await,
    );
    sqlx::query("update outbound set priority = case ghl_message_id when $1 then 0 else 2 end, conversation = ghl_message_id")
        .bind(&campaign)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge.after(Duration::hours(3)).await;
    assert_eq!(bridge.state(&campaign).await, "failed");
    assert_eq!(bridge.state(&person).await, "accepted");
    bridge.after(Duration::hours(44)).await;
    assert_eq!(bridge.state(&person).await, "accepted");
    bridge.after(Duration::hours(2)).await;
    assert_eq!(bridge.state(&person).await, "failed");
}

#[tokio::test]
async fn a_replayed_message_has_its_whole_time_again() {
    let bridge = Bridge::new().await;
    bridge.simulation.waapify.unlink().await;
    bridge.settle().await;
    let id = bridge.agent_writes("hai").await;
    bridge.after(Duration::hours(25)).await;
    assert_eq!(bridge.state(&id).await, "failed");
    let number: i64 = sqlx::query_scalar("select id from outbound")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let id_of = waapify_ghl::model::ids::MessageId(number);
    waapify_ghl::db::replays::replay(pool, id_of, false, now)
        .await
        .unwrap();
    bridge.after(Duration::hours(23)).await;
    assert_eq!(bridge.state(&id).await, "accepted");
    bridge.after(Duration::hours(2)).await;
    assert_eq!(bridge.state(&id).await, "failed");
}
