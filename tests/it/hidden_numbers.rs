//! Answers to people who hide their number, where a setting says that the gateway delivers them.

use serde_json::json;
use simulators::{Fault, seed};
use time::Duration;

use crate::harness::Bridge;
use crate::lids::{LID, arrive};
use crate::people::{shown, shown_without_phone, writes};

/// GHL delivers an answer to a contact without a phone.
async fn answers(bridge: &Bridge, contact: &str, id: &str, files: &[&str]) {
    let body = json!({
        "contactId": contact, "locationId": seed::LOCATION_ID, "messageId": id, "type": "SMS",
        "message": format!("jawapan {id}"), "attachments": files,
    });
    bridge.simulation.ghl.agent_sends_raw(&body).await;
    bridge.after(Duration::seconds(10)).await;
}

/// A bridge that sends to hidden numbers, with a contact without a phone.
async fn sending_to_hidden() -> (Bridge, String) {
    let switch = ("SEND_TO_HIDDEN_NUMBERS".to_owned(), "true".to_owned());
    let bridge = Bridge::with(|environment| environment.push(switch)).await;
    bridge.install().await;
    bridge.connect().await;
    let contact = shown_without_phone(&bridge).await;
    (bridge, contact)
}

#[tokio::test]
async fn where_a_setting_says_so_an_answer_leaves_to_the_lid_and_gets_its_ticks() {
    let (bridge, contact) = sending_to_hidden().await;
    let gateway = &bridge.simulation.waapify;
    let file = "https://files.example/a.pdf";
    for (id, files, kind) in [("T1", &[][..], "text"), ("T2", &[file], "media")] {
        answers(&bridge, &contact, id, files).await;
        // The file's server does not exist, so its address goes alone after some tries.
        for _ in 0..8 {
            bridge.after(Duration::minutes(10)).await;
        }
        assert_eq!(bridge.state(id).await, "sent", "{id}");
        let sent = gateway.faults().seen_at("sendgroupmsg.php");
        assert_eq!(sent.last().unwrap().query["group_id"], LID);
        assert_eq!(sent.last().unwrap().query["type"], kind);
        gateway.customer_reads(LID).await;
        bridge.settle().await;
        assert_eq!(bridge.state(id).await, "read", "{id}");
    }
    assert!(bridge.sends().is_empty());
    // The second has a text and a file.
    assert_eq!(gateway.chat(LID).len(), 3);
    let learnt: i64 = sqlx::query_scalar("select count(phone) from lids")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(
        learnt, 0,
        "an ack under a LID of what was sent to it proves no phone"
    );
}

#[tokio::test]
async fn an_unknown_outcome_of_a_send_to_a_lid_is_settled_by_its_echo() {
    let (bridge, contact) = sending_to_hidden().await;
    let gateway = &bridge.simulation.waapify;
    gateway
        .faults()
        .push("sendgroupmsg.php", Fault::answer(200, "\n\nnull"));
    answers(&bridge, &contact, "T1", &[]).await;
    assert_eq!(bridge.state("T1").await, "unconfirmed");
    let echo = json!({"key": {"remoteJid": LID, "fromMe": true, "id": "3EB0AA"},
        "status": "PENDING", "message": {"conversation": "jawapan T1"}});
    arrive(&bridge, &[echo]).await;
    assert_eq!(bridge.state("T1").await, "sent");
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(gateway.faults().count("sendgroupmsg.php"), 1);
    writes(&bridge, "H2", LID, "terima kasih").await;
    assert_eq!(shown(&bridge, &contact), ["siapa saya", "terima kasih"]);
}

#[tokio::test]
async fn a_gateway_without_a_page_for_groups_stops_no_other_message() {
    let (bridge, contact) = sending_to_hidden().await;
    let missing = Fault::answer(404, "<html><h1>404 Not Found</h1></html>");
    let faults = bridge.simulation.waapify.faults();
    faults.push("sendgroupmsg.php", missing);
    answers(&bridge, &contact, "T1", &[]).await;
    assert_eq!(bridge.state("T1").await, "failed");
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
}
