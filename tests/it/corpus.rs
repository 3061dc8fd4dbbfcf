//! Posts every body of the gateway's corpus to the service: GHL must receive what the index says. Writes a table of
//! the results to `target/tmp/corpus.md`.

use std::fs;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::harness::{Bridge, payload};

/// Kinds of bodies that lead to nothing in GHL.
const SILENT: &[&str] = &["ack", "noise", "album", "group_event"];

fn json(path: &str) -> Value {
    serde_json::from_slice(&payload(path)).unwrap()
}

/// The vector that a row of the index names, if it names one.
fn vector_of(row: &Value) -> Option<Value> {
    let vectors = json("waapify/media-vectors.json");
    let named = row.get("mediaVector")?;
    let mut vectors = vectors["vectors"].as_array().unwrap().iter();
    vectors.find(|vector| vector["name"] == *named).cloned()
}

fn decoded(vector: &Value, field: &str) -> Vec<u8> {
    STANDARD.decode(vector[field].as_str().unwrap()).unwrap()
}

/// Whether GHL must receive something for a row.
fn is_told(row: &Value) -> bool {
    let is = |field: &str| row.get(field) == Some(&Value::Bool(true));
    let says = row.get("text").and_then(Value::as_str) != Some("");
    let kind = row.get("kind").and_then(Value::as_str);
    let is_over = row.get("status").and_then(Value::as_str) == Some("terminate");
    let is_message =
        is_over || kind.is_some_and(|kind| !SILENT.contains(&kind)) || row.get("count").is_some();
    is_message && says && !is("ignore") && !is("group") && !is("apiEcho")
}

/// The texts that must be in the posted text.
fn words(row: &Value) -> Vec<String> {
    let fields = [
        "text",
        "caption",
        "fileName",
        "adSourceId",
        "ctwaClid",
        "lat",
    ];
    let words = fields.iter().filter_map(|field| match row.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    // An attached file carries its name itself.
    let attached = vector_of(row).is_some();
    let name = row.get("fileName").and_then(Value::as_str);
    words
        .filter(|word| !attached || Some(word.as_str()) != name)
        .collect()
}

#[tokio::test]
async fn ghl_receives_for_every_body_of_the_corpus_what_the_index_says() {
    let bridge = Bridge::new().await;
    let index = json("waapify/webhooks-index.json");
    let mut table = String::new();
    for row in index["files"].as_array().unwrap() {
        let file = row["file"].as_str().unwrap();
        // Several bodies have the same id in different encodings, and each must be handled as if it were the first.
        sqlx::query("truncate inbound, inbound_media, waapify_events")
            .execute(&bridge.database.pool)
            .await
            .unwrap();
        // All vectors together use only two paths.
        bridge.simulation.waapify.lose_files();
        if let Some(vector) = vector_of(row) {
            let (path, encrypted) = (vector["directPath"].as_str(), decoded(&vector, "encrypted"));
            bridge
                .simulation
                .waapify
                .keep_encrypted(path.unwrap(), encrypted);
        }
        let (posts, uploads) = (bridge.posted().len(), bridge.simulation.ghl.uploads().len());
        let webhook = bridge.simulation.waapify.webhook().unwrap();
        let path = format!("waapify/webhooks/{file}");
        let body = payload(&path);
        let answer = bridge.http.post(webhook).body(body).send().await.unwrap();
        // Only a body that is not JSON is refused.
        let expected = match serde_json::from_slice::<Value>(&payload(&path)) {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::BAD_REQUEST,
        };
        assert_eq!(answer.status(), expected, "{file}");
        bridge.settle().await;
        let posted = bridge.posted().split_off(posts);
        table.push_str(&line(file, &posted));
        if !is_told(row) {
            // A malformed body may still hold a message that a person can read, and that is never lost.
            assert!(
                posted.is_empty() || row.get("malformed").is_some(),
                "{file}: {posted:?}"
            );
            continue;
        }
        let expected = row.get("unique").and_then(Value::as_u64).unwrap_or(1);
        assert_eq!(posted.len() as u64, expected, "{file}: {posted:?}");
        let text = posted[0]["message"].as_str().unwrap();
        for word in words(row) {
            assert!(text.contains(&word), "{file}: {word:?} is not in {text:?}");
        }
        if let Some(vector) = vector_of(row) {
            let uploaded = bridge.simulation.ghl.uploads().split_off(uploads);
            assert_eq!(uploaded.len(), 1, "{file}");
            assert_eq!(uploaded[0].bytes, decoded(&vector, "plaintext"), "{file}");
            let attached = posted[0]["attachments"][0].as_str();
            assert_eq!(attached, Some(uploaded[0].url.as_str()), "{file}");
        }
    }
    fs::write(env!("CARGO_TARGET_TMPDIR").to_owned() + "/corpus.md", table).unwrap();
    let listed = index["files"].as_array().unwrap().len();
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/payloads/waapify/webhooks"
    );
    assert_eq!(fs::read_dir(folder).unwrap().count(), listed);
}

/// A line of the table.
fn line(file: &str, posted: &[Value]) -> String {
    let received: Vec<String> = posted
        .iter()
        .map(|post| {
            let text = post["message"]
                .as_str()
                .unwrap_or_default()
                .replace('\n', " / ");
            let short: String = text.chars().take(90).collect();
            let direction = post["direction"].as_str().unwrap_or_default();
            let files = post["attachments"].as_array().map_or(0, Vec::len);
            format!("{direction}: {short:?}, {files} files")
        })
        .collect();
    let received = if received.is_empty() {
        "—".to_owned()
    } else {
        received.join("; ")
    };
    format!("| {file} | {received} |\n")
}
