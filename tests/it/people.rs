//! Who is who: phones and contacts that change, phones with two numbers, LIDs that are proven.

use serde_json::{Value, json};
use simulators::seed;
use time::Duration;

use crate::harness::Bridge;
use crate::lids::{LID, arrive, text};

const GET_CONTACT: &str = "GET /contacts/{id}";
const UPSERT: &str = "POST /contacts/upsert";
pub const CREATE: &str = "POST /contacts/";
const STAFF: &str = "+60198765432";
/// A contact of Brazil as GHL has it, and the address under which WhatsApp knows the phone.
const BRAZIL: (&str, &str) = ("+5511987654321", "551187654321@s.whatsapp.net");

/// What GHL shows of WhatsApp's messages in a contact's conversation.
pub fn shown(bridge: &Bridge, contact: &str) -> Vec<String> {
    let messages = bridge.simulation.ghl.messages_with(contact);
    let told = messages.into_iter().filter(|m| m.alt_id.is_some());
    told.map(|m| m.text).collect()
}

pub fn add(bridge: &Bridge, name: &str, phone: &str) -> String {
    let ghl = &bridge.simulation.ghl;
    ghl.add_contact(seed::LOCATION_ID, name, phone)
}

pub fn contacts(bridge: &Bridge) -> usize {
    bridge.simulation.ghl.contacts(seed::LOCATION_ID).len()
}

pub async fn writes(bridge: &Bridge, id: &str, jid: &str, words: &str) {
    let message = text(bridge, id, json!({"remoteJid": jid}), words);
    arrive(bridge, &[message]).await;
}

/// GHL delivers a message with a contact and a phone of our choice.
pub async fn delivers(bridge: &Bridge, id: &str, contact: &str, phone: &str) {
    let body = json!({
        "contactId": contact, "locationId": seed::LOCATION_ID, "messageId": id, "type": "SMS", "phone": phone,
        "message": format!("teks {id}"), "attachments": [],
    });
    let status = bridge.simulation.ghl.agent_sends_raw(&body).await;
    assert_eq!(status, Some(200));
    bridge.settle().await;
}

pub async fn acknowledges(bridge: &Bridge, jid: &str, id: &str) {
    let data =
        json!([{"key": {"remoteJid": jid, "fromMe": true, "id": id}, "update": {"status": 3}}]);
    let waapify = &bridge.simulation.waapify;
    waapify.post_event("messages.update", data).await;
    bridge.settle().await;
}

/// WhatsApp's id of the last message that was sent.
pub async fn last_id(bridge: &Bridge) -> String {
    sqlx::query_scalar(
        "select wa_message_id from receipts where message_id is not null order by message_id desc limit 1",
    )
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_old_phone_of_a_contact_is_not_shown_under_it_after_an_edit() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("dari nombor lama").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["dari nombor lama"]);
    bridge
        .simulation
        .ghl
        .set_phone(seed::AISYAH.0, "+60177777777");
    bridge.agent_writes("ke nombor baharu").await;
    bridge.settle().await;
    bridge.customer_writes("siapa ini?").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["dari nombor lama"]);
    writes(&bridge, "N1", "60177777777@s.whatsapp.net", "saya").await;
    assert_eq!(bridge.conversation(), ["dari nombor lama", "saya"]);
}

#[tokio::test]
async fn an_edited_phone_is_noticed_after_some_days_without_a_delivery() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("satu").await;
    bridge.settle().await;
    bridge
        .simulation
        .ghl
        .set_phone(seed::AISYAH.0, "+60177777777");
    bridge.after(Duration::days(4)).await;
    bridge.customer_writes("dua").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["satu"]);
}

#[tokio::test]
async fn a_notice_to_staff_does_not_make_their_phone_the_customers() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    delivers(&bridge, "notice", seed::AISYAH.0, STAFF).await;
    writes(&bridge, "S1", "60198765432@s.whatsapp.net", "saya staf").await;
    assert!(bridge.conversation().is_empty());
    bridge.customer_writes("saya pelanggan").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["saya pelanggan"]);
}

