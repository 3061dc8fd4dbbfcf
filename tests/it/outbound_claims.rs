//! The claims of the outbound queue: no number waits for another, a message with an unknown outcome is not repeated
//! blindly, and an owner that died or was replaced loses and doubles nothing.

mod concurrency;

use std::sync::Arc;

use serde_json::json;
use simulators::{Fault, Timings, seed};
use time::Duration;
use waapify_ghl::db::outbound;
use waapify_ghl::db::outbound::outcomes::Outcome;
use waapify_ghl::db::outbound::{OutboundJob, Pace, Recipient, leases, outcomes};
use waapify_ghl::model::reason::{Failure, Step};
use waapify_ghl::model::states::FailureKind;
use waapify_ghl::workers;
use waapify_ghl::workers::outbound::Outbound;

use crate::harness::{Bridge, OUTAGE, wait};

const PHONE: &str = seed::AISYAH.2;

/// Nobody whom GHL names as a contact.
const RECIPIENT: Recipient<'_> = Recipient {
    forms: &[],
    contact: None,
    has_sender: false,
    is_exempt: false,
};
const UNPACED: Pace = Pace {
    interval: Duration::ZERO,
    stretch: 1.0,
    protects: false,
};

#[tokio::test]
async fn a_send_whose_answer_is_lost_is_confirmed_by_its_echo_and_not_repeated() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::after_effect(200, "\n\nnull"));
    let id = bridge.agent_writes("sekali sahaja").await;
    bridge.settle().await;
    bridge
        .until("the echo confirms it", async || {
            bridge.state(&id).await != "unconfirmed"
        })
        .await;
    bridge.simulation.waapify.customer_receives(PHONE).await;
    bridge.after(Duration::HOUR).await;
    assert_eq!(bridge.sends().len(), 1);
    assert_eq!(bridge.state(&id).await, "delivered", "its receipts count");
}

#[tokio::test]
async fn a_send_without_an_echo_is_tried_once_more_and_then_fails_honestly() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .always("send.php", Fault::answer(200, "[]"));
    let id = bridge.agent_writes("entah").await;
    let behind = bridge.agent_writes("menunggu").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "unconfirmed");
    bridge.after(Duration::minutes(1)).await;
    assert_eq!(bridge.sends().len(), 1, "the echo has its time");
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(bridge.sends().len(), 2, "once more");
    assert_eq!(
        bridge.state(&behind).await,
        "accepted",
        "the conversation behind it waits"
    );
    bridge.simulation.waapify.faults().clear();
    bridge.after(Duration::minutes(3)).await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".into(), Some("unconfirmed".into()))
    );
    assert_eq!(bridge.ghl_error(&id).0, "unconfirmed");
    assert_eq!(bridge.texts_on_phone(), ["menunggu"]);
}

#[tokio::test]
async fn one_slow_contact_does_not_hold_up_another() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::Slow(std::time::Duration::from_secs(3)));
    let slow = bridge.agent_writes("perlahan").await;
    let worker = Arc::new(Outbound(Arc::clone(&bridge.app.context)));
    let sending = tokio::spawn({
        let worker = Arc::clone(&worker);
        async move { workers::step(&worker).await }
    });
    wait("the slow send is on its way", async || {
        bridge.sends().len() == 1
    })
    .await;
    let quick = bridge.agent_sends(seed::LIM_WEI.0, "laju", &[]).await;
    workers::step(&worker).await.unwrap();
    assert_eq!(
        (bridge.state(&slow).await, bridge.state(&quick).await),
        ("sending".into(), "sent".into())
    );
    sending.await.unwrap().unwrap();
    assert_eq!(bridge.state(&slow).await, "sent");
}

#[tokio::test]
async fn one_blocked_number_does_not_hold_up_another() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, OUTAGE));
    bridge.agent_writes("tersangkut").await;
    bridge.settle().await;
    bridge.agent_writes("menunggu di belakang").await;
    let pool = &bridge.database.pool;
    // A second location whose number is next after the blocked one.
    for sql in [
        "insert into locations (location_id, installed_at) values ('other', now())",
        "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash, is_default, next_send_at, connected_at) select 'other', number, instance_id, access_token, webhook_secret, 'x', true, next_send_at + interval '1 ms', connected_at from numbers",
        "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at) select 'other', 'o', 'c', '{}', '2020-01-01Z', now()",
    ] {
        sqlx::query(sql).execute(pool).await.unwrap();
    }
    bridge.clock.advance(Duration::seconds(1));
    let now = bridge.clock.now();
    let claimed = outbound::claim_sendable(pool, now, Duration::MINUTE, UNPACED, 1)
        .await
        .unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].location_id.as_str(), "other");
}

#[tokio::test]
async fn an_echo_that_comes_late_still_prevents_a_second_copy() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .adjust(|timings: &mut Timings| timings.echo_after = std::time::Duration::from_mins(10));
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::after_effect(200, "\n\nnull"));
    let id = bridge.agent_writes("sekali").await;
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, OUTAGE));
    bridge.after(Duration::minutes(3)).await;
    assert_eq!(
        bridge.state(&id).await,
        "accepted",
        "it is to be tried once more"
    );
    let sent = bridge.simulation.waapify.chat(PHONE).remove(0);
    let echo = json!({"messages": [{"key": {"remoteJid": "60123456789@c.us", "fromMe": true, "id": sent.id},
        "message": {"extendedTextMessage": {"text": sent.text}}, "messageTimestamp": bridge.clock.now().unix_timestamp(), "status": "PENDING"}], "type": "append"});
    bridge
        .simulation
        .waapify
        .post_event("messages.upsert", echo)
        .await;
    bridge.settle().await;
    bridge.after(Duration::HOUR).await;
    assert_eq!(bridge.state(&id).await, "sent");
    assert_eq!(bridge.texts_on_phone(), ["sekali"]);
}

