//! A customer's file on its way into the GHL conversation: decrypted, attached, linked or missing, never late and
//! never out of order. `addresses` has the servers that the service may ask for files.

mod addresses;
mod links;
mod waits;

use axum::body::Bytes;
use serde_json::Value;
use simulators::{CustomerFile, Fault, seed};
use time::Duration;
use waapify_ghl::db::inbound;
use waapify_ghl::db::inbound::media::{NewMedia, SLOT, Texts};
use waapify_ghl::db::inbound::{NewInbound, State};
use waapify_ghl::model::ids::WaMessageId;
use waapify_ghl::model::reason::{Media, Reason};
use whatsapp_events::MediaFile;

pub use self::links::link;
use crate::harness::{Bridge, location, payload};

/// The same as `MEDIA_WAIT` of `src/workers/inbound_media`.
const WAIT: Duration = Duration::minutes(2);
/// The text of the message, which also has a file.
const LINE: &str = "[Image] Tengok ni";
const UPLOAD: &str = "POST /conversations/messages/upload";
/// The beginning of a JPEG.
const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a picture";

pub fn picture(bytes: &[u8]) -> CustomerFile<'_> {
    CustomerFile {
        kind: "image",
        bytes,
        mimetype: "image/jpeg",
        name: None,
        caption: None,
    }
}

fn document<'a>(bytes: &'a [u8], mimetype: &'a str, name: &'a str) -> CustomerFile<'a> {
    CustomerFile {
        kind: "document",
        bytes,
        mimetype,
        name: Some(name),
        caption: None,
    }
}

/// A message of Aisyah's with this file arrives. Returns WhatsApp's id.
async fn arrives(bridge: &Bridge, file: &MediaFile) -> String {
    let id = format!("3A{:016X}", rand::random::<u64>());
    let now = bridge.clock.now();
    let (location, phone) = (location(), seed::AISYAH.2.trim_start_matches('+'));
    let new = NewInbound {
        location: &location,
        number: seed::NUMBER,
        wa_message_id: &WaMessageId::from(id.as_str()),
        from_me: false,
        conversation: phone,
        phone: Some(phone),
        sender_name: Some(seed::AISYAH.1),
        text: Some(LINE),
        // Before anything that the simulated phones write, because their clock has only whole seconds.
        sent_at: now - Duration::minutes(1),
        state: State::Accepted,
        is_old: false,
        call: None,
        edit_secret: None,
        answers: None,
        media: Some(NewMedia {
            file,
            until: now + WAIT,
            texts: Texts {
                attached: Some(LINE),
                linked: Some(&format!("{LINE}\n{SLOT}")),
                missing: Some(&format!("{LINE} ({SLOT})")),
            },
            better_of: None,
        }),
    };
    let recorded = inbound::record_message(&bridge.database.pool, &new, now).await;
    assert!(recorded.unwrap().is_some());
    id
}

/// Like [`arrives`], for a file that WhatsApp's media host has.
pub async fn sends(bridge: &Bridge, file: &CustomerFile<'_>) -> String {
    arrives(bridge, &bridge.simulation.waapify.keep_file(file)).await
}

/// Text and attachments of the one message that was posted.
fn only_post(bridge: &Bridge) -> (String, Vec<String>) {
    let posted = bridge.posted();
    assert_eq!(posted.len(), 1, "{posted:?}");
    let list = posted[0].get("attachments").and_then(Value::as_array);
    let list = list.into_iter().flatten();
    let attachments = list.map(|address| address.as_str().unwrap().to_owned());
    let text = posted[0]["message"].as_str().unwrap().to_owned();
    (text, attachments.collect())
}

