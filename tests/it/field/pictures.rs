//! Files that people reported: pictures that come twice, moving parts, lengths that are wrong.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use simulators::{CustomerFile, seed};
use waapify_ghl::model::reason::{Media, Reason};

use super::{field, posts, posts_file, texts};
use crate::harness::{Bridge, payload};

/// Keeps the pictures of the vectors where the field's bodies say.
fn keep_pictures(bridge: &Bridge) {
    let vectors: Value = serde_json::from_slice(&payload("waapify/media-vectors.json")).unwrap();
    for (name, path) in [("image-jpeg", "/m/jpg"), ("image-png", "/m/png")] {
        let mut vectors = vectors["vectors"].as_array().unwrap().iter();
        let vector = vectors.find(|vector| vector["name"] == name).unwrap();
        let encrypted = STANDARD
            .decode(vector["encrypted"].as_str().unwrap())
            .unwrap();
        bridge.simulation.waapify.keep_encrypted(path, encrypted);
    }
}

/// Content types of the uploads.
fn uploads(bridge: &Bridge) -> Vec<String> {
    let uploads = bridge.simulation.ghl.uploads();
    uploads
        .into_iter()
        .map(|upload| upload.content_type)
        .collect()
}

#[tokio::test]
async fn the_better_picture_takes_the_place_of_one_that_is_not_posted_yet() {
    for is_small_first in [true, false] {
        let bridge = Bridge::new().await;
        keep_pictures(&bridge);
        let mut bodies = ["hd-photo-small.json", "hd-photo-child.json"];
        if !is_small_first {
            bodies.reverse();
        }
        for file in bodies.iter().chain(&bodies) {
            assert_eq!(bridge.gateway_posts(&field(file)).await, StatusCode::OK);
        }
        bridge.settle().await;
        bridge.assert_posted_with_file("our roof");
        assert_eq!(uploads(&bridge), ["image/png"], "{is_small_first}");
    }
}

#[tokio::test]
async fn a_photo_in_high_definition_is_one_message_with_one_picture() {
    let bridge = Bridge::new().await;
    let (_, name, phone) = seed::AISYAH;
    let photo = |mimetype, bytes| CustomerFile {
        kind: "image",
        bytes,
        mimetype,
        name: None,
        caption: Some("our roof"),
    };
    let forms = [
        &photo("image/jpeg", b"\xff\xd8\xff\xe0small"),
        &photo("image/png", b"\x89PNG\r\n\x1a\nbetter"),
    ];
    let gateway = &bridge.simulation.waapify;
    gateway.customer_sends_hd_photo(phone, name, forms).await;
    bridge.settle().await;
    bridge.assert_posted_with_file("our roof");
    assert_eq!(uploads(&bridge), ["image/png"]);
}

#[tokio::test]
async fn the_better_picture_of_one_that_was_posted_is_left_out() {
    let bridge = Bridge::new().await;
    keep_pictures(&bridge);
    for _ in 0..2 {
        posts_file(&bridge, "hd-photo-small.json").await;
        posts_file(&bridge, "hd-photo-child.json").await;
    }
    bridge.assert_posted_with_file("our roof");
    assert_eq!(uploads(&bridge), ["image/jpeg"]);
}

#[tokio::test]
async fn a_picture_names_no_other_chats_message_to_replace_its_file() {
    let bridge = Bridge::new().await;
    keep_pictures(&bridge);
    let mut child = field("hd-photo-child.json");
    child["data"]["messages"][0]["key"]["remoteJid"] = json!("60123000004@s.whatsapp.net");
    assert_eq!(
        bridge.gateway_posts(&field("hd-photo-small.json")).await,
        StatusCode::OK
    );
    posts(&bridge, &child).await;
    assert_eq!(uploads(&bridge), ["image/jpeg"]);
}

#[tokio::test]
async fn the_moving_part_of_a_photo_is_left_out() {
    for kind in [
        json!(12),
        json!("MOTION_PHOTO"),
        json!("HEVC_VIDEO_DUAL_UPLOAD"),
    ] {
        let bridge = Bridge::new().await;
        keep_pictures(&bridge);
        let mut part = field("hd-photo-child.json");
        let around = &mut part["data"]["messages"][0]["message"]["messageContextInfo"];
        around["messageAssociation"]["associationType"] = kind.clone();
        posts(&bridge, &part).await;
        posts_file(&bridge, "hd-photo-small.json").await;
        bridge.assert_posted_with_file("our roof");
        assert_eq!(uploads(&bridge), ["image/jpeg"], "{kind}");
    }
}

// ---- lengths ----

#[tokio::test]
async fn a_file_with_a_wrong_length_is_attached() {
    for length in [json!("0"), json!(1), json!("99999999999"), json!(159)] {
        let bridge = Bridge::new().await;
        keep_pictures(&bridge);
        let mut body = field("image-filelength-zero.json");
        let message = &mut body["data"]["messages"][0]["message"];
        message["imageMessage"]["fileLength"] = length.clone();
        posts(&bridge, &body).await;
        assert_eq!(uploads(&bridge), ["image/jpeg"], "{length}");
        bridge.assert_posted_with_file("len 0");
    }
}

#[tokio::test]
async fn the_customer_is_asked_again_only_for_what_would_arrive_then() {
    let bridge = Bridge::new().await;
    let body = field("image-filelength-zero.json");
    posts(&bridge, &body).await;
    let gone = Reason::from(Media::Gone).english();
    let asked = format!("[Image — {gone}; ask the customer to send it again] len 0");
    assert_eq!(texts(&bridge), [asked]);
    let mut nowhere = body;
    let item = &mut nowhere["data"]["messages"][0];
    item["key"]["id"] = json!("AC02");
    item["message"]["imageMessage"]["directPath"] = json!("//evil.example/x");
    item["message"]["imageMessage"]["url"] = json!("https://evil.example/x");
    posts(&bridge, &nowhere).await;
    let text = texts(&bridge).remove(1);
    assert!(
        text.ends_with("; open WhatsApp on the phone to see it] len 0"),
        "{text}"
    );
}

// ---- words ----
