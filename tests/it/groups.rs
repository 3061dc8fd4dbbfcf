//! Groups: shown in no conversation unless the business asks for it; then each group has one contact.

use serde_json::{Value, json};
use simulators::{CustomerFile, seed};
use time::Duration;
use waapify_ghl::db::contacts::groups;
use waapify_ghl::db::numbers;

use crate::commands::{output, program};
use crate::harness::{Bridge, location};
use crate::lids::{arrive, text};
use crate::waapify_events::post;

const GROUP: &str = "120363041234567890@g.us";

async fn forwarding() -> Bridge {
    let bridge = Bridge::new().await;
    numbers::record_groups(&bridge.database.pool, &location(), seed::NUMBER, true)
        .await
        .unwrap();
    bridge
}

fn said(bridge: &Bridge, id: &str, words: &str) -> Value {
    let key = json!({"remoteJid": GROUP, "participant": "60198765432@s.whatsapp.net"});
    text(bridge, id, key, words)
}

/// Name and texts of the contacts without a phone.
fn shown(bridge: &Bridge) -> Vec<(String, Vec<String>)> {
    let contacts = bridge.simulation.ghl.contacts(seed::LOCATION_ID);
    let groups = contacts
        .into_iter()
        .filter(|contact| contact.phone.is_none());
    let texts = |contact: &str| {
        let messages = bridge.simulation.ghl.messages_with(contact);
        messages.into_iter().map(|message| message.text).collect()
    };
    groups
        .map(|contact| (contact.name.clone(), texts(&contact.id)))
        .collect()
}

#[tokio::test]
async fn a_forwarded_group_is_one_contact_and_says_who_speaks() {
    let bridge = forwarding().await;
    post(&bridge, "groups-update.json").await;
    post(&bridge, "group-lid-participantAlt-7.json").await;
    arrive(&bridge, &[said(&bridge, "G1", "esok jumpa")]).await;
    let texts = [
        "[Aisyah Rahman]\nLID dalam grup (7.x)",
        "[Aisyah Rahman]\nesok jumpa",
    ];
    let expected = (
        "Nama Grup Baru".to_owned(),
        texts.map(str::to_owned).to_vec(),
    );
    assert_eq!(shown(&bridge), [expected]);
    assert!(
        bridge.conversation().is_empty(),
        "not in the speaker's own conversation"
    );
    post(&bridge, "fromme-api-echo-group.json").await;
    bridge.settle().await;
    assert_eq!(bridge.posted().len(), 2, "our own side is not repeated");
}

#[tokio::test]
async fn a_group_without_a_known_name_and_its_files_are_shown_too() {
    let bridge = forwarding().await;
    let picture = CustomerFile {
        kind: "image",
        bytes: b"\xff\xd8\xff\xe0 a picture",
        mimetype: "image/jpeg",
        name: None,
        caption: None,
    };
    let mut message = said(&bridge, "G1", "");
    message["message"] = bridge.simulation.waapify.announce(&picture);
    arrive(&bridge, &[message]).await;
    let expected = (
        "WhatsApp group".to_owned(),
        vec!["[Aisyah Rahman]".to_owned()],
    );
    assert_eq!(shown(&bridge), [expected]);
    assert_eq!(
        bridge.posted()[0]["attachments"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test]
async fn whoever_makes_a_groups_contact_does_it_alone() {
    let bridge = forwarding().await;
    let (pool, now, location) = (&bridge.database.pool, bridge.clock.now(), location());
    let until = now + Duration::seconds(100);
    let claim = || groups::claim_making(pool, &location, GROUP, until, now);
    let (one, two) = tokio::join!(claim(), claim());
    let attempt = [one.unwrap(), two.unwrap()];
    assert_eq!(attempt.iter().flatten().count(), 1);
    arrive(&bridge, &[said(&bridge, "G1", "hai")]).await;
    assert!(shown(&bridge).is_empty(), "another process makes it");
    let (state, reason, _) = bridge.inbound("G1").await.unwrap();
    assert_eq!(
        (state.as_str(), reason.as_deref()),
        ("accepted", Some("contact_in_the_making"))
    );
    // The process that creates the contact was killed.
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(shown(&bridge).len(), 1);
    assert_eq!(bridge.inbound("G1").await.unwrap().0, "posted");
}

#[tokio::test]
async fn an_answer_to_a_group_fails_with_a_sentence_that_says_why() {
    let bridge = forwarding().await;
    arrive(&bridge, &[said(&bridge, "G1", "hai")]).await;
    let contacts = bridge.simulation.ghl.contacts(seed::LOCATION_ID);
    let group = contacts
        .iter()
        .find(|contact| contact.phone.is_none())
        .unwrap();
    for (contact, code) in [
        (group.id.as_str(), "whatsapp_group"),
        ("another", "no_phone"),
    ] {
        let delivery = json!({"contactId": contact, "locationId": seed::LOCATION_ID, "messageId": code,
            "type": "SMS", "phone": "", "message": "hai semua"});
        assert_eq!(
            bridge.simulation.ghl.agent_sends_raw(&delivery).await,
            Some(200)
        );
        bridge.settle().await;
        let failed = ("failed".to_owned(), Some(code.to_owned()));
        assert_eq!(bridge.outbound(code).await, failed);
    }
    assert!(bridge.sends().is_empty());
}

#[tokio::test]
async fn connect_turns_groups_on_and_off_and_otherwise_leaves_them() {
    let bridge = Bridge::new().await;
    for (groups, expected) in [
        (None, false),
        (Some("on"), true),
        (None, true),
        (Some("off"), false),
    ] {
        let mut command = program(Some(&bridge));
        command.args([
            "connect",
            "--location",
            seed::LOCATION_ID,
            "--instance-id",
            seed::INSTANCE_ID,
        ]);
        command.args([
            "--access-token",
            seed::ACCESS_TOKEN,
            "--number",
            seed::NUMBER,
        ]);
        if let Some(groups) = groups {
            command.args(["--groups", groups]);
        }
        let (code, _, stderr) = output(command).await;
        assert_eq!(code, Some(0), "{stderr}");
        let location = location();
        let forwards = numbers::forwards_groups(&bridge.database.pool, &location, seed::NUMBER);
        assert_eq!(forwards.await.unwrap(), expected, "{groups:?}");
    }
}
