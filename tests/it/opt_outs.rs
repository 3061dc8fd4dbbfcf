//! Customers who want no more messages: their words, GHL's "do not disturb", and what ends.

mod answers;
mod corpus;
mod do_not_disturb;

use serde_json::{Value, json};
use simulators::{Fault, Seen, seed};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use waapify_ghl::db::opt_outs::settings;
use waapify_ghl::db::opt_outs::settings::OptOutSettings;

use crate::harness::{Bridge, location, payload};
use crate::people::add;

const PUT: &str = "PUT /contacts/{id}";
const SEND: &str = "POST /conversations/messages";

/// What was put at GHL's contacts, in order.
fn puts(bridge: &Bridge) -> Vec<Value> {
    let seen = bridge.simulation.ghl.faults().seen_at(PUT);
    seen.into_iter().map(|seen: Seen| seen.body).collect()
}

fn file(name: &str) -> Value {
    serde_json::from_slice(&payload(&format!("features/{name}"))).unwrap()
}

/// A bridge whose number sends once a minute, and has just sent: what comes now waits.
async fn slow() -> Bridge {
    let bridge = Bridge::with(|environment| {
        environment.retain(|(name, _)| name != "WAAPIFY_MIN_INTERVAL_MS");
        environment.push(("WAAPIFY_MIN_INTERVAL_MS".to_owned(), "60000".to_owned()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    let first = add(&bridge, "Pertama", "+60127770001");
    bridge.agent_sends(&first, "hai", &[]).await;
    bridge.settle().await;
    bridge
}

/// A program writes, in the name of this user or of nobody. Returns GHL's id, after the delivery has been stored.
async fn program(bridge: &Bridge, contact: &str, text: &str, source: &str, user: &str) -> String {
    let ghl = &bridge.simulation.ghl;
    let id = ghl.program_sends(contact, text, source, user).unwrap();
    bridge
        .until("the delivery is stored", async || {
            let found: Option<i64> =
                sqlx::query_scalar("select id from outbound where ghl_message_id = $1")
                    .bind(&id)
                    .fetch_optional(&bridge.database.pool)
                    .await
                    .unwrap();
            found.is_some()
        })
        .await;
    id
}

async fn says(bridge: &Bridge, text: &str) {
    bridge.customer_writes(text).await;
    bridge.settle().await;
}

/// GHL's event about Aisyah's "do not disturb".
async fn event(bridge: &Bridge, status: &str, code: &str, at: OffsetDateTime) {
    let mut event = file("dnd_webhook_active.json");
    event["locationId"] = json!(seed::LOCATION_ID);
    event["id"] = json!(seed::AISYAH.0);
    event["dndSettings"]["SMS"]["status"] = json!(status);
    event["dndSettings"]["SMS"]["code"] = json!(code);
    event["timestamp"] = json!(at.format(&Rfc3339).unwrap());
    event["webhookId"] = json!(format!("dnd-{status}-{}", at.unix_timestamp_nanos()));
    let answer = bridge.simulation.ghl.posts_app_event(&event).await;
    assert_eq!(answer, Some(200));
    bridge.settle().await;
}

fn told(status: &str) -> (String, Option<String>) {
    ("failed".to_owned(), Some(status.to_owned()))
}

#[tokio::test]
async fn stop_ends_what_waits_for_the_customer_and_no_person_wrote_and_nothing_else() {
    let bridge = slow().await;
    let (aisyah, lim) = (seed::AISYAH.0, seed::LIM_WEI.0);
    says(&bridge, "ada stok?").await;
    let plain = program(&bridge, aisyah, "tawaran", "campaign", "").await;
    let named = program(&bridge, aisyah, "tawaran 2", "workflow", seed::USER_ID).await;
    let person = bridge.agent_writes("ada").await;
    let other = program(&bridge, lim, "tawaran", "campaign", "").await;
    bridge.customer_writes("Stop.").await;
    bridge.settle().await;
    assert_eq!(bridge.outbound(&plain).await, told("opted_out"));
    assert_eq!(bridge.outbound(&named).await, told("opted_out"));
    bridge.after(Duration::minutes(2)).await;
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(bridge.state(&person).await, "sent");
    assert_eq!(bridge.state(&other).await, "sent");
    assert_eq!(bridge.ghl_error(&plain).0, "opted_out");
    let later = bridge.agent_writes("jawapan kemudian").await;
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(bridge.state(&later).await, "sent", "a person may answer");
}

#[tokio::test]
async fn the_contact_is_blocked_here_at_once_although_ghl_is_down() {
    let bridge = Bridge::new().await;
    says(&bridge, "hai").await;
    let faults = bridge.simulation.ghl.faults();
    for route in [
        PUT,
        "GET /contacts/{id}",
        "GET /conversations/messages/{id}",
        "POST /conversations/messages/inbound",
    ] {
        faults.always(route, Fault::answer(503, "down"));
    }
    says(&bridge, "BERHENTI").await;
    // It left GHL before GHL knew.
    let id = program(&bridge, seed::AISYAH.0, "tawaran", "workflow", "").await;
    let named = program(&bridge, seed::AISYAH.0, "hai", "app", seed::USER_ID).await;
    bridge.settle().await;
    assert_eq!(
        bridge.state(&id).await,
        "accepted",
        "GHL is asked who wrote it"
    );
    for _ in 0..8 {
        bridge.after(Duration::seconds(30)).await;
    }
    assert_eq!(bridge.outbound(&id).await, told("opted_out"));
    assert_eq!(
        bridge.texts_on_phone(),
        ["hai"],
        "a user is named, and GHL does not say"
    );
    assert_eq!(bridge.state(&named).await, "sent");
    faults.clear();
    for _ in 0..8 {
        bridge.after(Duration::minutes(2)).await;
    }
    assert_eq!(
        bridge.simulation.ghl.dnd(seed::AISYAH.0).unwrap()["code"],
        "WA_STOP"
    );
}

#[tokio::test]
async fn a_persons_answer_that_names_nobody_leaves_too() {
    let bridge = Bridge::new().await;
    says(&bridge, "STOP").await;
    let body = json!({
        "contactId": seed::AISYAH.0, "locationId": seed::LOCATION_ID, "messageId": "dari-telefon",
        "type": "SMS", "phone": seed::AISYAH.2, "message": "baik",
    });
    bridge.simulation.ghl.agent_sends_raw(&body).await;
    bridge
        .simulation
        .ghl
        .set_source("dari-telefon", Some("app"));
    bridge.settle().await;
    assert_eq!(bridge.state("dari-telefon").await, "sent");
}

#[tokio::test]
async fn a_failed_put_is_repeated_and_a_refused_one_says_so() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(PUT, Fault::answer(500, "{}"));
    faults.push(PUT, Fault::answer(429, "{}"));
    says(&bridge, "STOP").await;
    assert!(bridge.simulation.ghl.dnd(seed::AISYAH.0).is_none());
    for _ in 0..6 {
        bridge.after(Duration::minutes(1)).await;
    }
    assert_eq!(
        bridge.simulation.ghl.dnd(seed::AISYAH.0).unwrap()["status"],
        "active"
    );
    assert_eq!(puts(&bridge).len(), 3);

    faults.always(
        PUT,
        Fault::answer(
            422,
            r#"{"message": ["dndSettings.property SMS should not exist"]}"#,
        ),
    );
    says(&bridge, "START").await;
    let state: String = sqlx::query_scalar("select state from opt_outs")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(state, "refused");
    assert_eq!(
        puts(&bridge).len(),
        4,
        "what GHL will never take is not repeated"
    );
}

#[tokio::test]
async fn start_lifts_what_we_set_and_messages_leave_again() {
    let bridge = Bridge::new().await;
    says(&bridge, "STOP").await;
    says(&bridge, "start").await;
    assert_eq!(
        bridge.simulation.ghl.dnd(seed::AISYAH.0).unwrap()["status"],
        "inactive"
    );
    let id = program(&bridge, seed::AISYAH.0, "tawaran", "workflow", "").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
    says(&bridge, "STOP").await;
    assert_eq!(
        bridge.simulation.ghl.dnd(seed::AISYAH.0).unwrap()["status"],
        "active"
    );
}

#[tokio::test]
async fn start_without_a_stop_changes_nothing() {
    let bridge = Bridge::new().await;
    says(&bridge, "START").await;
    assert!(puts(&bridge).is_empty());
    bridge.simulation.ghl.set_dnd(seed::AISYAH.0, "active");
    says(&bridge, "MULA").await;
    assert!(puts(&bridge).is_empty());
    assert_eq!(
        bridge.simulation.ghl.dnd(seed::AISYAH.0).unwrap()["code"],
        "103"
    );
}

#[tokio::test]
async fn stop_after_a_person_set_it_leaves_the_persons_word() {
    let bridge = Bridge::new().await;
    bridge.simulation.ghl.set_dnd(seed::AISYAH.0, "permanent");
    says(&bridge, "STOP").await;
    says(&bridge, "START").await;
    assert!(puts(&bridge).is_empty());
    assert_eq!(
        bridge.simulation.ghl.dnd(seed::AISYAH.0).unwrap()["code"],
        "103"
    );
}

#[tokio::test]
async fn what_is_no_whole_message_of_a_customer_never_counts() {
    let bridge = Bridge::new().await;
    let (_, name, phone) = seed::AISYAH;
    let jid = format!("{}@s.whatsapp.net", phone.trim_start_matches('+'));
    let sends = async |content: Value| {
        bridge
            .simulation
            .waapify
            .customer_sends_content(phone, name, content)
            .await;
        bridge.settle().await;
    };
    sends(json!({"imageMessage": {"caption": "STOP", "mimetype": "image/jpeg"}})).await;
    sends(json!({"reactionMessage": {"key": {"remoteJid": jid, "id": "X1", "fromMe": true}, "text": "STOP"}})).await;
    sends(
        json!({"extendedTextMessage": {"text": "baik", "contextInfo": {
        "stanzaId": "X2", "participant": jid, "quotedMessage": {"conversation": "STOP"}}}}),
    )
    .await;
    sends(json!({"protocolMessage": {"key": {"remoteJid": jid, "id": "X3", "fromMe": false}, "type": 14,
        "editedMessage": {"conversation": "STOP"}}})).await;
    for (chat, from_me, participant) in [
        (jid.as_str(), true, None),
        ("120363000000000001@g.us", false, Some(jid.as_str())),
    ] {
        let mut key = json!({"remoteJid": chat, "id": format!("K-{from_me}"), "fromMe": from_me});
        if let Some(participant) = participant {
            key["participant"] = json!(participant);
        }
        let message = json!({"key": key, "messageTimestamp": bridge.clock.now().unix_timestamp(),
            "pushName": name, "message": {"conversation": "STOP"}});
        bridge
            .simulation
            .waapify
            .post_event(
                "messages.upsert",
                json!({"messages": [message], "type": "notify"}),
            )
            .await;
        bridge.settle().await;
    }
    let words: i64 = sqlx::query_scalar("select count(*) from opt_outs")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(words, 0);
    assert!(puts(&bridge).is_empty());
    // The customer's own words count, also where they answer a campaign's message.
    sends(
        json!({"extendedTextMessage": {"text": "STOP", "contextInfo": {
        "stanzaId": "X2", "participant": jid, "quotedMessage": {"conversation": "tawaran"}}}}),
    )
    .await;
    assert_eq!(puts(&bridge).len(), 1);
}

#[tokio::test]
async fn the_same_webhook_again_and_an_older_word_change_nothing() {
    let bridge = Bridge::new().await;
    let (_, name, phone) = seed::AISYAH;
    let jid = format!("{}@s.whatsapp.net", phone.trim_start_matches('+'));
    let writes = async |id: &str, text: &str, after: i64| {
        let message = json!({
            "key": {"remoteJid": jid, "id": id, "fromMe": false}, "pushName": name,
            "messageTimestamp": bridge.clock.now().unix_timestamp() + after,
            "message": {"conversation": text},
        });
        let data = json!({"messages": [message], "type": "notify"});
        bridge
            .simulation
            .waapify
            .post_event("messages.upsert", data)
            .await;
        bridge.settle().await;
    };
    let status = || bridge.simulation.ghl.dnd(seed::AISYAH.0).unwrap()["status"].clone();
    writes("S1", "STOP", 0).await;
    writes("S2", "START", 1).await;
    // The same message once more, with another time.
    writes("S1", "STOP", 30).await;
    assert_eq!(status(), "inactive");
    writes("S3", "STOP", 40).await;
    // It was written before, and comes later.
    writes("S4", "START", 20).await;
    assert_eq!(status(), "active");
    assert_eq!(puts(&bridge).len(), 3);
}

async fn set(bridge: &Bridge, change: impl FnOnce(&mut OptOutSettings)) {
    let mut settings = OptOutSettings::default();
    change(&mut settings);
    settings::record(&bridge.database.pool, &location(), &settings)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_locations_own_words_count_instead_and_none_where_it_is_switched_off() {
    let bridge = Bridge::new().await;
    set(&bridge, |settings| {
        settings.words.stop = vec!["Tak Nak".to_owned()];
    })
    .await;
    says(&bridge, "STOP").await;
    assert!(puts(&bridge).is_empty());
    says(&bridge, "tak nak!").await;
    assert_eq!(puts(&bridge).len(), 1);
    set(&bridge, |settings| settings.is_on = false).await;
    says(&bridge, "START").await;
    assert_eq!(puts(&bridge).len(), 1);
}
