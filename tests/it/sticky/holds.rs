//! What waits for a number that is on hold.

use simulators::seed;
use time::Duration;
use waapify_ghl::db::numbers::{holds, rules};
use waapify_ghl::db::views::overview;
use waapify_ghl::db::views::overview::Wanted;
use waapify_ghl::model::number_rule::WhenHeld;
use waapify_ghl::model::reason::Hold;

use crate::harness::{Bridge, location};
use crate::sticky::{SECOND, aisyah_writes_to, first_texts, with_two_numbers};

/// Puts the second number on hold, as a gateway does that says so.
async fn hold_second(bridge: &Bridge) {
    let pool = &bridge.database.pool;
    let mut tx = pool.begin().await.unwrap();
    let until = bridge.clock.now() + Duration::days(9);
    holds::hold_number(&mut tx, &location(), SECOND, &Hold::Sealed, until)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn while_a_number_is_on_hold_a_conversation_waits_a_day_and_a_campaign_moves_on() {
    let (bridge, second) = with_two_numbers().await;
    aisyah_writes_to(&bridge, &second, "hai").await;
    let (_, name, phone) = seed::LIM_WEI;
    second.customer_sends(phone, name, "hai").await;
    bridge.settle().await;
    bridge.after(Duration::hours(30)).await;
    hold_second(&bridge).await;
    second.customer_sends(phone, name, "ada?").await;
    bridge.settle().await;
    let campaign = bridge.agent_writes("kempen").await;
    let answer = bridge.agent_sends(seed::LIM_WEI.0, "jawapan", &[]).await;
    let pool = &bridge.database.pool;
    let automated =
        "update outbound set priority = 0, has_sender = false where ghl_message_id = $1";
    sqlx::query(automated)
        .bind(&campaign)
        .execute(pool)
        .await
        .unwrap();
    bridge.after(Duration::seconds(5)).await;
    assert_eq!(first_texts(&bridge), ["kempen"]);
    bridge.after(Duration::hours(23)).await;
    assert_eq!(bridge.state(&answer).await, "accepted");
    bridge.after(Duration::hours(1)).await;
    assert_eq!(first_texts(&bridge), ["kempen", "jawapan"], "not too old");
    let told: i64 =
        sqlx::query_scalar("select count(*) from timeline where cause_code = 'number_held'")
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!(told, 2);
}

#[tokio::test]
async fn a_location_may_let_all_wait_or_none() {
    for (when_held, left) in [(WhenHeld::Wait, false), (WhenHeld::Leave, true)] {
        let (bridge, second) = with_two_numbers().await;
        aisyah_writes_to(&bridge, &second, "hai").await;
        hold_second(&bridge).await;
        let pool = &bridge.database.pool;
        rules::record(pool, &location(), &[], when_held)
            .await
            .unwrap();
        let id = bridge.agent_writes("jawapan").await;
        bridge.after(Duration::hours(23)).await;
        assert_eq!(bridge.state(&id).await != "accepted", left, "{when_held}");
        assert_eq!(first_texts(&bridge).len(), usize::from(left), "{when_held}");
        if !left {
            let wanted = Wanted::default();
            let listed = overview::list_entries(pool, &location(), wanted, i64::MAX, 1).await;
            let why = listed.unwrap()[0].why.clone();
            assert_eq!(why, Some(Hold::Sealed.into()), "the list says why");
        }
    }
}
