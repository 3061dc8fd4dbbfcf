//! Messages that arrive undecrypted: no sender is lost, and nothing is shown twice.

use serde_json::{Value, json};
use simulators::seed;
use time::{Duration, OffsetDateTime};
use waapify_ghl::db::inbound;
use waapify_ghl::db::inbound::{NewInbound, State, undecrypted};
use waapify_ghl::model::ids::WaMessageId;

use crate::harness::{Bridge, location, picture};
use crate::lids::{LID, arrive, named, steps, text};
use crate::waapify_events::post;

const PHONE: &str = "60123456789@s.whatsapp.net";
/// The same as `CONTENT_WAIT` of `src/workers/inbound/record.rs`.
const WAIT: Duration = Duration::minutes(15);
/// The text that GHL shows if the content never arrives.
const STUB: &str = "[Message that cannot be read here — open WhatsApp on the phone to see it]";

fn stub(bridge: &Bridge, id: &str, jid: &str) -> Value {
    let mut message = text(bridge, id, json!({"remoteJid": jid}), "");
    message["messageStubType"] = 2.into();
    message.as_object_mut().unwrap().remove("message");
    message
}

async fn content(bridge: &Bridge, id: &str, words: &str) {
    let message = text(bridge, id, json!({"remoteJid": PHONE}), words);
    arrive(bridge, &[message]).await;
}

#[tokio::test]
async fn a_content_that_comes_in_time_takes_its_stubs_place() {
    let bridge = Bridge::new().await;
    let written = bridge.clock.now();
    arrive(&bridge, &[stub(&bridge, "S1", PHONE)]).await;
    let (state, reason, _) = bridge.inbound("S1").await.unwrap();
    assert_eq!(state, "held");
    assert_eq!(reason.as_deref(), Some("undecrypted"));
    bridge.clock.advance(Duration::minutes(1));
    content(&bridge, "P1", "ada orang?").await;
    assert_eq!(bridge.conversation(), ["ada orang?"], "nobody waits for it");
    bridge.clock.advance(WAIT - Duration::minutes(2));
    content(&bridge, "S1", "saya berminat").await;
    content(&bridge, "S1", "saya berminat").await;
    arrive(&bridge, &[stub(&bridge, "S1", PHONE)]).await;
    bridge.after(Duration::HOUR).await;
    let posted = bridge.posted();
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[1]["message"], "saya berminat");
    assert_eq!(posted[1]["altId"], "S1");
    let date = posted[1]["date"].as_str().unwrap();
    let at = OffsetDateTime::parse(date, &time::format_description::well_known::Rfc3339).unwrap();
    assert_eq!(
        at.unix_timestamp(),
        written.unix_timestamp(),
        "its old place"
    );
    assert_eq!(steps(&bridge, "S1").await, ["held", "accepted", "posted"]);
}

#[tokio::test]
async fn a_stub_whose_content_does_not_come_shows_that_somebody_wrote() {
    let bridge = Bridge::new().await;
    arrive(&bridge, &[stub(&bridge, "S1", PHONE)]).await;
    bridge.after(WAIT - Duration::seconds(1)).await;
    assert!(bridge.posted().is_empty());
    bridge.after(Duration::seconds(1)).await;
    assert_eq!(bridge.conversation(), [STUB]);
    arrive(&bridge, &[stub(&bridge, "S1", PHONE)]).await;
    content(&bridge, "S1", "lambat").await;
    content(&bridge, "S1", "lambat").await;
    arrive(&bridge, &[stub(&bridge, "S1", PHONE)]).await;
    bridge.after(WAIT).await;
    assert_eq!(bridge.conversation(), [STUB, "lambat"], "each once");
}

#[tokio::test]
async fn a_view_once_message_is_shown_at_once_and_once() {
    let bridge = Bridge::new().await;
    for _ in 0..2 {
        post(&bridge, "view-once-unavailable-stub.json").await;
        bridge.settle().await;
    }
    bridge.after(WAIT).await;
    let shown = bridge.conversation();
    assert_eq!(shown.len(), 1);
    assert!(shown[0].contains("view once"), "{shown:?}");
    post(&bridge, "placeholder-linked-device.json").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation().len(), 2);
}

#[tokio::test]
async fn an_ads_lead_is_kept_and_filled_in_by_what_whatsapp_sends_again() {
    let bridge = Bridge::new().await;
    arrive(
        &bridge,
        &[stub(&bridge, "AC0C095A4BF0A85E275C133EBB098C59", PHONE)],
    )
    .await;
    post(&bridge, "ctwa-2-resent-content.json").await;
    bridge.settle().await;
    arrive(
        &bridge,
        &[stub(&bridge, "AC5885BD7E7FEA6C74DEC46A4C9E9424", PHONE)],
    )
    .await;
    post(&bridge, "retry-2-same-id-content.json").await;
    bridge.after(WAIT).await;
    let shown = bridge.conversation();
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(shown[0].starts_with("Hi, saya berminat") && shown[0].contains("Promo Raya 2026"));
    assert_eq!(shown[1], "mesej yang sama selepas retry");
}

