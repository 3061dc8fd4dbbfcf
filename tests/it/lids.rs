//! Customers with a hidden number: their messages are held until it is known, then shown in order in one
//! conversation.

use serde_json::{Value, json};
use simulators::{Envelope, Fault, seed};
use time::{Duration, OffsetDateTime};
use waapify_ghl::db::contacts::lids;
use waapify_ghl::db::contacts::lids::Pair;
use waapify_ghl::db::inbound;
use waapify_ghl::db::inbound::{NewInbound, State};
use waapify_ghl::model::ids::WaMessageId;
use waapify_ghl::model::reason::{Reason, Step};
use waapify_ghl::model::states::LidSource;

use crate::harness::{Bridge, location, picture};
use crate::messages::messages;
use crate::waapify_events::post;

/// Aisyah's hidden address, as in the corpus.
pub const LID: &str = "112233445566778@lid";
const PHONE: &str = "60123456789@s.whatsapp.net";

/// A customer's text in Baileys' form. `key` holds the fields that name its sender.
pub fn text(bridge: &Bridge, id: &str, mut key: Value, text: &str) -> Value {
    key["fromMe"] = false.into();
    key["id"] = id.into();
    let at = bridge.clock.now().unix_timestamp();
    json!({"key": key, "messageTimestamp": at, "pushName": seed::AISYAH.1, "message": {"conversation": text}})
}

/// Waapify posts messages in one event.
pub async fn arrive(bridge: &Bridge, messages: &[Value]) {
    let data = json!({"messages": messages, "type": "notify"});
    let status = bridge
        .simulation
        .waapify
        .post_event("messages.upsert", data)
        .await;
    assert_eq!(status, Some(200));
    bridge.settle().await;
}

async fn hidden(bridge: &Bridge, id: &str, words: &str) {
    let message = text(bridge, id, json!({"remoteJid": LID}), words);
    arrive(bridge, &[message]).await;
}

/// The address book names Aisyah's number.
pub async fn named(bridge: &Bridge) {
    let contacts = json!([{"id": PHONE, "lid": LID}]);
    bridge
        .simulation
        .waapify
        .post_event("contacts.upsert", contacts)
        .await;
    bridge.settle().await;
}

/// The steps of a message, in order.
pub async fn steps(bridge: &Bridge, id: &str) -> Vec<String> {
    sqlx::query_scalar(
        "select t.state from timeline t join inbound i on i.location_id = t.location_id and i.id = t.message_id
         where i.wa_message_id = $1 order by t.at, t.step",
    )
    .bind(id)
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap()
}

async fn state(bridge: &Bridge, id: &str) -> String {
    bridge.inbound(id).await.unwrap().0
}

#[tokio::test]
async fn a_hidden_sender_is_held_not_guessed_and_holds_up_nobody() {
    let bridge = Bridge::new().await;
    hidden(&bridge, "L1", "siapa saya").await;
    let known = json!({"remoteJid": PHONE});
    let later = text(&bridge, "P1", known, "saya Aisyah");
    arrive(&bridge, &[later]).await;
    assert_eq!(bridge.conversation(), ["saya Aisyah"]);
    bridge.after(Duration::minutes(10)).await;
    let held = Some((
        "held".to_owned(),
        Some("sender_hidden".to_owned()),
        Some("siapa saya".to_owned()),
    ));
    assert_eq!(bridge.inbound("L1").await, held);
    for contact in bridge.simulation.ghl.contacts(seed::LOCATION_ID) {
        let phone = contact.phone.unwrap_or_default();
        assert!(!phone.contains("112233445566778"), "a LID is no phone");
    }
}

#[tokio::test]
async fn a_message_that_shows_both_addresses_releases_what_came_before_it() {
    let bridge = Bridge::new().await;
    hidden(&bridge, "L1", "satu").await;
    bridge.clock.advance(Duration::minutes(1));
    hidden(&bridge, "L2", "dua").await;
    assert!(bridge.posted().is_empty());
    let sent = bridge.clock.now();
    bridge.clock.advance(Duration::minutes(1));
    let both = json!({"remoteJid": LID, "remoteJidAlt": PHONE});
    let both = text(&bridge, "B1", both, "tiga");
    arrive(&bridge, &[both]).await;
    assert_eq!(bridge.conversation(), ["satu", "dua", "tiga"]);
    let date = bridge.posted()[1]["date"].as_str().unwrap().to_owned();
    let at = OffsetDateTime::parse(&date, &time::format_description::well_known::Rfc3339);
    assert_eq!(at.unwrap().unix_timestamp(), sent.unix_timestamp());
    assert_eq!(steps(&bridge, "L1").await, ["held", "accepted", "posted"]);
    hidden(&bridge, "L3", "empat").await;
    assert_eq!(state(&bridge, "L3").await, "posted", "from now on");
}

