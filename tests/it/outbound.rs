//! From GHL to WhatsApp: what reaches the gateway, once and in order, and the result of every kind of failure.

use serde_json::json;
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::model::reason::{Failure, Reason};
use waapify_ghl::workers::Worker as _;
use waapify_ghl::workers::outbound::Outbound;

use crate::harness::{Bridge, OUTAGE};

const PHONE: &str = seed::AISYAH.2;

#[tokio::test]
async fn a_message_arrives_once_as_the_gateway_wants_it() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("Salam + 50% & kasih\nBaris dua").await;
    bridge.settle().await;
    assert_eq!(bridge.texts_on_phone(), ["Salam + 50% & kasih\nBaris dua"]);
    let expected = json!({
        "number": "60123456789", "type": "text", "message": "Salam + 50% & kasih\nBaris dua", "filename": "",
        "instance_id": seed::INSTANCE_ID, "access_token": seed::ACCESS_TOKEN,
    });
    assert_eq!(bridge.sends(), [expected]);
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn a_redelivered_message_is_sent_once() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("sekali").await;
    assert_eq!(bridge.simulation.ghl.redeliver(&id).await, Some(200));
    bridge.settle().await;
    assert_eq!(bridge.simulation.ghl.redeliver(&id).await, Some(200));
    bridge.after(Duration::HOUR).await;
    assert_eq!(bridge.sends().len(), 1);
}

#[tokio::test]
async fn a_gateway_in_trouble_is_tried_again_by_the_schedule_and_in_order() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, OUTAGE));
    let first = bridge.agent_writes("satu").await;
    let second = bridge.agent_writes("dua").await;
    bridge.settle().await;
    assert_eq!(
        (bridge.state(&first).await, bridge.state(&second).await),
        ("accepted".into(), "accepted".into())
    );
    assert_eq!(bridge.sends().len(), 1, "the second waits behind the first");
    bridge.after(Duration::seconds(4)).await;
    assert_eq!(bridge.sends().len(), 1, "not before its time");
    bridge.after(Duration::seconds(3)).await;
    assert_eq!(bridge.texts_on_phone(), ["satu", "dua"]);
}

#[tokio::test]
async fn what_failed_together_is_not_tried_again_together() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .always("send.php", Fault::answer(200, OUTAGE));
    for contact in [seed::AISYAH.0, seed::LIM_WEI.0] {
        bridge.agent_sends(contact, "hai", &[]).await;
    }
    bridge.settle().await;
    let again: Vec<time::OffsetDateTime> = sqlx::query_scalar("select due_at from outbound")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(bridge.sends().len(), 2);
    assert_ne!(again[0], again[1]);
}

#[tokio::test]
async fn one_failing_contact_does_not_hold_up_another() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, OUTAGE));
    let stuck = bridge.agent_writes("tersangkut").await;
    bridge.settle().await;
    let other = bridge.agent_sends(seed::LIM_WEI.0, "lancar", &[]).await;
    bridge.settle().await;
    assert_eq!(bridge.state(&stuck).await, "accepted");
    assert_eq!(bridge.state(&other).await, "sent");
}

#[tokio::test]
async fn an_attempt_that_keeps_failing_ends_as_failed_with_a_sentence_in_ghl() {
    let bridge = Bridge::new().await;
    let contact =
        bridge
            .simulation
            .ghl
            .add_contact(seed::LOCATION_ID, "Tiada WhatsApp", "+60123450000");
    let id = bridge.agent_sends(&contact, "hai", &[]).await;
    for _ in 0..6 {
        bridge.after(Duration::minutes(3)).await;
    }
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".into(), Some("text_not_taken".into()))
    );
    assert_eq!(bridge.sends().len(), 4, "the first and three more");
    assert_eq!(bridge.ghl_status(&id), "failed");
    assert_eq!(bridge.ghl_error(&id).0, "not_taken");
}

