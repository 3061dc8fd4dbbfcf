//! Customers who want no more messages: their words, GHL's "do not disturb", and what ends.

use serde_json::{Value, json};
use simulators::{Fault, Seen, seed};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};
use waapify_ghl::db::opt_outs::settings;
use waapify_ghl::db::opt_outs::settings::OptOutSettings;
use waapify_ghl::model::opt_out::{OptOutWord, OptOutWords};

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
async fn every_file_of_the_corpus_becomes_what_its_index_says() {
    let index = file("index.json");
    for entry in index.as_array().unwrap() {
        let name = entry["file"].as_str().unwrap();
        match name {
            "dnd_put_active.json" | "dnd_put_inactive.json" => both_puts_are_these_files().await,
            "dnd_contact_answer.json" => start_lifts_nothing_that_a_person_set().await,
            "dnd_webhook_active.json" => the_event_ends_what_no_person_wrote().await,
            "optout_words.json" => every_text_means_what_it_is(file(name)).await,
            other => panic!("nothing is done with {other}"),
        }
    }
    assert_eq!(index.as_array().unwrap().len(), 5);
}

async fn both_puts_are_these_files() {
    let bridge = Bridge::new().await;
    says(&bridge, "STOP").await;
    says(&bridge, "START").await;
    assert_eq!(
        puts(&bridge),
        [file("dnd_put_active.json"), file("dnd_put_inactive.json")]
    );
    let seen = bridge.simulation.ghl.faults().seen_at(PUT);
    assert!(seen.iter().all(|seen| seen.path.ends_with(seed::AISYAH.0)));
}

async fn start_lifts_nothing_that_a_person_set() {
    let bridge = Bridge::new().await;
    let mut answer = file("dnd_contact_answer.json");
    answer["contact"]["id"] = json!(seed::AISYAH.0);
    let answer = answer.to_string();
    let faults = bridge.simulation.ghl.faults();
    faults.always("GET /contacts/{id}", Fault::answer(200, &answer));
    says(&bridge, "STOP").await;
    says(&bridge, "START").await;
    assert!(puts(&bridge).is_empty());
    let id = program(&bridge, seed::AISYAH.0, "tawaran", "workflow", "").await;
    bridge.settle().await;
    assert_eq!(
        bridge.outbound(&id).await,
        told("dnd_set"),
        "a person's word stands"
    );
}

async fn the_event_ends_what_no_person_wrote() {
    let bridge = slow().await;
    let (aisyah, _, _) = seed::AISYAH;
    let campaign = program(&bridge, aisyah, "tawaran", "bulk_actions", "").await;
    let person = bridge.agent_writes("saya sendiri").await;
    let mut event = file("dnd_webhook_active.json");
    for (field, ours) in [
        ("locationId", json!(seed::LOCATION_ID)),
        ("id", json!(aisyah)),
    ] {
        event[field] = ours;
    }
    bridge.simulation.ghl.posts_app_event(&event).await;
    bridge.settle().await;
    assert_eq!(bridge.outbound(&campaign).await, told("dnd_set"));
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(bridge.ghl_error(&campaign).0, "opted_out");
    assert_eq!(bridge.state(&person).await, "sent");
}

