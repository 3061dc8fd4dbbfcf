//! A message's file: found for every kind, read in every encoding, and ignored if it could not be fetched or opened.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;

/// A row of `media-vectors.json`, which does not have every vector that the index names.
pub(super) fn vector(name: &str) -> Option<Value> {
    let vectors = std::fs::read(Path::new(CORPUS).join("media-vectors.json")).unwrap();
    let vectors: Value = serde_json::from_slice(&vectors).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    vectors
        .iter()
        .find(|vector| vector["name"] == name)
        .cloned()
}

pub(super) fn assert_is_vector(case: &str, file: &MediaFile, vector: &Value) {
    let bytes = |field: &str| STANDARD.decode(vector[field].as_str().unwrap()).unwrap();
    let keys = match vector["mediaType"].as_str().unwrap() {
        "image" => MediaKeys::Image,
        "video" => MediaKeys::Video,
        "audio" => MediaKeys::Audio,
        _ => MediaKeys::Document,
    };
    assert_eq!(file.keys, keys, "{case}");
    assert_eq!(file.media_key.to_vec(), bytes("mediaKey"), "{case}");
    assert_eq!(file.sha256.unwrap().to_vec(), bytes("fileSha256"), "{case}");
    let encrypted = file.encrypted_sha256.unwrap().to_vec();
    assert_eq!(encrypted, bytes("fileEncSha256"), "{case}");
    assert_eq!(file.length, vector["fileLength"].as_u64(), "{case}");
    assert_eq!(
        file.direct_path.as_deref(),
        vector["directPath"].as_str(),
        "{case}"
    );
    assert_eq!(
        file.mimetype.as_deref(),
        vector["mimetype"].as_str(),
        "{case}"
    );
}

/// The fields of a file that can be fetched, with these changes; `null` removes a field.
fn body(changed: &Value) -> Value {
    let mut body = json!({"directPath": "/v/x.enc", "mediaKey": STANDARD.encode([7; 32])});
    for (field, value) in changed.as_object().unwrap() {
        body[field] = value.clone();
    }
    body
}

fn file(changed: &Value) -> Option<MediaFile> {
    said(&json!({"documentMessage": body(changed)})).file
}

#[test]
fn every_kind_with_a_file_names_its_keys() {
    for (field, flag, keys) in [
        ("imageMessage", "", MediaKeys::Image),
        ("stickerMessage", "", MediaKeys::Image),
        ("videoMessage", "", MediaKeys::Video),
        ("videoMessage", "gifPlayback", MediaKeys::Video),
        ("ptvMessage", "", MediaKeys::Video),
        ("audioMessage", "", MediaKeys::Audio),
        ("audioMessage", "ptt", MediaKeys::Audio),
        ("documentMessage", "", MediaKeys::Document),
    ] {
        let message = json!({field: body(&json!({flag: true}))});
        for message in [
            message.clone(),
            json!({"viewOnceMessageV2": {"message": message}}),
            json!({"documentWithCaptionMessage": {"message": message}}),
        ] {
            assert_eq!(said(&message).file.unwrap().keys, keys, "{message}");
        }
    }
    assert_eq!(said(&json!({"conversation": "hi"})).file, None);
}

#[test]
fn debug_output_shows_the_keys_and_the_length_of_a_file_alone() {
    let file = file(&json!({"fileLength": 9, "fileName": "secret"})).unwrap();
    assert_eq!(
        format!("{file:?}"),
        "MediaFile { keys: Document, length: Some(9), .. }"
    );
}