#[tokio::test]
async fn a_reply_goes_to_the_contact_that_the_business_wrote_from() {
    let bridge = Bridge::new().await;
    let (_, _, phone) = seed::AISYAH;
    let twin = add(&bridge, "Aisyah (pejabat)", phone);
    bridge.customer_writes("kepada yang pertama").await;
    bridge.settle().await;
    bridge.agent_sends(&twin, "dari pejabat", &[]).await;
    bridge.settle().await;
    bridge.customer_writes("jawapan").await;
    bridge.settle().await;
    assert_eq!(shown(&bridge, &twin), ["jawapan"]);
    assert_eq!(bridge.conversation(), ["kepada yang pertama"]);
}

#[tokio::test]
async fn what_is_sure_is_asked_once() {
    let bridge = Bridge::new().await;
    for words in ["satu", "dua", "tiga"] {
        bridge.agent_writes(words).await;
        bridge.customer_writes(words).await;
        bridge.settle().await;
    }
    assert_eq!(bridge.conversation().len(), 3);
    let faults = bridge.simulation.ghl.faults();
    assert!(
        faults.count(GET_CONTACT) <= 1,
        "{}",
        faults.count(GET_CONTACT)
    );
}

#[tokio::test]
async fn a_reply_under_the_other_number_of_a_phone_is_its_contacts() {
    for (phone, jid) in [
        BRAZIL,
        ("+525512345678", "5215512345678@s.whatsapp.net"),
        ("+5491123456789", "541123456789@s.whatsapp.net"),
    ] {
        for is_written_first in [false, true] {
            let bridge = Bridge::new().await;
            let contact = add(&bridge, "Pelanggan", phone);
            let before = contacts(&bridge);
            if !is_written_first {
                bridge.agent_sends(&contact, "hai", &[]).await;
                bridge.settle().await;
            }
            writes(&bridge, "R1", jid, "resposta").await;
            assert_eq!(shown(&bridge, &contact), ["resposta"], "{phone}");
            assert_eq!(contacts(&bridge), before);
            // From then on it is sent to the address that answered.
            bridge.agent_sends(&contact, "lagi", &[]).await;
            bridge.settle().await;
            let sent = bridge.sends();
            let number = sent.last().unwrap()["number"].as_str().unwrap().to_owned();
            assert_eq!(format!("{number}@s.whatsapp.net"), jid);
            bridge.database.pool.close().await;
        }
    }
}

#[tokio::test]
async fn an_echo_and_a_receipt_under_the_other_number_are_of_the_same_message() {
    let bridge = Bridge::new().await;
    let (phone, jid) = BRAZIL;
    let contact = add(&bridge, "Pelanggan", phone);
    let faults = bridge.simulation.waapify.faults();
    // An answer without an id; the gateway's echo names the other number.
    let no_id = r#"{"status":"success","message":"Success"}"#;
    faults.push("send.php", simulators::Fault::answer(200, no_id));
    let id = bridge.agent_sends(&contact, "hai", &[]).await;
    let echo = json!({
        "key": {"remoteJid": jid, "fromMe": true, "id": "BAE5000000000001"},
        "messageTimestamp": bridge.clock.now().unix_timestamp(), "message": {"conversation": "hai"},
    });
    bridge.settle().await;
    arrive(&bridge, &[echo]).await;
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(bridge.sends().len(), 1);
    assert_eq!(bridge.state(&id).await, "sent");
    acknowledges(&bridge, jid, "BAE5000000000001").await;
    assert_eq!(bridge.state(&id).await, "delivered");
}