#[tokio::test]
async fn each_kind_of_failure_counts_anew_until_the_message_is_too_old() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    let faults = bridge.simulation.waapify.faults();
    let other_kind = "update outbound set failing = 'not_taken', failures = 3";
    for pause in [Duration::ZERO, Duration::hours(25)] {
        let pool = &bridge.database.pool;
        sqlx::query(other_kind).execute(pool).await.unwrap();
        faults.push("send.php", Fault::answer(200, OUTAGE));
        bridge.after(pause).await;
        assert_eq!(
            bridge.failures(&id).await,
            if pause.is_zero() { 1 } else { 3 }
        );
    }
    let too_old = Some("too_old".to_owned());
    assert_eq!(bridge.outbound(&id).await, ("failed".to_owned(), too_old));
}

#[tokio::test]
async fn a_number_without_country_code_fails_at_once_and_nothing_is_sent() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_sends(seed::NOMBOR_SALAH.0, "hai", &[]).await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".into(), Some("phone_incomplete".into()))
    );
    assert!(bridge.sends().is_empty());
    assert_eq!(bridge.ghl_status(&id), "failed");
    let why = Reason::from(Failure::PhoneIncomplete);
    let told = ("invalid_phone".to_owned(), why.english());
    assert_eq!(bridge.ghl_error(&id), told);
}

#[tokio::test]
async fn a_national_number_of_a_location_without_a_number_is_not_called_wrong() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let body = json!({
        "contactId": seed::AISYAH.0, "locationId": seed::LOCATION_ID, "messageId": "national-2", "type": "SMS",
        "phone": "012-345 6789", "message": "hai", "attachments": [],
    });
    assert_eq!(
        bridge.simulation.ghl.agent_sends_raw(&body).await,
        Some(200)
    );
    bridge.settle().await;
    let (_, reason) = bridge.outbound("national-2").await;
    assert_eq!(reason.as_deref(), Some("not_connected"));
}

#[tokio::test]
async fn a_location_without_a_number_is_told_so() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".into(), Some("not_connected".into()))
    );
    assert_eq!(bridge.ghl_error(&id).0, "not_connected");
}

#[tokio::test]
async fn a_delivery_of_an_unknown_location_ends_without_a_call_to_ghl() {
    let bridge = Bridge::bare().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge.after(Duration::seconds(2)).await;
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".into(), Some("not_installed".into()))
    );
    assert!(bridge.simulation.ghl.faults().seen().is_empty());
}

#[tokio::test]
async fn a_lost_link_holds_the_number_and_its_messages_flow_when_it_is_back() {
    let bridge = Bridge::new().await;
    bridge.simulation.waapify.unlink().await;
    bridge.settle().await;
    let first = bridge.agent_writes("satu").await;
    let second = bridge.agent_sends(seed::LIM_WEI.0, "dua", &[]).await;
    bridge.after(Duration::minutes(6)).await;
    assert_eq!(
        (bridge.state(&first).await, bridge.state(&second).await),
        ("accepted".into(), "accepted".into())
    );
    let reason: Option<String> = sqlx::query_scalar("select hold_code from numbers")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(
        reason.as_deref(),
        Some("link_lost"),
        "the reason is visible"
    );
    bridge.simulation.waapify.link().await;
    bridge.after(Duration::minutes(6)).await;
    bridge.settle().await;
    assert_eq!(
        (bridge.state(&first).await, bridge.state(&second).await),
        ("sent".into(), "sent".into())
    );
    let reason: Option<String> = sqlx::query_scalar("select hold_code from numbers")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(reason, None);
}

#[tokio::test]
async fn a_number_that_stays_away_for_a_day_fails_its_messages_readably() {
    let bridge = Bridge::new().await;
    bridge.simulation.waapify.unlink().await;
    let id = bridge.agent_writes("lama").await;
    bridge.settle().await;
    bridge.after(Duration::hours(25)).await;
    bridge.after(Duration::minutes(6)).await;
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".into(), Some("link_lost".into()))
    );
    bridge.simulation.waapify.link().await;
    bridge.after(Duration::minutes(6)).await;
    assert_eq!(bridge.ghl_error(&id).0, "number_stopped");
}

