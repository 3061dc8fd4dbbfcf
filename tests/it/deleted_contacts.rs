//! Contacts that were deleted in GHL while its search still names them, and search answers that are none.

use serde_json::json;
use simulators::{Fault, seed};
use time::Duration;

use crate::harness::Bridge;
use crate::messages::INBOUND;
use crate::people::{CREATE, contacts};
use crate::unconfirmed_posts::{after_index_lag, writes_into};

const SEARCH: &str = "GET /contacts/search/duplicate";
const UPSERT: &str = "POST /contacts/upsert";
const LIST: &str = "GET /conversations/{id}/messages";
const EXPORT: &str = "GET /conversations/messages/export";

/// GHL's search names a contact that GHL does not have.
fn names_gone(bridge: &Bridge) {
    let named = json!({"contact": {"id": "gone", "phone": "+60137654321"}});
    let faults = bridge.simulation.ghl.faults();
    faults.always(SEARCH, Fault::answer(200, &named.to_string()));
}

/// A customer whom GHL does not know writes.
async fn stranger_writes(bridge: &Bridge, text: &str) -> String {
    let waapify = &bridge.simulation.waapify;
    waapify.customer_sends("+60137654321", "Ali", text).await
}

async fn pass(bridge: &Bridge, total: Duration, step: Duration) {
    bridge.simulation.ghl.set_burst_limit(Some(1_000_000));
    let mut passed = Duration::ZERO;
    while passed < total {
        bridge.after(step).await;
        passed += step;
    }
}

#[tokio::test]
async fn a_deleted_contact_that_is_still_found_is_replaced_by_a_new_one() {
    let bridge = Bridge::new().await;
    names_gone(&bridge);
    let before = contacts(&bridge);
    let id = stranger_writes(&bridge, "hai").await;
    pass(&bridge, Duration::minutes(3), Duration::seconds(10)).await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted");
    assert_eq!(contacts(&bridge), before + 1);
    let faults = bridge.simulation.ghl.faults();
    assert_eq!((faults.count(CREATE), faults.count(INBOUND)), (1, 2));
    // The next ones go to the new contact at once.
    let next = stranger_writes(&bridge, "lagi").await;
    bridge.settle().await;
    assert_eq!(bridge.inbound(&next).await.unwrap().0, "posted");
    assert_eq!(faults.count(INBOUND), 3);
    assert_eq!(contacts(&bridge), before + 1);
}

#[tokio::test]
async fn one_that_every_call_names_ends_with_a_reason_after_few_calls() {
    let bridge = Bridge::new().await;
    names_gone(&bridge);
    let faults = bridge.simulation.ghl.faults();
    let refused = json!({"statusCode": 400, "message": "This location does not allow duplicated contacts.",
        "meta": {"contactId": "gone", "matchingField": "phone"}});
    faults.always(CREATE, Fault::answer(400, &refused.to_string()));
    let found = json!({"new": false, "contact": {"id": "gone"}});
    faults.always(UPSERT, Fault::answer(200, &found.to_string()));
    let id = stranger_writes(&bridge, "hai").await;
    pass(&bridge, Duration::days(9), Duration::hours(8)).await;
    let (state, reason, _) = bridge.inbound(&id).await.unwrap();
    assert_eq!(state, "failed");
    assert!(reason.is_some());
    assert!(faults.count(INBOUND) < 60, "{}", faults.count(INBOUND));
}

#[tokio::test]
async fn odd_answers_of_the_search_wait_and_end_by_the_schedule_and_hold_up_no_other_location() {
    for (status, body) in [
        (403, "<!DOCTYPE html><title>Just a moment...</title>"),
        (200, "[]"),
        (200, r#"{"contact":"none"}"#),
    ] {
        let bridge = Bridge::new().await;
        bridge.install_second().await;
        let ghl = &bridge.simulation.ghl;
        let faults = ghl.faults();
        let theirs = ("locationId", seed::LOCATION_ID);
        faults.always_for(theirs, Fault::answer(status, body));
        let id = bridge.customer_writes("hai").await;
        bridge.settle().await;
        let second = waits_in_second(&bridge).await;
        bridge.settle().await;
        assert_eq!(bridge.inbound(&second).await.unwrap().0, "posted", "{body}");
        pass(&bridge, Duration::days(6), Duration::hours(8)).await;
        assert_eq!(bridge.inbound(&id).await.unwrap().0, "accepted", "{body}");
        pass(&bridge, Duration::days(2), Duration::hours(8)).await;
        let (state, reason, _) = bridge.inbound(&id).await.unwrap();
        assert_eq!(state, "failed", "{body}");
        assert!(reason.is_some());
        assert!(bridge.posted().iter().all(|post| post["message"] != "hai"));
        bridge.database.pool.close().await;
    }
}

/// A customer's message to the second location is stored. Returns WhatsApp's id.
async fn waits_in_second(bridge: &Bridge) -> String {
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    sqlx::query(
        "insert into inbound (location_id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state,
            due_at, accepted_at)
         values ($1, '60199990000', 'SECOND', false, '60137654321', '60137654321', 'kedai dua', $2, 'accepted', $2, $2)",
    )
    .bind(seed::SECOND_LOCATION_ID)
    .bind(now)
    .execute(pool)
    .await
    .unwrap();
    "SECOND".to_owned()
}

/// The first message of a contact is stored by GHL, the answer to its post is lost, and GHL's lists are empty.
#[tokio::test]
async fn an_empty_export_beside_an_empty_list_of_a_conversation_that_exists_is_no_answer() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    let empty = r#"{"messages":{"messages":[],"nextPage":false}}"#;
    faults.always(LIST, Fault::answer(200, empty));
    faults.always(
        EXPORT,
        Fault::answer(200, r#"{"messages":[],"nextCursor":null}"#),
    );
    let id = writes_into(&bridge, Fault::after_effect(502, ""), "hai").await;
    // What the agent writes since hides the end of the conversation.
    for n in 0..3 {
        bridge.agent_writes(&format!("ya {n}?")).await;
    }
    after_index_lag(&bridge).await;
    pass(&bridge, Duration::minutes(15), Duration::minutes(1)).await;
    assert_eq!(bridge.posted().len(), 1);
    faults.clear();
    pass(&bridge, Duration::minutes(10), Duration::minutes(1)).await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted");
    assert_eq!(bridge.posted().len(), 1);
    assert_eq!(bridge.conversation(), ["hai"]);
}
