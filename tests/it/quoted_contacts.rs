//! Two contacts of GHL have one phone: what names a message of one of them goes to that contact, whoever was written to since.

use serde_json::{Value, json};
use simulators::seed;
use time::Duration;

use crate::harness::Bridge;
use crate::lids::{arrive, text};
use crate::people::{add, delivers, last_id, shown, writes};

const PHONE: &str = "60123456789@s.whatsapp.net";

/// A message of a chat with Aisyah, with content of our choice.
fn message(bridge: &Bridge, id: &str, from_me: bool, content: Value) -> Value {
    let mut message = text(bridge, id, json!({"remoteJid": PHONE}), "");
    message["key"]["fromMe"] = from_me.into();
    if from_me {
        message["status"] = 2.into();
    }
    message["message"] = content;
    message
}

fn quoting(about: &str, words: &str) -> Value {
    json!({"extendedTextMessage": {
        "text": words, "contextInfo": {"stanzaId": about, "quotedMessage": {"conversation": "tawaran"}},
    }})
}

/// The business wrote from a second contact with Aisyah's phone, then from Aisyah's. Returns the second contact, and
/// WhatsApp's id of the message that was written from it.
async fn two_contacts(bridge: &Bridge) -> (String, String) {
    let twin = add(bridge, "Aisyah (pejabat)", seed::AISYAH.2);
    bridge.agent_sends(&twin, "tawaran", &[]).await;
    bridge.settle().await;
    let quoted = last_id(bridge).await;
    bridge.agent_writes("peringatan").await;
    bridge.settle().await;
    (twin, quoted)
}

#[tokio::test]
async fn an_answer_goes_to_the_contact_of_the_message_that_it_quotes() {
    let bridge = Bridge::new().await;
    let (twin, quoted) = two_contacts(&bridge).await;
    let answer = message(&bridge, "Q1", false, quoting(&quoted, "setuju"));
    arrive(&bridge, &[answer]).await;
    writes(&bridge, "P1", PHONE, "satu lagi").await;
    assert_eq!(shown(&bridge, &twin), ["> tawaran\nsetuju"]);
    assert_eq!(bridge.conversation(), ["satu lagi"]);
    assert_eq!(bridge.posted()[0]["contactId"], twin);
}

#[tokio::test]
async fn so_does_everything_else_that_names_it() {
    let bridge = Bridge::new().await;
    let (twin, quoted) = two_contacts(&bridge).await;
    let key = json!({"remoteJid": PHONE, "fromMe": true, "id": quoted});
    let reaction = json!({"reactionMessage": {"text": "👍", "key": key}});
    let own = json!({"key": {"remoteJid": PHONE, "fromMe": false, "id": "Q1"}, "type": 14,
        "editedMessage": {"conversation": "setuju semua"}});
    for item in [
        message(&bridge, "Q1", false, quoting(&quoted, "setuju")),
        message(&bridge, "R1", false, reaction),
        message(&bridge, "E1", false, json!({"protocolMessage": own})),
        message(&bridge, "O1", true, quoting(&quoted, "dari telefon")),
        message(&bridge, "O2", true, quoting("Q1", "kepada jawapan")),
        message(
            &bridge,
            "D1",
            true,
            json!({"protocolMessage": {"key": key, "type": 0}}),
        ),
    ] {
        arrive(&bridge, &[item]).await;
    }
    assert!(
        bridge.conversation().is_empty(),
        "{:?}",
        bridge.conversation()
    );
    assert_eq!(shown(&bridge, &twin).len(), 6);
}

#[tokio::test]
async fn a_lost_answer_is_looked_for_in_the_contact_of_the_post() {
    let bridge = Bridge::new().await;
    let (twin, quoted) = two_contacts(&bridge).await;
    let faults = bridge.simulation.ghl.faults();
    let lost = simulators::Fault::after_effect(502, "");
    faults.push("POST /conversations/messages/inbound", lost);
    let answer = message(&bridge, "Q1", false, quoting(&quoted, "setuju"));
    arrive(&bridge, &[answer]).await;
    bridge.after(Duration::minutes(3)).await;
    assert_eq!(bridge.posted().len(), 1);
    assert_eq!(shown(&bridge, &twin).len(), 1);
}

#[tokio::test]
async fn a_contact_that_does_not_have_the_phone_any_more_gets_nothing() {
    for is_gone in [false, true] {
        let bridge = Bridge::new().await;
        let (twin, quoted) = two_contacts(&bridge).await;
        let ghl = &bridge.simulation.ghl;
        if is_gone {
            let gone = simulators::Fault::answer(400, r#"{"message":"Contact not found"}"#);
            ghl.faults().push("GET /contacts/{id}", gone);
        } else {
            ghl.set_phone(&twin, "+60177777777");
        }
        let answer = message(&bridge, "Q1", false, quoting(&quoted, "setuju"));
        arrive(&bridge, &[answer]).await;
        assert!(shown(&bridge, &twin).is_empty());
        assert_eq!(bridge.conversation().len(), 1);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn a_member_of_staff_who_quotes_a_notice_is_not_its_customer() {
    let bridge = Bridge::new().await;
    delivers(&bridge, "notice", seed::AISYAH.0, "+60198765432").await;
    let quoted = last_id(&bridge).await;
    let mut answer = message(&bridge, "S1", false, quoting(&quoted, "saya staf"));
    answer["key"]["remoteJid"] = json!("60198765432@s.whatsapp.net");
    arrive(&bridge, &[answer]).await;
    assert!(bridge.conversation().is_empty());
    assert_eq!(bridge.posted().len(), 1);
}

#[tokio::test]
async fn a_further_phone_of_a_contact_is_the_contacts() {
    let bridge = Bridge::new().await;
    let before = bridge.simulation.ghl.contacts(seed::LOCATION_ID).len();
    let answer = json!({"contact": {"id": seed::AISYAH.0, "phone": seed::AISYAH.2,
        "additionalPhones": [{"phone": "+60198765432", "phoneLabel": null}]}});
    let answer = simulators::Fault::answer(200, &answer.to_string());
    bridge
        .simulation
        .ghl
        .faults()
        .always("GET /contacts/{id}", answer);
    delivers(&bridge, "second", seed::AISYAH.0, "+60198765432").await;
    writes(
        &bridge,
        "S1",
        "60198765432@s.whatsapp.net",
        "dari telefon kedua",
    )
    .await;
    assert_eq!(bridge.conversation(), ["dari telefon kedua"]);
    let after = bridge.simulation.ghl.contacts(seed::LOCATION_ID).len();
    assert_eq!(after, before);
}