#[test]
fn bytes_are_read_in_every_encoding() {
    let bytes: Vec<u8> = (0..32).map(|byte| byte * 8 + 7).collect();
    let text = STANDARD.encode(&bytes);
    let map: serde_json::Map<String, Value> = bytes
        .iter()
        .enumerate()
        .map(|(index, byte)| (index.to_string(), json!(byte)))
        .collect();
    for encoded in [
        json!(text),
        json!(text.trim_end_matches('=')),
        json!(text.replace('+', "-").replace('/', "_")),
        json!(format!("{text}\n")),
        json!(bytes),
        json!(map),
        json!({"type": "Buffer", "data": bytes}),
        json!({"type": "Buffer", "data": text}),
        json!({"data": bytes}),
    ] {
        let file =
            file(&json!({"mediaKey": encoded, "fileSha256": encoded, "fileEncSha256": encoded}));
        let file = file.unwrap_or_else(|| panic!("{encoded}"));
        for read in [Some(file.media_key), file.sha256, file.encrypted_sha256] {
            assert_eq!(read.unwrap().to_vec(), bytes, "{encoded}");
        }
    }
}

#[test]
fn a_file_that_nothing_can_be_done_with_is_none() {
    for key in [
        json!(null),
        json!(""),
        json!("not base64!"),
        json!(STANDARD.encode([7; 31])),
        json!(STANDARD.encode([7; 33])),
        json!("A".repeat(1_000_000)),
        json!(vec![7; 31]),
        json!(vec![256; 32]),
        json!(vec!["7"; 32]),
        json!({"type": "Buffer", "data": {"data": {"data": 7}}}),
        json!({}),
        json!(7),
    ] {
        assert_eq!(file(&json!({"mediaKey": key})), None);
    }
    for path in [
        json!(null),
        json!(""),
        json!("/"),
        json!("v/x.enc"),
        json!("/v/x y"),
        json!("/v\n/x"),
        json!(format!("/{}", "x".repeat(4000))),
    ] {
        assert_eq!(file(&json!({"directPath": path})), None, "{path}");
        let with_url = file(&json!({"directPath": path, "url": "https://mmg.whatsapp.net/x"}));
        assert_eq!(with_url.unwrap().direct_path, None);
    }
    let wrong_hash = file(&json!({"fileSha256": "AAAA", "fileLength": -1})).unwrap();
    assert_eq!((wrong_hash.sha256, wrong_hash.length), (None, None));
    for (length, bytes) in [
        (json!({"low": 1, "high": 1}), 4_294_967_297),
        (json!({"low": -1, "high": 0}), 4_294_967_295),
        (json!({"low": -1, "high": {"low": 1}}), 4_294_967_295),
    ] {
        let file = file(&json!({"fileLength": length})).unwrap();
        assert_eq!(file.length, Some(bytes), "{length}");
    }
    for length in [
        json!(160),
        json!("160"),
        json!({"low": 160, "high": 0, "unsigned": true}),
    ] {
        assert_eq!(
            file(&json!({"fileLength": length})).unwrap().length,
            Some(160)
        );
    }
}

#[test]
fn a_file_name_is_one_clean_line_and_keeps_its_ending() {
    for (given, name) in [
        ("Slip Gaji Nov.pdf", "Slip Gaji Nov.pdf"),
        (" a\n\tb.pdf ", "a b.pdf"),
        ("photo_\u{202E}gpj.exe", "photo_gpj.exe"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("C:\\x.pdf", "C:_x.pdf"),
        ("发票 👨‍👩‍👧.pdf", "发票 👨‍👩‍👧.pdf"),
    ] {
        let file = file(&json!({"fileName": given})).unwrap();
        assert_eq!(file.file_name.as_deref(), Some(name));
    }
    for blank in [json!(null), json!(" \n"), json!("\u{202E}\u{200B}")] {
        assert_eq!(file(&json!({"fileName": blank})).unwrap().file_name, None);
    }
    let long = file(&json!({"fileName": format!("{}.pdf", "ж".repeat(300))})).unwrap();
    let long = long.file_name.unwrap();
    assert!(
        long.ends_with("ж….pdf") && long.chars().count() == 120,
        "{long}"
    );
    for (ending, kept) in [(".abcdefghijk", true), (".abcdefghijkl", false)] {
        let name = format!("{}{ending}", "a".repeat(300));
        let name = file(&json!({"fileName": name})).unwrap().file_name.unwrap();
        assert_eq!((name.ends_with(ending), name.chars().count()), (kept, 120));
    }
}
