//! Files that people reported: pictures that come twice, moving parts, lengths that are wrong.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use simulators::{CustomerFile, Fault, seed};
use time::Duration;
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

/// The better picture of the field, changed.
fn better(change: impl FnOnce(&mut Value)) -> Value {
    let mut child = field("hd-photo-child.json");
    change(&mut child["data"]["messages"][0]);
    child
}

const BETTER_FILE: &str = "/message/associatedChildMessage/message/imageMessage";

/// Better pictures that cannot be had.
fn lost_pictures() -> Vec<(&'static str, Value)> {
    let changed = |field: &'static str, value: &str| {
        let value = json!(value);
        better(|item| item.pointer_mut(BETTER_FILE).unwrap()[field] = value)
    };
    let small = field("hd-photo-small.json");
    let key = &small["data"]["messages"][0]["message"]["imageMessage"]["mediaKey"];
    vec![
        ("gone", changed("directPath", "/m/nowhere")),
        ("another key", changed("mediaKey", key.as_str().unwrap())),
        ("a wrong MAC", changed("directPath", "/m/damaged")),
    ]
}

#[tokio::test]
async fn the_small_picture_is_shown_if_the_better_one_cannot_be_had() {
    for (case, child) in lost_pictures() {
        for is_small_first in [true, false] {
            let bridge = Bridge::new().await;
            keep_pictures(&bridge);
            bridge
                .simulation
                .waapify
                .keep_encrypted("/m/damaged", vec![7; 90]);
            let mut bodies = [&field("hd-photo-small.json"), &child];
            if !is_small_first {
                bodies.reverse();
            }
            for body in bodies.into_iter().chain(bodies) {
                assert_eq!(bridge.gateway_posts(body).await, StatusCode::OK);
            }
            bridge.settle().await;
            bridge.assert_posted_with_file("our roof");
            assert_eq!(uploads(&bridge), ["image/jpeg"], "{case} {is_small_first}");
            bridge.database.pool.close().await;
        }
    }
}

#[tokio::test]
async fn a_better_picture_that_is_too_large_for_ghl_gives_way_to_the_small_one() {
    let bridge = Bridge::new().await;
    let (_, name, phone) = seed::AISYAH;
    let photo = |mimetype, bytes| CustomerFile {
        kind: "image",
        bytes,
        mimetype,
        name: None,
        caption: Some("our roof"),
    };
    let large = [b"\x89PNG\r\n\x1a\n".to_vec(), vec![0; 6 * 1024 * 1024]].concat();
    let forms = [
        &photo("image/jpeg", b"\xff\xd8\xff\xe0small"),
        &photo("image/png", &large),
    ];
    let gateway = &bridge.simulation.waapify;
    gateway.customer_sends_hd_photo(phone, name, forms).await;
    bridge.settle().await;
    bridge.assert_posted_with_file("our roof");
    assert_eq!(uploads(&bridge), ["image/jpeg"]);
}

#[tokio::test]
async fn the_small_picture_may_come_some_seconds_after_a_better_one_that_is_gone() {
    let bridge = Bridge::new().await;
    keep_pictures(&bridge);
    let (_, gone) = lost_pictures().swap_remove(0);
    posts(&bridge, &gone).await;
    assert!(bridge.posted().is_empty(), "it waits for the small one");
    bridge.clock.advance(Duration::seconds(3));
    posts_file(&bridge, "hd-photo-small.json").await;
    bridge.after(Duration::seconds(30)).await;
    bridge.assert_posted_with_file("our roof");
}

#[tokio::test]
async fn a_better_picture_that_is_gone_and_alone_is_told_after_half_a_minute() {
    let bridge = Bridge::new().await;
    keep_pictures(&bridge);
    let (_, gone) = lost_pictures().swap_remove(0);
    posts(&bridge, &gone).await;
    bridge.after(Duration::seconds(30)).await;
    let told = texts(&bridge);
    assert!(told[0].contains("send it again"), "{told:?}");
    // Later than anything waits for it: a photo of its own.
    posts_file(&bridge, "hd-photo-small.json").await;
    assert_eq!(texts(&bridge)[1], "our roof");
    assert_eq!(uploads(&bridge), ["image/jpeg"]);
}