#[tokio::test]
async fn a_new_contact_gets_the_number_that_people_dial() {
    let bridge = Bridge::new().await;
    writes(&bridge, "B1", BRAZIL.1, "oi").await;
    let made = bridge.simulation.ghl.faults().seen_at(CREATE);
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].body["phone"], BRAZIL.0);
}

/// Sends a text to Aisyah. Returns WhatsApp's id.
pub async fn sent(bridge: &Bridge) -> String {
    bridge.agent_writes("sebut harga anda sudah siap").await;
    bridge.settle().await;
    last_id(bridge).await
}

pub fn answer(bridge: &Bridge, id: &str, about: &str, words: &str) -> Value {
    let mut message = text(bridge, id, json!({"remoteJid": LID}), words);
    let quoted = json!({"conversation": "sebut harga anda sudah siap"});
    message["message"] = json!({"extendedTextMessage": {
        "text": words, "contextInfo": {"stanzaId": about, "participant": "99@lid", "quotedMessage": quoted},
    }});
    message
}

#[tokio::test]
async fn a_receipt_under_a_lid_says_whose_it_is_and_releases_what_was_held() {
    let bridge = Bridge::new().await;
    let id = sent(&bridge).await;
    writes(&bridge, "H1", LID, "siapa saya").await;
    assert!(bridge.conversation().is_empty());
    acknowledges(&bridge, LID, &id).await;
    assert_eq!(bridge.conversation(), ["siapa saya"]);
    writes(&bridge, "H2", LID, "lagi").await;
    assert_eq!(bridge.conversation(), ["siapa saya", "lagi"]);
}

#[tokio::test]
async fn an_answer_under_a_lid_says_whose_it_is() {
    let bridge = Bridge::new().await;
    let id = sent(&bridge).await;
    let message = answer(&bridge, "Q1", &id, "ya, teruskan");
    arrive(&bridge, &[message]).await;
    assert_eq!(bridge.conversation().len(), 1);
    let learnt: Vec<(String, String)> = sqlx::query_as("select phone, learnt_by from lids")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap();
    let phone = seed::AISYAH.2.trim_start_matches('+').to_owned();
    assert_eq!(learnt, [(phone, "quote".to_owned())]);
}

#[tokio::test]
async fn a_quote_of_a_strangers_message_proves_nothing() {
    let bridge = Bridge::new().await;
    sent(&bridge).await;
    let message = answer(&bridge, "Q1", "AC00000000000000000000000000FFFF", "ya");
    arrive(&bridge, &[message]).await;
    assert!(bridge.conversation().is_empty());
}

#[tokio::test]
async fn an_own_number_is_connected_in_its_other_form() {
    let bridge = Bridge::new().await;
    let gateway = bridge.simulation.waapify.add_instance(
        "BR1",
        "token-br",
        BRAZIL.1.trim_end_matches("@s.whatsapp.net"),
        "Loja",
    );
    let entered = waapify_ghl::accounts::connect::Entered {
        instance_id: "BR1".to_owned(),
        access_token: "token-br".into(),
        number: BRAZIL.0.to_owned(),
    };
    let location = crate::harness::location();
    let connected = bridge
        .app
        .connector
        .connect(&location, &entered, None)
        .await;
    assert!(connected.is_ok(), "{connected:?}");
    drop(gateway);
}

/// Aisyah writes under her LID, and shows no phone for a quarter of an hour.
pub async fn shown_without_phone(bridge: &Bridge) -> String {
    writes(bridge, "H1", LID, "siapa saya").await;
    bridge.after(Duration::minutes(14)).await;
    assert!(bridge.posted().is_empty());
    bridge.after(Duration::minutes(2)).await;
    let made = bridge.simulation.ghl.faults().seen_at(UPSERT);
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].body["name"], seed::AISYAH.1);
    assert_eq!(made[0].body["tags"], json!(["whatsapp-no-phone"]));
    let all = bridge.simulation.ghl.contacts(seed::LOCATION_ID);
    let nameless = all.into_iter().find(|contact| contact.phone.is_none());
    nameless.unwrap().id
}

