//! What receipts prove about LIDs: whatever their form, and of a LID that is known already.

use serde_json::{Value, json};
use simulators::seed;
use time::Duration;

use crate::harness::Bridge;
use crate::lids::{LID, arrive, text};
use crate::people::{acknowledges, add, answer, last_id, sent, shown, writes};

const OTHER: &str = "+60177777777";

/// The business writes to another contact. Returns the contact, and WhatsApp's id.
async fn sent_to_other(bridge: &Bridge) -> (String, String) {
    let other = add(bridge, "Pelanggan lain", OTHER);
    bridge.agent_sends(&other, "hai", &[]).await;
    bridge.settle().await;
    (other, last_id(bridge).await)
}

async fn reports(bridge: &Bridge, id: &str, status: Value) {
    let key = json!({"remoteJid": LID, "fromMe": true, "id": id});
    let data = json!([{"key": key, "update": {"status": status}}]);
    let waapify = &bridge.simulation.waapify;
    waapify.post_event("messages.update", data).await;
    bridge.settle().await;
}

#[tokio::test]
async fn a_later_receipt_for_another_phone_moves_the_lid() {
    let bridge = Bridge::new().await;
    let first = sent(&bridge).await;
    acknowledges(&bridge, LID, &first).await;
    writes(&bridge, "H1", LID, "saya Aisyah").await;
    bridge.after(Duration::minutes(1)).await;
    let (other, id) = sent_to_other(&bridge).await;
    acknowledges(&bridge, LID, &id).await;
    writes(&bridge, "H2", LID, "nombor baharu").await;
    assert_eq!(bridge.conversation(), ["saya Aisyah"]);
    assert_eq!(shown(&bridge, &other), ["nombor baharu"]);
}

#[tokio::test]
async fn a_late_receipt_or_quote_of_what_was_sent_before_moves_it_nowhere() {
    let bridge = Bridge::new().await;
    let first = sent(&bridge).await;
    bridge.after(Duration::minutes(1)).await;
    let (other, id) = sent_to_other(&bridge).await;
    acknowledges(&bridge, LID, &id).await;
    bridge.after(Duration::minutes(1)).await;
    // The customer reads, with the new number, what went to the old one.
    reports(&bridge, &first, json!(4)).await;
    let quote = answer(&bridge, "Q1", &first, "tentang yang lama");
    arrive(&bridge, &[quote]).await;
    writes(&bridge, "H2", LID, "masih nombor baharu").await;
    assert_eq!(shown(&bridge, &other).len(), 2);
    assert!(bridge.conversation().is_empty());
}