#[tokio::test]
async fn a_refused_request_fails_with_waapifys_words() {
    let bridge = Bridge::new().await;
    let refusal = "\n\n{\"status\":\"error\",\"message\":\"Message type not supported\"}";
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, refusal));
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".into(), Some("rejected".into()))
    );
    assert!(
        bridge
            .ghl_error(&id)
            .1
            .contains("Message type not supported")
    );
}

#[tokio::test]
async fn sends_of_one_number_keep_their_distance() {
    let bridge = paced().await;
    for (contact, text) in [
        (seed::AISYAH.0, "a"),
        (seed::LIM_WEI.0, "b"),
        (seed::AISYAH.0, "c"),
    ] {
        bridge.agent_sends(contact, text, &[]).await;
    }
    for sent in 1..=3 {
        bridge.settle().await;
        assert_eq!(bridge.sends().len(), sent);
        bridge.after(Duration::milliseconds(900)).await;
        assert_eq!(bridge.sends().len(), sent, "not within the pause");
        bridge.clock.advance(Duration::milliseconds(700));
    }
}

/// A bridge whose numbers pause for a second between two sends.
async fn paced() -> Bridge {
    let bridge = Bridge::with(|environment| {
        environment.retain(|(name, _)| name != "WAAPIFY_MIN_INTERVAL_MS");
        environment.push(("WAAPIFY_MIN_INTERVAL_MS".into(), "1000".into()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    bridge
}

#[tokio::test]
async fn the_worker_wakes_for_the_next_turn_of_a_number_not_for_the_next_look() {
    let bridge = paced().await;
    let worker = Outbound(std::sync::Arc::clone(&bridge.app.context));
    for text in ["a", "b"] {
        bridge.agent_writes(text).await;
    }
    bridge.settle().await;
    bridge.clock.advance(Duration::milliseconds(900));
    let pause = Duration::try_from(worker.pause().await).unwrap();
    assert!(
        pause >= Duration::milliseconds(100) && pause <= Duration::milliseconds(600),
        "{pause}"
    );
    bridge.after(pause).await;
    assert_eq!(bridge.sends().len(), 2);
    assert_eq!(
        Duration::try_from(worker.pause().await).unwrap(),
        Duration::SECOND,
        "nothing waits for a turn"
    );
}

#[tokio::test]
async fn what_is_never_sent_uses_up_no_turn_of_its_number() {
    let bridge = paced().await;
    for _ in 0..3 {
        bridge.agent_sends(seed::NOMBOR_SALAH.0, "hai", &[]).await;
    }
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.texts_on_phone(), ["hai"]);
}

#[tokio::test]
async fn every_step_of_a_message_is_in_its_timeline_without_its_text() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, OUTAGE));
    bridge.agent_writes("rahsia pelanggan").await;
    bridge.settle().await;
    bridge.after(Duration::seconds(10)).await;
    bridge.simulation.waapify.customer_receives(PHONE).await;
    bridge.settle().await;
    let steps = steps(&bridge).await;
    let states: Vec<_> = steps.iter().map(|(state, _)| state.as_str()).collect();
    assert_eq!(
        states,
        [
            "accepted",
            "sending",
            "accepted",
            "sending",
            "sent",
            "delivered"
        ]
    );
    assert!(
        steps[2]
            .1
            .as_deref()
            .unwrap()
            .contains("Cannot connect to server")
    );
    assert!(
        !format!("{steps:?}").contains("rahsia") && !format!("{steps:?}").contains("60123456789")
    );
}

async fn steps(bridge: &Bridge) -> Vec<(String, Option<String>)> {
    sqlx::query_as("select s.state, s.cause_code || coalesce(s.cause_args::text, '') from steps s join outbound o on o.id = s.message_id order by s.at, s.step")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}
