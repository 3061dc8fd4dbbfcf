//! Receipts of a message that come before its id is known.

use serde_json::json;
use simulators::{Fault, Timings, seed};
use waapify_ghl::db::outbound::receipts;
use waapify_ghl::db::outbound::receipts::{KnownFrom, Seen, SentPart};
use waapify_ghl::model::ids::{MessageId, WaMessageId};
use waapify_ghl::model::reason::Step;

use crate::harness::{Bridge, location};

#[tokio::test]
async fn a_receipt_that_overtakes_the_gateways_answer_is_kept_and_counts() {
    let bridge = Bridge::new().await;
    // The gateway sends, the customer's phone acks, and only then the answer arrives.
    bridge.simulation.adjust(|timings: &mut Timings| {
        timings.send_takes = std::time::Duration::from_millis(300);
        timings.echo_after = std::time::Duration::from_mins(10);
    });
    let id = bridge.agent_writes("hai").await;
    let ack = async {
        let mut look = tokio::time::interval(std::time::Duration::from_millis(2));
        let chat = loop {
            look.tick().await;
            let chat = bridge.simulation.waapify.chat(seed::AISYAH.2);
            if !chat.is_empty() {
                break chat;
            }
        };
        bridge
            .whatsapp_reports(&chat[0].id, json!({"status": 3}))
            .await;
    };
    tokio::join!(bridge.settle(), ack);
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "delivered");
}

/// What becomes of a message whose id was not known before these receipts came, each a level and a refusal.
async fn after_receipts(early: &[(i32, Option<&str>)]) -> (Bridge, String) {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::after_effect(200, "\n\nnull"));
    let id = bridge.agent_writes("hai").await;
    bridge
        .simulation
        .adjust(|timings| timings.echo_after = std::time::Duration::from_hours(1));
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "unconfirmed");
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let (message, part): (i64, i32) = sqlx::query_as("select id, parts_sent from outbound")
        .fetch_one(pool)
        .await
        .unwrap();
    let (location, wa_id) = (location(), WaMessageId::from("3EB0LATE"));
    for (level, refused) in early {
        let seen = Seen {
            id: wa_id.clone(),
            level: *level,
            refused: refused.map(str::to_owned),
        };
        receipts::record_receipts(pool, &location, seed::NUMBER, &[seen], now)
            .await
            .unwrap();
    }
    let sent = SentPart {
        location: &location,
        message: MessageId(message),
        number: seed::NUMBER,
        part,
        wa_message_id: &wa_id,
        known_from: KnownFrom::Answer,
    };
    receipts::record_sent(pool, sent, &Step::Taken.into(), now)
        .await
        .unwrap();
    (bridge, id)
}

#[tokio::test]
async fn a_receipt_that_comes_late_lowers_nothing() {
    let (bridge, id) = after_receipts(&[(receipts::READ, None), (receipts::DELIVERED, None)]).await;
    assert_eq!(
        bridge.state(&id).await,
        "read",
        "the highest counts, not the newest"
    );
}

#[tokio::test]
async fn a_receipt_after_a_refusal_does_not_take_it_back() {
    let (bridge, id) = after_receipts(&[(0, Some("463")), (2, None)]).await;
    let refused = Some("refused_by_whatsapp".to_owned());
    assert_eq!(bridge.outbound(&id).await, ("failed".to_owned(), refused));
}
