//! Names of customers who never answered: GHL's deliveries name nobody, so GHL is asked, within bounds.

use simulators::{Fault, seed};

use crate::harness::Bridge;
use crate::monitor::look_later;
use crate::people::{add, delivers};

const GET_CONTACT: &str = "GET /contacts/{id}";

async fn names(bridge: &Bridge) -> Vec<(String, Option<String>)> {
    sqlx::query_as("select contact_id, name from contacts order by learnt_at, contact_id")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

fn asked(bridge: &Bridge) -> usize {
    bridge.simulation.ghl.faults().count(GET_CONTACT)
}

#[tokio::test]
async fn who_never_answered_has_a_name_after_the_next_look_and_is_asked_about_once() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("tawaran").await;
    bridge.settle().await;
    let (contact, name, _) = seed::AISYAH;
    assert_eq!(names(&bridge).await, [(contact.to_owned(), None)]);
    look_later(&bridge).await;
    let named = [(contact.to_owned(), Some(name.to_owned()))];
    assert_eq!(names(&bridge).await, named);
    look_later(&bridge).await;
    assert_eq!(asked(&bridge), 1);
}

#[tokio::test]
async fn a_contact_without_a_name_or_that_is_gone_is_asked_about_once_and_a_failure_again() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("tawaran").await;
    bridge.settle().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(GET_CONTACT, Fault::answer(500, "{}"));
    look_later(&bridge).await;
    assert_eq!(names(&bridge).await[0].1, None);
    let gone = r#"{"statusCode":400,"message":"Contact not found"}"#;
    faults.push(GET_CONTACT, Fault::answer(400, gone));
    look_later(&bridge).await;
    look_later(&bridge).await;
    assert_eq!(asked(&bridge), 2);
    assert_eq!(names(&bridge).await[0].1, None);
}

#[tokio::test]
async fn a_campaign_is_named_bit_by_bit_the_latest_first_and_leaves_calls_for_replies() {
    let bridge = Bridge::new().await;
    for n in 0..40 {
        let contact = add(
            &bridge,
            &format!("Pelanggan {n}"),
            &format!("+601260000{n:02}"),
        );
        delivers(
            &bridge,
            &format!("k{n}"),
            &contact,
            &format!("+601260000{n:02}"),
        )
        .await;
        bridge.after(time::Duration::seconds(5)).await;
    }
    assert_eq!(names(&bridge).await.len(), 40);
    look_later(&bridge).await;
    let named = names(&bridge).await;
    let count = named.iter().filter(|(_, name)| name.is_some()).count();
    assert_eq!(count, 30);
    assert_eq!(named[39].1.as_deref(), Some("Pelanggan 39"));
    look_later(&bridge).await;
    assert!(names(&bridge).await.iter().all(|(_, name)| name.is_some()));
    assert_eq!(asked(&bridge), 40);
}

#[tokio::test]
async fn whose_phone_is_wrong_has_a_name_too_and_is_reached_once_it_is_right() {
    let bridge = Bridge::new().await;
    let (contact, name, _) = seed::NOMBOR_SALAH;
    let failed = bridge.agent_sends(contact, "hai", &[]).await;
    bridge.settle().await;
    assert_eq!(bridge.state(&failed).await, "failed");
    look_later(&bridge).await;
    let named = (contact.to_owned(), Some(name.to_owned()));
    assert_eq!(names(&bridge).await, std::slice::from_ref(&named));
    delivers(&bridge, "mended", contact, seed::AISYAH.2).await;
    assert_eq!(bridge.state("mended").await, "sent");
    look_later(&bridge).await;
    assert_eq!(names(&bridge).await, [named.clone(), named]);
}