#[tokio::test]
async fn an_address_book_of_ten_thousand_is_learnt_and_releases_the_one_who_wrote() {
    let bridge = Bridge::new().await;
    hidden(&bridge, "L1", "hai").await;
    let mut book: Vec<_> = (0..10_000)
        .map(|n| json!({"id": format!("6013{n:07}@s.whatsapp.net"), "lid": format!("9988{n:09}@lid")}))
        .collect();
    book.push(json!({"id": PHONE, "lid": LID, "name": "Kak Aisyah"}));
    // The same entry twice in one body.
    book.push(json!({"id": LID, "phoneNumber": PHONE}));
    for _ in 0..2 {
        let book = Value::Array(book.clone());
        let waapify = &bridge.simulation.waapify;
        assert_eq!(waapify.post_event("contacts.upsert", book).await, Some(200));
        bridge.settle().await;
    }
    let known: i64 = sqlx::query_scalar("select count(*) from lids where phone is not null")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(known, 10_001);
    assert_eq!(bridge.conversation(), ["hai"]);
}

#[tokio::test]
async fn a_new_contact_gets_the_name_of_the_address_book_where_the_message_had_none() {
    let bridge = Bridge::new().await;
    let mut message = text(
        &bridge,
        "N1",
        json!({"remoteJid": "99887766554433@lid"}),
        "hai",
    );
    message.as_object_mut().unwrap().remove("pushName");
    arrive(&bridge, &[message]).await;
    let book = json!([{"id": "60137654321@s.whatsapp.net", "lid": "99887766554433@lid", "name": "Kedai Ali"}]);
    let waapify = &bridge.simulation.waapify;
    waapify.post_event("contacts.upsert", book).await;
    bridge.settle().await;
    let contacts = bridge.simulation.ghl.contacts(seed::LOCATION_ID);
    let made = contacts
        .iter()
        .find(|contact| contact.phone.as_deref() == Some("+60137654321"));
    assert_eq!(made.unwrap().name, "Kedai Ali");
}

#[tokio::test]
async fn a_held_messages_file_is_fetched_when_its_sender_is_known() {
    let bridge = Bridge::new().await;
    let picture = picture("Tengok ni");
    let content = bridge.simulation.waapify.announce(&picture);
    let mut message = text(&bridge, "F1", json!({"remoteJid": LID}), "");
    message["message"] = content;
    arrive(&bridge, &[message]).await;
    bridge.after(Duration::minutes(10)).await;
    assert!(
        bridge.simulation.ghl.uploads().is_empty(),
        "nobody to attach it for"
    );
    named(&bridge).await;
    assert_eq!(bridge.simulation.ghl.uploads().len(), 1);
    bridge.assert_posted_with_file("Tengok ni");
}

#[tokio::test]
async fn learning_and_recording_at_once_loses_and_doubles_nothing() {
    let bridge = Bridge::new().await;
    let (pool, now, location) = (&bridge.database.pool, bridge.clock.now(), location());
    for n in 0..60 {
        let lid = format!("7700{n:09}");
        let (conversation, phone) = (format!("{lid}@lid"), format!("6014{n:07}"));
        let id = WaMessageId(format!("R{n}"));
        let message = NewInbound {
            location: &location,
            number: seed::NUMBER,
            wa_message_id: &id,
            from_me: false,
            conversation: &conversation,
            phone: None,
            sender_name: None,
            text: Some("hai"),
            sent_at: now,
            state: State::Hidden,
            is_old: false,
            call: None,
            edit_secret: None,
            answers: None,
            media: None,
        };
        let pairs = [Pair {
            lid: &lid,
            phone: phone.clone(),
            learnt_by: LidSource::Message,
            name: None,
            said_at: now,
        }];
        let learn = || lids::learn(pool, &location, &pairs, now, now);
        let (one, two, three, four) = tokio::join!(
            learn(),
            inbound::record_message(pool, &message, now),
            learn(),
            inbound::record_message(pool, &message, now),
        );
        one.unwrap();
        three.unwrap();
        let recorded = [two.unwrap(), four.unwrap()];
        assert_eq!(recorded.iter().flatten().count(), 1);
        let row: (String, String, Option<String>) = sqlx::query_as(
            "select state, conversation, phone from inbound where wa_message_id = $1",
        )
        .bind(&id)
        .fetch_one(pool)
        .await
        .unwrap();
        assert_eq!(row, ("accepted".into(), phone.clone(), Some(phone)), "{n}");
        assert_eq!(steps(&bridge, id.as_str()).await, ["held", "accepted"]);
    }
}

#[tokio::test]
async fn of_two_phones_of_one_hidden_address_the_later_word_counts() {
    let bridge = Bridge::new().await;
    let (pool, now, location) = (&bridge.database.pool, bridge.clock.now(), location());
    for (phone, said_at) in [
        ("60111111111", now),
        ("60122222222", now + Duration::DAY),
        ("60111111111", now + Duration::HOUR),
    ] {
        let pair = Pair {
            lid: "112233445566778",
            phone: phone.to_owned(),
            learnt_by: LidSource::Message,
            name: None,
            said_at,
        };
        lids::learn(pool, &location, &[pair], now, now)
            .await
            .unwrap();
    }
    hidden(&bridge, "L1", "nombor baru").await;
    let (conversation, phone): (String, String) =
        sqlx::query_as("select conversation, phone from inbound where wa_message_id = 'L1'")
            .fetch_one(pool)
            .await
            .unwrap();
    assert_eq!([conversation, phone], ["60122222222"; 2]);
}