async fn every_text_means_what_it_is(texts: Value) {
    let bridge = Bridge::new().await;
    let words = OptOutWords::default();
    let mut customers = Vec::new();
    for (n, case) in texts.as_array().unwrap().iter().enumerate() {
        let (text, is) = (case["text"].as_str().unwrap(), case["is"].as_str().unwrap());
        let said = words.judge(text).map_or("none", OptOutWord::as_str);
        assert_eq!(said, is, "{text:?}");
        let phone = format!("+6012333{:04}", n + 1);
        let contact = add(&bridge, "Pelanggan", &phone);
        bridge
            .simulation
            .waapify
            .customer_sends(&phone, "Pelanggan", text)
            .await;
        customers.push((text, is, contact));
    }
    bridge.settle().await;
    for (text, is, contact) in customers {
        let is_set = bridge.simulation.ghl.dnd(&contact).is_some();
        assert_eq!(is_set, is == "stop", "{text:?}");
        let shown = bridge.simulation.ghl.messages_with(&contact).len();
        assert_eq!(
            shown,
            usize::from(!text.is_empty()),
            "posted as any message: {text:?}"
        );
    }
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

#[tokio::test]
async fn the_customer_is_answered_once_before_ghl_is_told() {
    let bridge = Bridge::new().await;
    set(&bridge, |settings| {
        settings.answer = Some("Baik, tiada mesej lagi.".to_owned());
    })
    .await;
    says(&bridge, "STOP").await;
    bridge
        .until("the answer is there", async || {
            bridge.texts_on_phone() == ["Baik, tiada mesej lagi."]
        })
        .await;
    assert_eq!(
        bridge.simulation.ghl.dnd(seed::AISYAH.0).unwrap()["status"],
        "active"
    );
    says(&bridge, "STOP").await;
    says(&bridge, "STOP").await;
    assert_eq!(bridge.simulation.ghl.faults().count(SEND), 1);
    // The same words from a campaign do not pass for the answer.
    bridge.simulation.ghl.set_dnd(seed::AISYAH.0, "inactive");
    let copy = program(
        &bridge,
        seed::AISYAH.0,
        "Baik, tiada mesej lagi.",
        "campaign",
        "",
    )
    .await;
    bridge.settle().await;
    assert_eq!(bridge.outbound(&copy).await, told("opted_out"));
}

#[tokio::test]
async fn a_lost_answer_is_not_repeated_and_ghl_is_told_all_the_same() {
    let bridge = Bridge::new().await;
    set(&bridge, |settings| {
        settings.answer = Some("Baik.".to_owned());
    })
    .await;
    bridge
        .simulation
        .ghl
        .faults()
        .push(SEND, Fault::answer(502, "bad gateway"));
    says(&bridge, "STOP").await;
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(bridge.simulation.ghl.faults().count(SEND), 1);
    assert_eq!(puts(&bridge).len(), 1);
}

#[tokio::test]
async fn what_ghl_says_later_counts_and_not_what_it_said_before() {
    let bridge = Bridge::new().await;
    let now = bridge.clock.now();
    event(&bridge, "active", "103", now).await;
    event(&bridge, "inactive", "103", now - Duration::minutes(1)).await;
    let id = program(&bridge, seed::AISYAH.0, "tawaran", "workflow", "").await;
    bridge.settle().await;
    assert_eq!(
        bridge.outbound(&id).await,
        told("dnd_set"),
        "an older event came late"
    );
    bridge.clock.advance(Duration::minutes(1));
    event(&bridge, "inactive", "", bridge.clock.now()).await;
    let id = program(&bridge, seed::AISYAH.0, "tawaran", "workflow", "").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn our_own_change_told_back_is_not_anothers_and_a_persons_lift_counts() {
    let bridge = Bridge::new().await;
    bridge.simulation.ghl.set_posts_dnd_updates(true);
    says(&bridge, "STOP").await;
    bridge
        .until("GHL told us of it", async || {
            let told: i64 = sqlx::query_scalar("select count(*) from ghl_events where event_type = 'ContactDndUpdate' and state = 'done'")
                .fetch_one(&bridge.database.pool)
                .await
                .unwrap();
            told == 1
        })
        .await;
    bridge.clock.advance(Duration::minutes(5));
    event(&bridge, "inactive", "103", bridge.clock.now()).await;
    let body = json!({
        "contactId": seed::AISYAH.0, "locationId": seed::LOCATION_ID, "messageId": "boleh-1",
        "type": "SMS", "phone": seed::AISYAH.2, "message": "boleh",
    });
    bridge.simulation.ghl.agent_sends_raw(&body).await;
    bridge.settle().await;
    assert_eq!(bridge.state("boleh-1").await, "sent");
}

#[tokio::test]
async fn do_not_disturb_is_seen_when_a_contact_is_read() {
    let bridge = Bridge::new().await;
    bridge.simulation.ghl.set_dnd(seed::AISYAH.0, "active");
    says(&bridge, "hai").await;
    let body = json!({
        "contactId": seed::AISYAH.0, "locationId": seed::LOCATION_ID, "messageId": "kempen-1",
        "type": "SMS", "phone": seed::AISYAH.2, "message": "tawaran",
    });
    bridge.simulation.ghl.agent_sends_raw(&body).await;
    bridge.settle().await;
    assert_eq!(bridge.outbound("kempen-1").await, told("dnd_set"));
}

#[tokio::test]
async fn an_event_without_a_contact_or_a_meaning_changes_nothing() {
    let bridge = Bridge::new().await;
    for change in [
        json!({"id": null}),
        json!({"locationId": null}),
        json!({"dnd": null, "dndSettings": "x"}),
        json!({"appId": null}),
    ] {
        let mut event = file("dnd_webhook_active.json");
        event["webhookId"] = json!(change.to_string());
        for (field, value) in change.as_object().unwrap() {
            event[field] = value.clone();
        }
        assert_eq!(
            bridge.simulation.ghl.posts_app_event(&event).await,
            Some(200),
            "{change}"
        );
    }
    bridge.settle().await;
    let failed: i64 = sqlx::query_scalar("select count(*) from ghl_events where state = 'failed'")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(failed, 0);
}