/// Claims one message like a worker that is then killed.
async fn claim_and_die(bridge: &Bridge) -> OutboundJob {
    let now = bridge.clock.now();
    let pool = &bridge.database.pool;
    let mut claimed = outbound::claim_sendable(pool, now, Duration::minutes(2), UNPACED, 1)
        .await
        .unwrap();
    claimed.remove(0)
}

#[tokio::test]
async fn what_a_killed_process_had_not_sent_yet_is_sent_when_its_lease_ends() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    claim_and_die(&bridge).await;
    bridge.after(Duration::minutes(1)).await;
    assert_eq!(bridge.state(&id).await, "sending", "the lease still runs");
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(
        (bridge.state(&id).await, bridge.sends().len()),
        ("sent".into(), 1)
    );
}

#[tokio::test]
async fn a_message_that_stops_every_process_ends_and_its_conversation_goes_on() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("maut").await;
    let behind = bridge.agent_writes("menunggu").await;
    let (pool, pause) = (&bridge.database.pool, Duration::minutes(2));
    for _ in 0..=20 {
        claim_and_die(&bridge).await;
        bridge.clock.advance(pause);
        let now = bridge.clock.now();
        leases::rescue_expired(pool, now + pause, now)
            .await
            .unwrap();
    }
    bridge.settle().await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".into(), Some("lost".into()))
    );
    assert_eq!(bridge.ghl_error(&id).0, "lost");
    assert_eq!(bridge.state(&behind).await, "sent");
    assert_eq!(bridge.texts_on_phone(), ["menunggu"]);
}

#[tokio::test]
async fn what_a_killed_process_may_have_sent_waits_for_its_echo_first() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    let job = claim_and_die(&bridge).await;
    let now = bridge.clock.now();
    assert!(
        outbound::mark_send_started(&bridge.database.pool, &job, RECIPIENT, 1, now)
            .await
            .unwrap()
    );
    bridge.after(Duration::minutes(3)).await;
    assert_eq!(
        (bridge.state(&id).await, bridge.sends().len()),
        ("unconfirmed".into(), 0)
    );
    bridge.after(Duration::minutes(3)).await;
    assert_eq!(
        (bridge.state(&id).await, bridge.sends().len()),
        ("sent".into(), 1)
    );
}

#[tokio::test]
async fn a_stale_owner_changes_nothing() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    let stale = claim_and_die(&bridge).await;
    bridge.after(Duration::minutes(3)).await;
    assert_eq!(bridge.state(&id).await, "sent");
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    assert!(
        !outbound::mark_send_started(pool, &stale, RECIPIENT, 1, now)
            .await
            .unwrap()
    );
    let failure = Failure::Lost.into();
    for outcome in [
        Outcome::Retry(now, FailureKind::NotTaken),
        Outcome::Failed(&failure),
        Outcome::Ignored,
        Outcome::Unconfirmed(now),
    ] {
        outcomes::finish_alone(pool, &stale, outcome, &Step::Taken.into(), now)
            .await
            .unwrap();
    }
    outbound::record_files(pool, &stale, "[]", now)
        .await
        .unwrap();
    assert_eq!(bridge.outbound(&id).await, ("sent".into(), None));
}

#[tokio::test]
async fn a_refusal_after_a_gateways_restart_is_tried_again_as_the_first_of_its_kind() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.waapify.faults();
    let refusal = "\n\n{\"status\":\"error\",\"message\":\"Failed to send the message\"}";
    for answer in [OUTAGE, OUTAGE, OUTAGE, refusal] {
        faults.push("send.php", Fault::answer(200, answer));
    }
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    for failures in [2, 3, 1] {
        bridge.after(Duration::minutes(2)).await;
        assert_eq!(
            (bridge.state(&id).await.as_str(), bridge.failures(&id).await),
            ("accepted", failures)
        );
    }
    bridge.after(Duration::minutes(1)).await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn a_number_whose_keys_cannot_be_opened_is_held_and_connecting_again_mends_it() {
    let bridge = Bridge::new().await;
    sqlx::query("update numbers set access_token = 'x', webhook_secret = 'x'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "accepted");
    bridge.connect().await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn a_number_without_a_pause_sends_to_many_at_once_but_one_message_to_each() {
    let bridge = Bridge::new().await;
    for text in ["satu", "dua"] {
        bridge.agent_writes(text).await;
    }
    bridge.agent_sends(seed::LIM_WEI.0, "tiga", &[]).await;
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let claim = async |pace| {
        let claimed = outbound::claim_sendable(pool, now, Duration::MINUTE, pace, 10).await;
        claimed.unwrap().len()
    };
    assert_eq!(claim(UNPACED).await, 2, "the first of each contact");
    assert_eq!(claim(UNPACED).await, 0, "the other waits for it");
}