#[tokio::test]
async fn a_better_picture_whose_server_fails_for_long_gives_way_to_the_small_one() {
    for status in [503, 429] {
        let bridge = Bridge::new().await;
        keep_pictures(&bridge);
        let faults = bridge.simulation.waapify.media_faults();
        for _ in 0..5 {
            faults.push("GET file", Fault::answer(status, ""));
        }
        let bodies = ["hd-photo-small.json", "hd-photo-child.json"];
        for file in bodies {
            assert_eq!(bridge.gateway_posts(&field(file)).await, StatusCode::OK);
        }
        for _ in 0..13 {
            bridge.after(Duration::seconds(10)).await;
        }
        bridge.assert_posted_with_file("our roof");
        assert_eq!(uploads(&bridge), ["image/jpeg"]);
    }
}

#[tokio::test]
async fn a_link_is_to_the_small_picture_if_the_better_one_failed() {
    let bridge = Bridge::new().await;
    keep_pictures(&bridge);
    let faults = bridge.simulation.waapify.media_faults();
    faults.always("GET file", Fault::answer(503, ""));
    for file in ["hd-photo-small.json", "hd-photo-child.json"] {
        assert_eq!(bridge.gateway_posts(&field(file)).await, StatusCode::OK);
    }
    for _ in 0..13 {
        bridge.after(Duration::seconds(10)).await;
    }
    faults.clear();
    let told = texts(&bridge).remove(0);
    let link = told
        .split_whitespace()
        .find(|word| word.contains("/files/"));
    let path = link.unwrap().strip_prefix(&bridge.address).unwrap();
    let answer = bridge.http.get(format!("{}{path}", bridge.address));
    let answer = answer.send().await.unwrap();
    let kind = answer.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        (answer.status(), kind.as_str()),
        (StatusCode::OK, "image/jpeg")
    );
}

#[tokio::test]
async fn a_better_picture_that_belongs_to_no_picture_of_its_chat_is_a_photo_of_its_own() {
    let elsewhere = better(|item| {
        item["key"]["remoteJid"] = json!("60123000004@s.whatsapp.net");
    });
    let mut words = field("hd-photo-small.json");
    words["data"]["messages"][0]["message"] = json!({"conversation": "not a photo"});
    let cases = [
        (
            &field("hd-photo-small.json"),
            &elsewhere,
            vec!["image/jpeg", "image/png"],
        ),
        (&words, &field("hd-photo-child.json"), vec!["image/png"]),
    ];
    for (first, child, expected) in cases {
        for is_child_first in [false, true] {
            let bridge = Bridge::new().await;
            keep_pictures(&bridge);
            let mut bodies = [first, child];
            if is_child_first {
                bodies.reverse();
            }
            for body in bodies {
                posts(&bridge, body).await;
            }
            assert_eq!(bridge.posted().len(), 2, "{is_child_first}");
            let mut uploaded = uploads(&bridge);
            uploaded.sort();
            assert_eq!(uploaded, expected, "{is_child_first}");
            bridge.database.pool.close().await;
        }
    }
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

#[tokio::test]
async fn a_better_picture_that_ghl_refuses_is_linked_where_the_small_one_is_gone() {
    for is_small_first in [true, false] {
        let bridge = Bridge::new().await;
        keep_pictures(&bridge);
        let mut small = field("hd-photo-small.json");
        small["data"]["messages"][0]["message"]["imageMessage"]["directPath"] = json!("/m/nowhere");
        let too_large = Fault::answer(413, r#"{"message":"Payload Too Large"}"#);
        let faults = bridge.simulation.ghl.faults();
        faults.always("POST /conversations/messages/upload", too_large);
        let mut bodies = [small, field("hd-photo-child.json")];
        if !is_small_first {
            bodies.reverse();
        }
        for body in &bodies {
            assert_eq!(bridge.gateway_posts(body).await, StatusCode::OK);
        }
        bridge.settle().await;
        bridge.after(Duration::minutes(3)).await;
        let told = texts(&bridge);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("/files/"), "{told:?}");
        assert!(!told[0].contains("send it again"), "{told:?}");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn the_words_of_the_better_picture_are_kept_if_the_small_one_has_none() {
    for is_small_first in [true, false] {
        let bridge = Bridge::new().await;
        keep_pictures(&bridge);
        let mut small = field("hd-photo-small.json");
        let image = &mut small["data"]["messages"][0]["message"]["imageMessage"];
        image.as_object_mut().unwrap().remove("caption");
        let child = better(|item| {
            item.pointer_mut(BETTER_FILE).unwrap()["caption"] = json!("our new roof");
        });
        let mut bodies = [small, child];
        if !is_small_first {
            bodies.reverse();
        }
        for body in &bodies {
            assert_eq!(bridge.gateway_posts(body).await, StatusCode::OK);
        }
        bridge.settle().await;
        bridge.assert_posted_with_file("our new roof");
        bridge.database.pool.close().await;
    }
}