#[tokio::test]
async fn an_own_send_is_confirmed_by_the_echo_of_a_hidden_chat_and_its_receipts_count() {
    let bridge = Bridge::new().await;
    named(&bridge).await;
    let lost = Fault::answer(200, "\n\nnull");
    bridge.simulation.waapify.faults().push("send.php", lost);
    let id = bridge.agent_writes("sekali sahaja").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "unconfirmed");
    // Baileys 7 may show the business's own number beside a hidden chat.
    let own = format!("{}@s.whatsapp.net", seed::NUMBER);
    let echo = json!({"key": {"remoteJid": LID, "remoteJidAlt": own, "fromMe": true, "id": "3EB0AA"},
        "status": "PENDING", "message": {"conversation": "sekali sahaja"}});
    arrive(&bridge, &[echo]).await;
    assert_eq!(bridge.state(&id).await, "sent");
    let receipt = json!([{"key": {"remoteJid": LID, "fromMe": true, "id": "3EB0AA"}, "update": {"status": 3}}]);
    bridge
        .simulation
        .waapify
        .post_event("messages.update", receipt)
        .await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "delivered");
    let phone: String = sqlx::query_scalar("select phone from lids")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(phone, "60123456789", "and not our own");
}

#[tokio::test]
async fn held_messages_are_listed_with_the_reason_and_a_replay_does_not_invent_a_number() {
    let bridge = Bridge::new().await;
    hidden(&bridge, "L1", "rahsia").await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    let (code, stdout, stderr) = messages(&bridge, &["list", "--held"]).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout.lines().count(), 2, "{stdout}");
    let why = Reason::from(Step::SenderHidden).english();
    assert!(stdout.contains(&why), "{stdout}");
    assert!(
        !stdout.contains("6778") && !stdout.contains("rahsia"),
        "{stdout}"
    );
    let id = crate::messages::number_of(&bridge, "L1").await;
    let (_, shown, _) = messages(&bridge, &["show", &id]).await;
    assert!(shown.contains(&format!("held ({why})")), "{shown}");

    let event = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    assert_eq!(
        bridge.simulation.ghl.posts_app_event(&event).await,
        Some(200)
    );
    bridge.settle().await;
    assert_eq!(state(&bridge, "L1").await, "failed");
    bridge.install().await;
    bridge.connect().await;
    assert_eq!(messages(&bridge, &["replay", &id]).await.0, Some(0));
    bridge.after(Duration::minutes(10)).await;
    assert_eq!(state(&bridge, "L1").await, "held");
    named(&bridge).await;
    assert_eq!(state(&bridge, "L1").await, "posted");
}

#[tokio::test]
async fn a_batch_arrives_once_and_in_order_whatever_its_type_and_envelope() {
    for envelope in [Envelope::Flat, Envelope::Nested, Envelope::NestedArray] {
        let bridge = Bridge::new().await;
        bridge.simulation.waapify.set_envelope(envelope);
        let message = |id: &str, words| text(&bridge, id, json!({"remoteJid": PHONE}), words);
        let mut batch = [
            message("A", "satu"),
            message("B", "dua"),
            message("B", "dua"),
            message("C", "tiga"),
        ];
        for (n, message) in batch.iter_mut().enumerate() {
            let at =
                message["messageTimestamp"].as_i64().unwrap() - 100 + i64::try_from(n).unwrap();
            message["messageTimestamp"] = at.into();
        }
        for kind in ["append", "notify"] {
            let data = json!({"messages": batch, "type": kind});
            bridge
                .simulation
                .waapify
                .post_event("messages.upsert", data)
                .await;
        }
        bridge.settle().await;
        assert_eq!(
            bridge.conversation(),
            ["satu", "dua", "tiga"],
            "{envelope:?}"
        );
    }
    let bridge = Bridge::new().await;
    for _ in 0..2 {
        post(&bridge, "batch-notify-with-duplicate.json").await;
    }
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hi", "nak tanya"]);
}

#[tokio::test]
async fn every_form_of_one_persons_address_is_one_conversation() {
    let bridge = Bridge::new().await;
    for file in [
        "jid-device-suffix-normalised.json",
        "jid-device-suffix-kept.json",
        "jid-pn-6.7-senderLid.json",
        "jid-lid-7-remoteJidAlt.json",
        "jid-pn-7-remoteJidAlt-lid.json",
        "contacts-update-pushname.json",
        "contacts-update-picture.json",
    ] {
        post(&bridge, file).await;
    }
    bridge.settle().await;
    let expected = [
        "dari WhatsApp Web",
        "suffix kekal",
        "PN dengan senderLid",
        "Hai dari LID (7.x)",
        "PN (7.x)",
    ];
    assert_eq!(bridge.conversation(), expected);
}