#[tokio::test]
async fn a_receipt_in_words_proves_as_much() {
    for word in [
        "READ",
        "DELIVERED",
        "delivery_ack",
        "Delivered",
        "PLAYED",
        "SERVER_ACK",
    ] {
        let bridge = Bridge::new().await;
        let id = sent(&bridge).await;
        writes(&bridge, "H1", LID, "siapa saya").await;
        reports(&bridge, &id, json!(word)).await;
        assert_eq!(bridge.conversation(), ["siapa saya"], "{word}");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn an_echo_of_ours_under_a_lid_says_whose_it_is() {
    let bridge = Bridge::new().await;
    let id = sent(&bridge).await;
    writes(&bridge, "H1", LID, "siapa saya").await;
    let mut echo = text(
        &bridge,
        &id,
        json!({"remoteJid": LID}),
        "sebut harga anda sudah siap",
    );
    echo["key"]["fromMe"] = true.into();
    echo["status"] = "PENDING".into();
    arrive(&bridge, &[echo]).await;
    assert_eq!(bridge.conversation(), ["siapa saya"]);
    assert_eq!(shown(&bridge, seed::AISYAH.0).len(), 1);
}

#[tokio::test]
async fn a_body_with_receipts_of_several_people_teaches_all() {
    let bridge = Bridge::new().await;
    let first = sent(&bridge).await;
    let (other, second) = sent_to_other(&bridge).await;
    let others_lid = "998877665544332@lid";
    writes(&bridge, "H1", LID, "saya Aisyah").await;
    writes(&bridge, "H2", others_lid, "saya lain").await;
    let row = |jid: &str, id: &str, status| json!({"key": {"remoteJid": jid, "fromMe": true, "id": id}, "update": {"status": status}});
    let with_device = LID.replace('@', ":7@");
    let data = json!([
        row(&with_device, &first, json!(2)),
        row(others_lid, &second, json!("READ")),
        row(LID, &first, json!(3)),
    ]);
    let waapify = &bridge.simulation.waapify;
    waapify.post_event("messages.update", data).await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["saya Aisyah"]);
    assert_eq!(shown(&bridge, &other), ["saya lain"]);
}

#[tokio::test]
async fn a_later_quote_of_what_another_phone_got_moves_the_lid() {
    let bridge = Bridge::new().await;
    let first = sent(&bridge).await;
    acknowledges(&bridge, LID, &first).await;
    writes(&bridge, "H1", LID, "saya Aisyah").await;
    bridge.after(Duration::minutes(1)).await;
    let (other, id) = sent_to_other(&bridge).await;
    bridge.after(Duration::minutes(1)).await;
    let quote = answer(&bridge, "Q1", &id, "nombor baharu");
    arrive(&bridge, &[quote]).await;
    writes(&bridge, "H2", LID, "masih").await;
    assert_eq!(bridge.conversation(), ["saya Aisyah"]);
    assert_eq!(shown(&bridge, &other).len(), 2);
}

#[tokio::test]
async fn what_the_owner_typed_to_a_phone_proves_whose_lid_it_is() {
    for is_quote in [true, false] {
        let bridge = Bridge::new().await;
        let waapify = &bridge.simulation.waapify;
        let id = waapify.owner_writes(seed::AISYAH.2, "dari telefon").await;
        bridge.settle().await;
        writes(&bridge, "H1", LID, "siapa saya").await;
        assert_eq!(bridge.conversation(), ["dari telefon"]);
        if is_quote {
            let quote = answer(&bridge, "Q1", &id, "jawapan");
            arrive(&bridge, &[quote]).await;
        } else {
            acknowledges(&bridge, LID, &id).await;
        }
        let expected = if is_quote { 3 } else { 2 };
        assert_eq!(bridge.conversation().len(), expected, "{is_quote}");
        bridge.database.pool.close().await;
    }
}

/// WhatsApp's id of a text to Aisyah is acknowledged with this key.
async fn acknowledged_with(bridge: &Bridge, id: &str, mut key: Value) {
    key["fromMe"] = true.into();
    key["id"] = id.into();
    let data = json!([{"key": key, "update": {"status": 3}}]);
    let waapify = &bridge.simulation.waapify;
    waapify.post_event("messages.update", data).await;
    bridge.settle().await;
}

fn jid_of(phone: &str) -> String {
    format!("{}@s.whatsapp.net", phone.trim_start_matches('+'))
}

#[tokio::test]
async fn a_receipt_that_names_the_lid_beside_the_phone_says_whose_it_is() {
    let phone = jid_of(seed::AISYAH.2);
    let own = jid_of(seed::NUMBER);
    for key in [
        json!({"remoteJid": phone, "participant": LID}),
        json!({"remoteJid": phone, "senderLid": LID}),
        json!({"remoteJid": phone, "remoteJidAlt": LID}),
        json!({"remoteJid": LID, "remoteJidAlt": phone}),
        // Baileys 7 may show the business's own number beside a hidden chat.
        json!({"remoteJid": LID, "remoteJidAlt": own}),
    ] {
        let bridge = Bridge::new().await;
        let id = sent(&bridge).await;
        acknowledged_with(&bridge, &id, key.clone()).await;
        writes(&bridge, "H1", LID, "siapa saya").await;
        assert_eq!(bridge.conversation(), ["siapa saya"], "{key}");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn a_lid_beside_the_phone_that_may_be_ours_or_another_persons_says_nothing() {
    // The same LID beside two recipients is our own.
    let bridge = Bridge::new().await;
    let first = sent(&bridge).await;
    let (_, second) = sent_to_other(&bridge).await;
    let beside = |id: &str, phone: &str| json!({"key": {"remoteJid": jid_of(phone), "senderLid": LID, "fromMe": true, "id": id}, "update": {"status": 3}});
    let data = json!([beside(&first, seed::AISYAH.2), beside(&second, OTHER)]);
    let waapify = &bridge.simulation.waapify;
    waapify.post_event("messages.update", data).await;
    writes(&bridge, "H1", LID, "siapa saya").await;
    assert!(bridge.posted().is_empty());

    // A LID that is known to be somebody's, or a person who is known by another.
    let bridge = Bridge::new().await;
    let first = sent(&bridge).await;
    let (other, second) = sent_to_other(&bridge).await;
    acknowledges(&bridge, LID, &second).await;
    acknowledged_with(
        &bridge,
        &first,
        json!({"remoteJid": jid_of(seed::AISYAH.2), "participant": LID}),
    )
    .await;
    writes(&bridge, "H1", LID, "saya yang lain").await;
    assert_eq!(shown(&bridge, &other), ["saya yang lain"]);
    let third = sent(&bridge).await;
    acknowledges(&bridge, "990000000001@lid", &third).await;
    acknowledged_with(
        &bridge,
        &third,
        json!({"remoteJid": jid_of(seed::AISYAH.2), "participant": "990000000002@lid"}),
    )
    .await;
    writes(&bridge, "H2", "990000000002@lid", "siapa saya").await;
    assert!(bridge.conversation().is_empty());
}

#[tokio::test]
async fn the_lid_of_the_business_itself_is_not_a_customers() {
    let bridge = Bridge::new().await;
    let account = json!({"id": jid_of(seed::NUMBER), "lid": LID, "name": "Kedai"});
    bridge.simulation.waapify.post_event("ready", account).await;
    bridge.settle().await;
    let id = sent(&bridge).await;
    acknowledged_with(
        &bridge,
        &id,
        json!({"remoteJid": jid_of(seed::AISYAH.2), "senderLid": LID}),
    )
    .await;
    let phone: String = sqlx::query_scalar("select phone from lids")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(phone, seed::NUMBER);
}

#[tokio::test]
async fn a_contact_that_gets_its_phone_in_ghl_goes_on_without_a_line() {
    for is_replied_first in [false, true] {
        let bridge = Bridge::new().await;
        writes(&bridge, "H1", LID, "siapa saya").await;
        bridge.after(Duration::minutes(16)).await;
        let all = bridge.simulation.ghl.contacts(seed::LOCATION_ID);
        let contact = all
            .into_iter()
            .find(|contact| contact.phone.is_none())
            .unwrap()
            .id;
        // Somebody enters the phone that the customer told.
        bridge.simulation.ghl.set_phone(&contact, OTHER);
        if is_replied_first {
            bridge.agent_sends(&contact, "ya?", &[]).await;
            bridge.settle().await;
        }
        let pair = json!([{"id": jid_of(OTHER), "lid": LID}]);
        bridge
            .simulation
            .waapify
            .post_event("contacts.upsert", pair)
            .await;
        bridge.settle().await;
        writes(&bridge, "H2", LID, "ini nombor saya").await;
        writes(&bridge, "H3", LID, "lagi").await;
        assert_eq!(
            shown(&bridge, &contact),
            ["siapa saya", "ini nombor saya", "lagi"],
            "{is_replied_first}"
        );
        // What the business writes there leaves.
        let id = bridge.agent_sends(&contact, "baik", &[]).await;
        bridge.after(Duration::seconds(3)).await;
        assert_eq!(bridge.state(&id).await, "sent");
        bridge.database.pool.close().await;
    }
}
