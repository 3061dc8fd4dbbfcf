//! A post to GHL whose answer was lost, while GHL refuses to list the conversation: the export of the contact's messages is
//! read, and only where GHL cannot be asked at all for half an hour the message is posted again.

use simulators::{Fault, seed};
use time::Duration;

use crate::harness::Bridge;
use crate::people::{add, shown};
use crate::unconfirmed_posts::{after_index_lag, state, writes_into};

const LIST: &str = "GET /conversations/{id}/messages";
const EXPORT: &str = "GET /conversations/messages/export";
const SEARCH: &str = "GET /conversations/search";
const FORBIDDEN: &str = r#"{"statusCode":403,"message":"Forbidden resource"}"#;
const SCOPE: &str = r#"{"message":"The token is not authorized for this scope."}"#;

/// Ways in which GHL refuses a look-up for a while.
fn refusals() -> Vec<Fault> {
    let missing = r#"{"statusCode":404,"message":"conversation not found"}"#;
    let moved = r#"{"statusCode":400,"message":"Command timed out"}"#;
    vec![
        Fault::answer(404, missing),
        Fault::answer(403, FORBIDDEN),
        Fault::answer(400, moved),
        Fault::answer(403, "<html>Error 1010</html>"),
        Fault::answer(503, ""),
    ]
}

/// The business is in touch with Aisyah, and the answer to the post of "hai" is lost; the agent wrote since, so that the
/// conversation's end tells nothing.
async fn lost(bridge: &Bridge, is_stored: bool) -> String {
    bridge.customer_writes("salam").await;
    bridge.settle().await;
    let fault = if is_stored {
        Fault::after_effect(502, "")
    } else {
        Fault::answer(500, "{}")
    };
    let id = writes_into(bridge, fault, "hai").await;
    for n in 0..3 {
        bridge.agent_writes(&format!("ya {n}?")).await;
    }
    id
}

async fn pass(bridge: &Bridge, minutes: i64) {
    for _ in 0..minutes {
        bridge.after(Duration::minutes(1)).await;
    }
}

#[tokio::test]
async fn while_the_list_is_refused_the_message_is_found_in_the_export() {
    for refusal in refusals() {
        let bridge = Bridge::new().await;
        bridge.simulation.ghl.faults().always(LIST, refusal);
        let id = lost(&bridge, true).await;
        after_index_lag(&bridge).await;
        assert_eq!(state(&bridge, &id).await, "posted");
        assert_eq!(bridge.conversation(), ["salam", "hai"]);
        assert_eq!(bridge.posted().len(), 2);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn what_the_export_does_not_have_is_posted_again_once_it_would_show_it() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(LIST, Fault::answer(403, FORBIDDEN));
    let id = lost(&bridge, false).await;
    pass(&bridge, 1).await;
    assert_eq!(bridge.posted().len(), 2, "it may still appear");
    after_index_lag(&bridge).await;
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!(bridge.posted().len(), 3);
    let asked = faults.seen_at(EXPORT).remove(0).query;
    assert_eq!(asked["contactId"], seed::AISYAH.0);
}

#[tokio::test]
async fn nothing_is_posted_twice_while_both_are_refused_for_minutes() {
    for refusal in refusals() {
        let bridge = Bridge::new().await;
        let faults = bridge.simulation.ghl.faults();
        faults.always(LIST, refusal.clone());
        faults.always(EXPORT, refusal.clone());
        let id = lost(&bridge, true).await;
        pass(&bridge, 20).await;
        assert_eq!(state(&bridge, &id).await, "accepted", "{refusal:?}");
        assert_eq!(bridge.posted().len(), 2);
        faults.clear();
        pass(&bridge, 8).await;
        assert_eq!(state(&bridge, &id).await, "posted");
        assert_eq!(bridge.conversation(), ["salam", "hai"]);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn where_ghl_cannot_be_asked_for_half_an_hour_the_message_is_posted_again() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    for route in [LIST, EXPORT, SEARCH] {
        faults.always(route, Fault::answer(403, FORBIDDEN));
    }
    let id = lost(&bridge, false).await;
    pass(&bridge, 29).await;
    assert_eq!(bridge.posted().len(), 2);
    pass(&bridge, 15).await;
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!(bridge.posted().len(), 3);
}

#[tokio::test]
async fn a_first_message_is_found_in_the_export_while_the_search_is_refused() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(SEARCH, Fault::answer(401, SCOPE));
    let id = writes_into(&bridge, Fault::after_effect(502, ""), "hai").await;
    after_index_lag(&bridge).await;
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!(bridge.posted().len(), 1);
}

/// The answer when GHL's database does not reply in time.
fn timed_out() -> Fault {
    Fault::answer(400, r#"{"statusCode":400,"message":"Command timed out"}"#)
}

#[tokio::test]
async fn a_post_that_timed_out_is_looked_for() {
    for is_stored in [true, false] {
        let bridge = Bridge::new().await;
        bridge.customer_writes("salam").await;
        bridge.settle().await;
        let body = r#"{"statusCode":400,"message":"Command timed out"}"#;
        let fault = if is_stored {
            Fault::after_effect(400, body)
        } else {
            timed_out()
        };
        let id = writes_into(&bridge, fault, "hai").await;
        for n in 0..3 {
            bridge.agent_writes(&format!("ya {n}?")).await;
        }
        after_index_lag(&bridge).await;
        after_index_lag(&bridge).await;
        assert_eq!(state(&bridge, &id).await, "posted");
        assert_eq!(bridge.conversation(), ["salam", "hai"]);
        assert_eq!(bridge.posted().len(), if is_stored { 2 } else { 3 });
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn a_list_that_lacks_what_we_know_is_no_answer() {
    let empty = r#"{"messages":{"messages":[],"nextPage":false}}"#;
    let other = r#"{"messages":{"messages":[{"id":"other","altId":"x"}],"nextPage":false}}"#;
    let exported = [
        r#"{"messages":[],"nextCursor":null}"#,
        r#"{"messages":[{"id":"other","altId":"x"}],"nextCursor":null}"#,
    ];
    for (list, export) in [(empty, exported[0]), (other, exported[1])] {
        let bridge = Bridge::new().await;
        let faults = bridge.simulation.ghl.faults();
        faults.always(LIST, Fault::answer(200, list));
        faults.always(EXPORT, Fault::answer(200, export));
        let id = lost(&bridge, true).await;
        pass(&bridge, 20).await;
        assert_eq!(state(&bridge, &id).await, "accepted", "{list}");
        assert_eq!(bridge.posted().len(), 2, "{list}");
        faults.clear();
        pass(&bridge, 8).await;
        assert_eq!(state(&bridge, &id).await, "posted");
        assert_eq!(bridge.conversation(), ["salam", "hai"]);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn a_message_of_a_contact_that_was_merged_is_looked_for_in_the_other() {
    let bridge = Bridge::new().await;
    let twin = add(&bridge, "Aisyah (pejabat)", seed::AISYAH.2);
    bridge.agent_sends(&twin, "tawaran", &[]).await;
    bridge.settle().await;
    bridge.customer_writes("salam").await;
    bridge.settle().await;
    assert_eq!(shown(&bridge, &twin), ["salam"]);
    let id = writes_into(&bridge, Fault::after_effect(502, ""), "hai").await;
    // GHL moves the messages to the other contact, and knows the first no more.
    bridge.simulation.ghl.merge(&twin, seed::AISYAH.0);
    for _ in 0..5 {
        after_index_lag(&bridge).await;
    }
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!(bridge.conversation(), ["salam", "hai"]);
}