/// State, reason, and whether the media key is still stored.
async fn fate(bridge: &Bridge) -> (String, Option<String>, bool) {
    sqlx::query_as("select state, reason_code, media_key is not null from inbound_media")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_picture_hangs_on_its_message_with_the_bytes_the_customer_sent() {
    let bridge = Bridge::new().await;
    sends(&bridge, &picture(JPEG)).await;
    bridge.settle().await;
    let uploads = bridge.simulation.ghl.uploads();
    assert_eq!(uploads.len(), 1);
    assert_eq!(uploads[0].bytes, Bytes::from_static(JPEG));
    assert_eq!(uploads[0].file_name, "image.jpg");
    assert_eq!(uploads[0].content_type, "image/jpeg");
    let (text, attachments) = only_post(&bridge);
    assert_eq!(text, LINE);
    assert_eq!(attachments, [uploads[0].url.clone()]);
    let call = bridge.simulation.ghl.faults().seen_at(UPLOAD).remove(0);
    assert_eq!(call.headers["version"], "2021-04-15");
    let kept = fate(&bridge).await;
    assert_eq!(kept, ("attached".to_owned(), None, false));
}

#[tokio::test]
async fn a_file_of_a_new_customer_makes_one_contact() {
    let bridge = Bridge::new().await;
    let before = bridge.simulation.ghl.contacts(seed::LOCATION_ID).len();
    sqlx::query("delete from contacts")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    for _ in 0..3 {
        sends(&bridge, &picture(JPEG)).await;
    }
    bridge.settle().await;
    assert_eq!(bridge.posted().len(), 3);
    let after = bridge.simulation.ghl.contacts(seed::LOCATION_ID).len();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_voice_message_and_a_document_keep_name_and_type() {
    let bridge = Bridge::new().await;
    let voice = CustomerFile {
        kind: "audio",
        mimetype: "audio/ogg; codecs=opus",
        ..picture(b"OggS voice")
    };
    sends(&bridge, &voice).await;
    bridge.settle().await;
    let invoice = document(b"%PDF-1.4", "application/pdf", "../Invois \"7\".pdf");
    sends(&bridge, &invoice).await;
    bridge.settle().await;
    let uploads = bridge.simulation.ghl.uploads();
    let names: Vec<_> = uploads
        .iter()
        .map(|file| (file.file_name.as_str(), file.content_type.as_str()))
        .collect();
    let expected = [
        ("voice-message.ogg", "audio/ogg"),
        ("Invois _7_.pdf", "application/pdf"),
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_sticker_becomes_a_png() {
    let bridge = Bridge::new().await;
    let mut webp = Vec::new();
    let pixels = [0, 128, 255, 255].repeat(32 * 32);
    image_webp::WebPEncoder::new(&mut webp)
        .encode(&pixels, 32, 32, image_webp::ColorType::Rgba8)
        .unwrap();
    let sticker = CustomerFile {
        kind: "sticker",
        mimetype: "image/webp",
        ..picture(&webp)
    };
    sends(&bridge, &sticker).await;
    bridge.settle().await;
    let upload = bridge.simulation.ghl.uploads().remove(0);
    assert_eq!(upload.file_name, "sticker.png");
    assert!(upload.bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert_eq!(only_post(&bridge).1, [upload.url]);
}

#[tokio::test]
async fn a_file_that_whatsapp_has_no_more_is_named_with_what_to_do() {
    let bridge = Bridge::new().await;
    let file = bridge.simulation.waapify.keep_file(&picture(JPEG));
    bridge.simulation.waapify.lose_files();
    arrives(&bridge, &file).await;
    bridge.settle().await;
    let (text, attachments) = only_post(&bridge);
    assert!(text.starts_with(LINE), "{text}");
    assert!(text.contains(&Reason::from(Media::Gone).english()));
    assert!(text.contains("ask the customer to send it again"), "{text}");
    assert!(attachments.is_empty());
    assert_eq!(
        bridge.simulation.waapify.media_faults().count("GET file"),
        1
    );
    let (state, reason, has_key) = fate(&bridge).await;
    assert_eq!((state.as_str(), has_key), ("missing", false));
    assert!(reason.is_some());
}

#[tokio::test]
async fn a_file_with_one_changed_bit_is_not_handed_on() {
    let bridge = Bridge::new().await;
    let file = bridge.simulation.waapify.keep_file(&picture(JPEG));
    bridge.simulation.waapify.spoil_files();
    arrives(&bridge, &file).await;
    bridge.settle().await;
    assert!(bridge.simulation.ghl.uploads().is_empty());
    let (text, _) = only_post(&bridge);
    assert!(text.contains(&Reason::from(Media::Mac).english()), "{text}");
}

#[tokio::test]
async fn a_hiccup_of_either_side_costs_seconds_and_not_the_file() {
    let bridge = Bridge::new().await;
    let media = bridge.simulation.waapify.media_faults();
    media.push("GET file", Fault::answer(503, ""));
    let ghl = bridge.simulation.ghl.faults();
    ghl.push(UPLOAD, Fault::answer(500, "{}"));
    sends(&bridge, &picture(JPEG)).await;
    bridge.settle().await;
    assert!(bridge.posted().is_empty(), "it waits for its file");
    bridge.after(Duration::seconds(3)).await;
    assert!(bridge.posted().is_empty(), "it waits for the upload");
    bridge.after(Duration::seconds(7)).await;
    assert_eq!(only_post(&bridge).1.len(), 1);
}

#[tokio::test]
async fn a_file_waits_for_no_person_and_is_linked() {
    let bridge = Bridge::new().await;
    let inactive = r#"{"statusCode":400,"message":"Location is not active"}"#;
    let ghl = bridge.simulation.ghl.faults();
    ghl.always(UPLOAD, Fault::answer(400, inactive));
    sends(&bridge, &picture(JPEG)).await;
    bridge.settle().await;
    assert_eq!(fate(&bridge).await.0, "linked");
}

#[tokio::test]
async fn the_simulated_gateway_announces_a_file_as_baileys_does() {
    let bridge = Bridge::new().await;
    let file = CustomerFile {
        caption: Some("Resit"),
        ..picture(JPEG)
    };
    let (_, name, phone) = seed::AISYAH;
    let waapify = &bridge.simulation.waapify;
    let id = waapify.customer_sends_file(phone, name, &file).await;
    let body: Vec<u8> = sqlx::query_scalar("select body from waapify_events order by id limit 1")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    let sent: Value = serde_json::from_slice(&body).unwrap();
    let real: Value = serde_json::from_slice(&payload(
        "waapify/webhooks/env-flat-legacy-image-4.4.0.json",
    ))
    .unwrap();
    let message = "/data/messages/0/message/imageMessage";
    let (sent, real) = (
        sent.pointer(message).unwrap(),
        real.pointer(message).unwrap(),
    );
    for (field, value) in sent.as_object().unwrap() {
        let like = real.get(field).unwrap_or(&Value::Null);
        assert_eq!(value.is_string(), like.is_string(), "{field}");
        let keyed = ["mediaKey", "fileSha256", "fileEncSha256"].contains(&field.as_str());
        let length = |value: &Value| value.as_str().map(str::len);
        assert!(!keyed || length(value) == length(like), "{field}");
    }
    bridge.settle().await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted");
}
