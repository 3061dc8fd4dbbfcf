//! GHL does not say whether a contact has a phone, or says it in the way in which people write numbers: neither makes another
//! contact the customer's.

use serde_json::{Value, json};
use simulators::{Fault, seed};

use crate::harness::Bridge;
use crate::lids::{arrive, text};
use crate::people::{add, contacts, last_id, shown, writes};

const GET_CONTACT: &str = "GET /contacts/{id}";
const JID: &str = "60123456789@s.whatsapp.net";

fn refusals() -> [Fault; 7] {
    [
        Fault::answer(403, r#"{"statusCode":403,"message":"Forbidden resource"}"#),
        Fault::answer(
            404,
            r#"{"statusCode":404,"message":"Cannot GET /contacts/x"}"#,
        ),
        Fault::answer(404, r#"{"statusCode":404,"message":"Not Found"}"#),
        Fault::answer(400, r#"{"statusCode":400,"message":"Command timed out"}"#),
        Fault::answer(422, r#"{"statusCode":422,"message":["contactId is odd"]}"#),
        Fault::answer(200, r#"{"contact":{}}"#),
        Fault::answer(
            401,
            r#"{"message":"The token is not authorized for this scope."}"#,
        ),
    ]
}

/// The business wrote from a second contact with Aisyah's phone, which GHL's search does not name.
async fn writes_from_twin(bridge: &Bridge) -> String {
    let twin = add(bridge, "Aisyah (pejabat)", seed::AISYAH.2);
    bridge.customer_writes("kepada yang pertama").await;
    bridge.settle().await;
    bridge.agent_sends(&twin, "tawaran", &[]).await;
    bridge.settle().await;
    twin
}

#[tokio::test]
async fn a_refusal_to_show_a_contact_keeps_the_contact_of_the_delivery() {
    for refusal in refusals() {
        let bridge = Bridge::new().await;
        let twin = writes_from_twin(&bridge).await;
        let before = contacts(&bridge);
        bridge
            .simulation
            .ghl
            .faults()
            .push(GET_CONTACT, refusal.clone());
        writes(&bridge, "R1", JID, "jawapan").await;
        assert_eq!(shown(&bridge, &twin), ["jawapan"], "{refusal:?}");
        // It is asked again, and then nothing more is asked.
        writes(&bridge, "R2", JID, "lagi").await;
        writes(&bridge, "R3", JID, "dan lagi").await;
        assert_eq!(shown(&bridge, &twin).len(), 3);
        assert_eq!(bridge.simulation.ghl.faults().count(GET_CONTACT), 2);
        assert_eq!(contacts(&bridge), before);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn it_keeps_the_contact_of_the_message_that_is_quoted() {
    for refusal in refusals() {
        let bridge = Bridge::new().await;
        let twin = writes_from_twin(&bridge).await;
        let quoted = last_id(&bridge).await;
        bridge.agent_writes("peringatan").await;
        bridge.settle().await;
        bridge
            .simulation
            .ghl
            .faults()
            .always(GET_CONTACT, refusal.clone());
        let mut answer = text(&bridge, "Q1", json!({"remoteJid": JID}), "");
        answer["message"] = json!({"extendedTextMessage": {"text": "setuju",
            "contextInfo": {"stanzaId": quoted, "quotedMessage": {"conversation": "tawaran"}}}});
        arrive(&bridge, &[answer]).await;
        assert_eq!(shown(&bridge, &twin).len(), 1, "{refusal:?}");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn a_refused_post_leaves_the_contact_of_the_delivery() {
    let bridge = Bridge::new().await;
    let twin = writes_from_twin(&bridge).await;
    let forbidden = Fault::answer(403, r#"{"statusCode":403,"message":"Forbidden resource"}"#);
    let faults = bridge.simulation.ghl.faults();
    faults.push("POST /conversations/messages/inbound", forbidden);
    writes(&bridge, "R1", JID, "jawapan").await;
    bridge.after(time::Duration::minutes(2)).await;
    assert_eq!(shown(&bridge, &twin), ["jawapan"]);
}

#[tokio::test]
async fn words_that_a_contact_is_gone_are_a_no() {
    for (status, words) in [
        (400, "Contact not found"),
        (404, "Contact with id x not found"),
        (400, "The contact has been deleted"),
    ] {
        let bridge = Bridge::new().await;
        let twin = writes_from_twin(&bridge).await;
        let gone = Fault::answer(status, &json!({"message": words}).to_string());
        bridge.simulation.ghl.faults().push(GET_CONTACT, gone);
        writes(&bridge, "R1", JID, "jawapan").await;
        assert!(shown(&bridge, &twin).is_empty(), "{words}");
        assert_eq!(bridge.conversation().len(), 2);
        bridge.database.pool.close().await;
    }
}

/// GHL shows this contact with these fields, and the business writes from it; is the answer shown there?
async fn is_kept(fields: Value) -> bool {
    let bridge = Bridge::new().await;
    let twin = writes_from_twin(&bridge).await;
    let mut contact = fields;
    contact["id"] = twin.as_str().into();
    let shows = Fault::answer(200, &json!({ "contact": contact }).to_string());
    bridge.simulation.ghl.faults().always(GET_CONTACT, shows);
    writes(&bridge, "R1", JID, "jawapan").await;
    let is_kept = shown(&bridge, &twin).len() == 1;
    bridge.database.pool.close().await;
    is_kept
}

#[tokio::test]
async fn phones_are_read_as_people_write_them() {
    for written in [
        "012-345 6789",
        "0060123456789",
        "+60 (0)12-345 6789",
        "60123456789",
        "٠١٢٣٤٥٦٧٨٩",
        "+60 12-345 6789 ext 5",
        "012-345 6789 x5",
        "tel:+60123456789",
    ] {
        assert!(is_kept(json!({"phone": written})).await, "{written}");
    }
    let (other, written) = ("+60199999999", "012-345 6789");
    for further in [
        json!([{"phone": written}]),
        json!([{"phoneNumber": written}]),
        json!([written]),
        json!({"phone": written}),
        json!(written),
    ] {
        let fields = json!({"phone": other, "additionalPhones": further});
        assert!(is_kept(fields.clone()).await, "{fields}");
    }
    let others = [
        json!({"phone": "019-999 9999"}),
        json!({"phone": "+60199999999 ext 5", "additionalPhones": ["0060188888888"]}),
    ];
    for fields in others {
        assert!(!is_kept(fields.clone()).await, "{fields}");
    }
}