#[tokio::test]
async fn a_sender_without_a_phone_is_shown_after_a_quarter_of_an_hour() {
    let bridge = Bridge::new().await;
    let contact = shown_without_phone(&bridge).await;
    writes(&bridge, "H2", LID, "masih saya").await;
    assert_eq!(shown(&bridge, &contact), ["siapa saya", "masih saya"]);
    assert_eq!(bridge.simulation.ghl.faults().count(UPSERT), 1);
}

#[tokio::test]
async fn nothing_can_be_sent_to_a_sender_without_a_phone_and_ghl_is_told_why() {
    let bridge = Bridge::new().await;
    let contact = shown_without_phone(&bridge).await;
    let body = json!({
        "contactId": contact, "locationId": seed::LOCATION_ID, "messageId": "to-hidden", "type": "SMS",
        "message": "hai", "attachments": [],
    });
    bridge.simulation.ghl.agent_sends_raw(&body).await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(
        bridge.outbound("to-hidden").await,
        ("failed".to_owned(), Some("phone_hidden".to_owned()))
    );
    crate::lids::named(&bridge).await;
    writes(&bridge, "H2", LID, "kini dikenali").await;
    let body = json!({
        "contactId": contact, "locationId": seed::LOCATION_ID, "messageId": "to-moved", "type": "SMS",
        "message": "hai", "attachments": [],
    });
    bridge.simulation.ghl.agent_sends_raw(&body).await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(
        bridge.outbound("to-moved").await,
        ("failed".to_owned(), Some("phone_elsewhere".to_owned()))
    );
}

#[tokio::test]
async fn the_conversation_goes_on_in_the_contact_of_the_phone_with_a_line_that_says_so() {
    for is_named_by_message in [false, true] {
        let bridge = Bridge::new().await;
        let contact = shown_without_phone(&bridge).await;
        let key = if is_named_by_message {
            json!({"remoteJid": LID, "senderPn": "60123456789@s.whatsapp.net"})
        } else {
            crate::lids::named(&bridge).await;
            json!({"remoteJid": LID})
        };
        for (id, words) in [("H2", "ini nombor saya"), ("H3", "lagi")] {
            let message = text(&bridge, id, key.clone(), words);
            arrive(&bridge, &[message]).await;
        }
        assert_eq!(shown(&bridge, &contact), ["siapa saya"]);
        let shown = bridge.conversation();
        let [first, second] = shown.as_slice() else {
            panic!("{shown:?}");
        };
        let (line, words) = first.split_once('\n').unwrap();
        assert!(line.contains("whatsapp-no-phone"), "{line}");
        assert_eq!((words, second.as_str()), ("ini nombor saya", "lagi"));
        bridge.database.pool.close().await;
    }
}

const SEARCH: &str = "GET /contacts/search/duplicate";

#[tokio::test]
async fn a_refused_look_up_overwrites_no_name() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(SEARCH, simulators::Fault::answer(400, "{}"));
    let (contact, _, phone) = seed::AISYAH;
    let waapify = &bridge.simulation.waapify;
    waapify.customer_sends(phone, "Nama lain", "hai").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hai"]);
    assert_eq!(faults.count(UPSERT), 0);
    let all = bridge.simulation.ghl.contacts(seed::LOCATION_ID);
    let kept = all.into_iter().find(|c| c.id == contact).unwrap();
    assert_eq!(kept.name, seed::AISYAH.1);
}

#[tokio::test]
async fn an_answer_without_the_contact_is_no_answer() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(SEARCH, simulators::Fault::answer(200, r#"{"traceId":"x"}"#));
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert!(bridge.posted().is_empty());
    bridge.after(Duration::minutes(1)).await;
    assert_eq!(bridge.conversation(), ["hai"]);
    assert_eq!(faults.count(UPSERT), 0);
}
