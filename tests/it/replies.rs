//! From WhatsApp to GHL: the contact, and the message in its conversation, once and in order.

use serde_json::json;
use simulators::{Envelope, Fault, seed};
use time::Duration;
use waapify_ghl::model::reason::{Answer, Reason};

use crate::harness::Bridge;

const INBOUND: &str = "POST /conversations/messages/inbound";
const PHONE: &str = seed::AISYAH.2;

#[tokio::test]
async fn a_reply_lands_in_the_contacts_conversation_with_the_documented_fields_only() {
    let bridge = Bridge::new().await;
    let id = bridge.customer_writes("Berapa harga?").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["Berapa harga?"]);
    let mut body = bridge.posted().remove(0);
    let date = body.as_object_mut().unwrap().remove("date").unwrap();
    assert!(date.as_str().unwrap().contains('T'), "{date}");
    let expected = json!({"type": "SMS", "direction": "inbound", "contactId": seed::AISYAH.0, "message": "Berapa harga?", "altId": id});
    assert_eq!(body, expected, "and no conversationProviderId");
    let call = bridge.simulation.ghl.faults().seen_at(INBOUND).remove(0);
    assert_eq!(call.headers["version"], "2021-04-15");
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted");
}

#[tokio::test]
async fn replies_that_failed_together_are_not_tried_again_together() {
    let bridge = Bridge::new().await;
    let not_yet = r#"{"message":"No conversation provider found"}"#;
    bridge
        .simulation
        .ghl
        .faults()
        .always(INBOUND, Fault::answer(403, not_yet));
    for (_, name, phone) in [seed::AISYAH, seed::LIM_WEI] {
        let customer = bridge.simulation.waapify.customer_sends(phone, name, "hai");
        customer.await;
    }
    bridge.settle().await;
    let again: Vec<time::OffsetDateTime> = sqlx::query_scalar("select due_at from inbound")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(again.len(), 2);
    assert_ne!(again[0], again[1]);
}

#[tokio::test]
async fn a_new_customer_becomes_a_contact_with_the_whatsapp_name() {
    let bridge = Bridge::new().await;
    let (name, phone) = seed::STRANGER;
    bridge
        .simulation
        .waapify
        .customer_sends(phone, name, "Hi")
        .await;
    bridge
        .simulation
        .waapify
        .customer_sends(phone, name, "Ada orang?")
        .await;
    bridge.settle().await;
    let contacts = bridge.simulation.ghl.contacts(seed::LOCATION_ID);
    let made: Vec<_> = contacts
        .iter()
        .filter(|contact| contact.phone.as_deref() == Some(phone))
        .collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].name, name);
    let upsert = bridge
        .simulation
        .ghl
        .faults()
        .seen_at("POST /contacts/")
        .remove(0)
        .body;
    assert_eq!(
        upsert,
        json!({"locationId": seed::LOCATION_ID, "phone": phone, "name": name})
    );
    assert_eq!(bridge.simulation.ghl.messages_with(&made[0].id).len(), 2);
}

#[tokio::test]
async fn a_contact_that_ghl_has_keeps_the_name_the_business_gave_it() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .customer_sends(PHONE, "✨ aisyah ✨", "Hai")
        .await;
    bridge.settle().await;
    let contacts = bridge.simulation.ghl.contacts(seed::LOCATION_ID);
    assert!(
        contacts
            .iter()
            .any(|contact| contact.name == seed::AISYAH.1)
    );
    assert_eq!(bridge.conversation(), ["Hai"]);
}

#[tokio::test]
async fn where_the_look_up_is_refused_the_contact_is_made_all_the_same() {
    let bridge = Bridge::new().await;
    let lookup = "GET /contacts/search/duplicate";
    bridge
        .simulation
        .ghl
        .faults()
        .always(lookup, Fault::answer(404, r#"{"message":"Cannot GET"}"#));
    bridge.customer_writes("Hai").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["Hai"]);
}

#[tokio::test]
async fn the_same_message_posted_again_makes_no_second_bubble() {
    let bridge = Bridge::new().await;
    let id = bridge.customer_writes("sekali").await;
    assert_eq!(
        bridge.simulation.waapify.posts_again(PHONE, &id).await,
        Some(200)
    );
    bridge.settle().await;
    assert_eq!(
        bridge.simulation.waapify.posts_again(PHONE, &id).await,
        Some(200)
    );
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["sekali"]);
}

#[tokio::test]
async fn all_three_envelopes_are_read() {
    let bridge = Bridge::new().await;
    for (envelope, text) in [
        (Envelope::Flat, "a"),
        (Envelope::Nested, "b"),
        (Envelope::NestedArray, "c"),
    ] {
        bridge.simulation.waapify.set_envelope(envelope);
        bridge.customer_writes(text).await;
        bridge.settle().await;
    }
    assert_eq!(bridge.conversation(), ["a", "b", "c"]);
}

#[tokio::test]
async fn replies_keep_their_order_though_ghl_stumbles_over_the_first() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .ghl
        .faults()
        .push(INBOUND, Fault::answer(500, "{}"));
    for text in ["satu", "dua", "tiga"] {
        bridge.customer_writes(text).await;
    }
    bridge.settle().await;
    assert!(bridge.conversation().is_empty());
    assert_eq!(bridge.posted().len(), 1, "the others wait behind it");
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(bridge.conversation(), ["satu", "dua", "tiga"]);
}

#[tokio::test]
async fn an_empty_201_is_no_success() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .ghl
        .faults()
        .push(INBOUND, Fault::answer(201, ""));
    let id = bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "accepted");
    bridge.after(Duration::seconds(5)).await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted");
    assert_eq!(bridge.conversation(), ["hai"]);
}

#[tokio::test]
async fn a_contact_that_was_deleted_in_ghl_is_looked_up_afresh() {
    let bridge = Bridge::new().await;
    sqlx::query(
        "insert into contacts (location_id, phone, contact_id) values ($1, '60123456789', 'gone')",
    )
    .bind(seed::LOCATION_ID)
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    bridge.after(Duration::seconds(5)).await;
    assert_eq!(bridge.conversation(), ["hai"]);
}

#[tokio::test]
async fn what_ghl_refuses_twice_has_failed_with_its_reason() {
    let bridge = Bridge::new().await;
    let refusal =
        r#"{"statusCode":400,"message":"Incorrect conversationProviderId/type","traceId":"t-1"}"#;
    bridge
        .simulation
        .ghl
        .faults()
        .always(INBOUND, Fault::answer(400, refusal));
    let id = bridge.customer_writes("hai").await;
    bridge.settle().await;
    bridge.after(Duration::HOUR).await;
    let why: Reason = sqlx::query_scalar(
        "select reason_of(reason_code, reason_args) from inbound where wa_message_id = $1 and state = 'failed'",
    )
    .bind(&id)
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap();
    let answer = Answer::Ghl {
        status: 400,
        words: "Incorrect conversationProviderId/type".to_owned(),
        trace: "t-1".to_owned(),
    };
    assert_eq!(why, answer.into());
}