#[tokio::test]
async fn a_stubs_file_is_attached_when_it_comes() {
    let bridge = Bridge::new().await;
    arrive(&bridge, &[stub(&bridge, "S1", PHONE)]).await;
    let picture = picture("Tengok ni");
    let mut message = text(&bridge, "S1", json!({"remoteJid": PHONE}), "");
    message["message"] = bridge.simulation.waapify.announce(&picture);
    arrive(&bridge, &[message]).await;
    bridge.assert_posted_with_file("Tengok ni");
}

#[tokio::test]
async fn a_hidden_stub_without_content_is_shown_without_a_phone_and_the_next_waits_for_its_content()
{
    let bridge = Bridge::new().await;
    arrive(&bridge, &[stub(&bridge, "S1", LID)]).await;
    bridge.after(WAIT).await;
    assert_eq!(bridge.inbound("stub:S1").await.unwrap().0, "posted");
    arrive(&bridge, &[stub(&bridge, "S2", LID)]).await;
    named(&bridge).await;
    assert!(bridge.conversation().is_empty());
    assert_eq!(
        bridge.inbound("S2").await.unwrap().0,
        "held",
        "its content may come"
    );
    content(&bridge, "S2", "dah boleh").await;
    assert_eq!(bridge.conversation(), ["dah boleh"]);
}

#[tokio::test]
async fn a_stub_that_knows_its_sender_keeps_them_though_the_content_hides_them() {
    let bridge = Bridge::new().await;
    arrive(&bridge, &[stub(&bridge, "S1", PHONE)]).await;
    let message = text(&bridge, "S1", json!({"remoteJid": LID}), "ini saya");
    arrive(&bridge, &[message]).await;
    assert_eq!(bridge.conversation(), ["ini saya"]);
}

#[tokio::test]
async fn stubs_of_chats_that_are_ignored_are_ignored() {
    let bridge = Bridge::new().await;
    for (id, jid) in [
        ("G", "120363041234567890@g.us"),
        ("T", "status@broadcast"),
        ("N", "120363000000000000@newsletter"),
    ] {
        arrive(&bridge, &[stub(&bridge, id, jid)]).await;
        assert_eq!(bridge.inbound(id).await, None, "{jid}");
    }
    let mut own = stub(&bridge, "O", PHONE);
    own["key"]["fromMe"] = true.into();
    arrive(&bridge, &[own]).await;
    bridge.after(WAIT).await;
    assert!(bridge.posted().is_empty());
}

#[tokio::test]
async fn a_content_that_comes_the_moment_the_wait_ends_is_neither_lost_nor_doubled() {
    let bridge = Bridge::new().await;
    let (pool, now, location) = (&bridge.database.pool, bridge.clock.now(), location());
    for n in 0..40 {
        let (id, words) = (WaMessageId(format!("R{n}")), format!("isi {n}"));
        let message = |text, state| NewInbound {
            location: &location,
            number: seed::NUMBER,
            wa_message_id: &id,
            from_me: false,
            conversation: "60123456789",
            phone: Some("60123456789"),
            sender_name: None,
            text: Some(text),
            sent_at: now,
            state,
            is_old: false,
            call: None,
            edit_secret: None,
            answers: None,
            media: None,
        };
        let stub = message("stub", State::Undecrypted(now));
        inbound::record_message(pool, &stub, now).await.unwrap();
        let come = message(&words, State::Accepted);
        let (one, content, two, again) = tokio::join!(
            undecrypted::expire(pool, now),
            inbound::record_message(pool, &come, now),
            undecrypted::expire(pool, now),
            inbound::record_message(pool, &come, now),
        );
        let expired = one.unwrap() + two.unwrap();
        let recorded = [content.unwrap(), again.unwrap()];
        assert_eq!(recorded.iter().flatten().count(), 1, "{n}");
        let mut texts: Vec<String> = sqlx::query_scalar(
            "select text from inbound where wa_message_id in ($1, 'stub:' || $1) and state = 'accepted' order by id",
        )
        .bind(&id)
        .fetch_all(pool)
        .await
        .unwrap();
        assert_eq!(texts.pop(), Some(words), "{n}");
        let left: u64 = texts.iter().map(|text| u64::from(text == "stub")).sum();
        assert_eq!((texts.len() as u64, expired), (left, left), "{n}");
    }
}
