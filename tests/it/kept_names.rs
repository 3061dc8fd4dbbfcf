//! A contact that GHL has keeps the name that the business gave it, whatever GHL answers to the look-up.

use simulators::{Fault, seed};
use time::Duration;

use crate::harness::Bridge;
use crate::people::CREATE;

const SEARCH: &str = "GET /contacts/search/duplicate";
const UPSERT: &str = "POST /contacts/upsert";

/// Aisyah writes under another name; GHL says that it has no contact with her phone.
async fn writes_unseen(bridge: &Bridge, words: &str) {
    let faults = bridge.simulation.ghl.faults();
    faults.push(SEARCH, Fault::answer(200, r#"{"contact":null}"#));
    let waapify = &bridge.simulation.waapify;
    waapify
        .customer_sends(seed::AISYAH.2, "Nama lain", words)
        .await;
    bridge.settle().await;
    bridge.after(Duration::minutes(1)).await;
}

fn assert_kept(bridge: &Bridge, words: &str) {
    assert_eq!(bridge.conversation(), [words]);
    let all = bridge.simulation.ghl.contacts(seed::LOCATION_ID);
    let own: Vec<_> = all
        .iter()
        .filter(|c| c.phone.as_deref() == Some(seed::AISYAH.2))
        .collect();
    assert_eq!(own.len(), 1);
    assert_eq!(own[0].name, seed::AISYAH.1);
}

#[tokio::test]
async fn a_search_that_does_not_find_a_contact_overwrites_nothing() {
    let bridge = Bridge::new().await;
    writes_unseen(&bridge, "hai").await;
    assert_kept(&bridge, "hai");
    let faults = bridge.simulation.ghl.faults();
    assert_eq!((faults.count(CREATE), faults.count(UPSERT)), (1, 0));
}

#[tokio::test]
async fn where_ghl_does_not_say_which_contact_it_has_it_is_found_without_a_name() {
    for refusal in [
        r#"{"statusCode":400,"message":"This location does not allow duplicated contacts."}"#,
        r#"{"statusCode":404,"message":"Cannot POST /contacts/"}"#,
    ] {
        let bridge = Bridge::new().await;
        let faults = bridge.simulation.ghl.faults();
        faults.push(CREATE, Fault::answer(400, refusal));
        writes_unseen(&bridge, "hai").await;
        assert_kept(&bridge, "hai");
        assert_eq!(faults.count(UPSERT), 1);
        assert!(faults.seen_at(UPSERT)[0].body.get("name").is_none());
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn the_contact_that_a_refused_upsert_names_is_used() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    let (contact, _, _) = seed::AISYAH;
    faults.push(CREATE, Fault::answer(404, r#"{"message":"Not found"}"#));
    let named = format!(r#"{{"message":"duplicated","meta":{{"contactId":"{contact}"}}}}"#);
    faults.push(UPSERT, Fault::answer(400, &named));
    writes_unseen(&bridge, "hai").await;
    assert_kept(&bridge, "hai");
}
