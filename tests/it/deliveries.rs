//! `POST /hooks/delivery`: signature, limits, storing once, and the answer to everything that GHL may send.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::Value;
use waapify_ghl::app::App;
use waapify_ghl::db;
use waapify_ghl::db::connection::Pool;
use waapify_ghl::runtime::clock::Clock;

use crate::harness::{
    TestDatabase, ask, corpus, environment, hook_path, payload, settings, signature_of,
};

/// The settings with the corpus's keys.
fn corpus_environment() -> Vec<(String, String)> {
    environment("http://localhost:8080", "http://127.0.0.1:9")
}

/// The routes over a database, with the corpus's keys.
fn routes(pool: Pool) -> Router {
    App::new(&settings(&corpus_environment()), pool, Clock::system())
        .unwrap()
        .router()
}

fn delivery(file: &str) -> Request<Body> {
    request(
        &[("x-ghl-signature", &signature_of(file))],
        payload(&format!("ghl/webhooks/{file}")),
    )
}

fn request(headers: &[(&str, &str)], body: Vec<u8>) -> Request<Body> {
    let path = hook_path(&corpus_environment(), "/hooks/delivery");
    let request = Request::post(path).header("content-type", "application/json");
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    request.body(Body::from(body)).unwrap()
}

async fn deliver(routes: &Router, file: &str) -> (StatusCode, HeaderMap, String) {
    ask(routes, delivery(file)).await
}

async fn stored(pool: &Pool) -> Vec<(String, String, Vec<u8>)> {
    sqlx::query_as("select location_id, ghl_message_id, body from outbound order by id")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_delivery_of_the_corpus_gets_the_answer_its_index_asks_for() {
    let database = TestDatabase::new().await;
    let routes = routes(database.pool.clone());
    let mut accepted = Vec::new();
    for file in corpus("delivery") {
        let file = file.as_str();
        let (status, _, text) = deliver(&routes, file).await;
        // A body that names no message cannot be reported on. Any other is accepted, with any content.
        let expected = match file {
            "not_json.bin" | "array.json" => StatusCode::BAD_REQUEST,
            _ => StatusCode::OK,
        };
        assert_eq!(status, expected, "{file}: {text}");
        if status == StatusCode::OK && file != "provider_outbound_sms_redelivery_2.json" {
            accepted.push(payload(&format!("ghl/webhooks/{file}")));
        }
    }
    let kept: Vec<_> = stored(&database.pool)
        .await
        .into_iter()
        .map(|(_, _, body)| body)
        .collect();
    assert_eq!(
        kept, accepted,
        "each is stored once, as the bytes it came in"
    );
    assert!(accepted.len() >= 21);
}

#[tokio::test]
async fn a_delivery_without_a_good_signature_is_refused_and_not_stored() {
    let database = TestDatabase::new().await;
    let routes = routes(database.pool.clone());
    let body = payload("ghl/webhooks/provider_outbound_sms_text.json");
    let other = signature_of("provider_outbound_sms_unicode.json");
    for headers in [
        vec![],
        vec![("x-ghl-signature", "N/A")],
        vec![("x-ghl-signature", other.as_str())],
        vec![("x-wh-signature", "AAAA")],
    ] {
        let (status, _, _) = ask(&routes, request(&headers, body.clone())).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{headers:?}");
    }
    assert!(stored(&database.pool).await.is_empty());
}

#[tokio::test]
async fn the_older_signature_is_taken_where_it_comes_alone() {
    let database = TestDatabase::new().await;
    let signatures: Value = serde_json::from_slice(&payload("ghl/keys/signatures.json")).unwrap();
    let rows = signatures["signatures"].as_array().unwrap();
    let row = rows
        .iter()
        .find(|row| row["file"] == "provider_outbound_sms_text.json")
        .unwrap();
    let header = row["x-wh-signature"].as_str().unwrap();
    let body = payload("ghl/webhooks/provider_outbound_sms_text.json");
    let (status, _, _) = ask(
        &routes(database.pool.clone()),
        request(&[("x-wh-signature", header)], body),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(stored(&database.pool).await.len(), 1);
}

#[tokio::test]
async fn a_redelivery_is_answered_and_changes_nothing() {
    let database = TestDatabase::new().await;
    let routes = routes(database.pool.clone());
    for file in [
        "provider_outbound_sms_redelivery_1.json",
        "provider_outbound_sms_redelivery_2.json",
        "provider_outbound_sms_redelivery_1.json",
    ] {
        assert_eq!(deliver(&routes, file).await.0, StatusCode::OK);
    }
    assert_eq!(stored(&database.pool).await.len(), 1);
    assert_eq!(
        deliver(&routes, "provider_outbound_sms_user_retry.json")
            .await
            .0,
        StatusCode::OK
    );
    assert_eq!(
        stored(&database.pool).await.len(),
        2,
        "the user's own retry is a message of its own"
    );
}

#[tokio::test]
async fn an_oversized_body_is_answered_413_before_anything_else() {
    let database = TestDatabase::new().await;
    let body = vec![b' '; 3 * 1024 * 1024];
    let (status, _, _) = ask(&routes(database.pool.clone()), request(&[], body)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn when_the_store_is_down_ghl_is_asked_to_come_again() {
    let nowhere = db::open_pool("postgres://nobody@127.0.0.1:9/none").unwrap();
    let (status, headers, _) = deliver(&routes(nowhere), "provider_outbound_sms_text.json").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(
        headers["retry-after"]
            .to_str()
            .unwrap()
            .parse::<u32>()
            .unwrap()
            > 0
    );
}

#[tokio::test]
async fn when_the_store_hangs_ghl_is_asked_to_come_again_and_nothing_is_lost() {
    let database = TestDatabase::new().await;
    let routes = routes(database.pool.clone());
    let mut blocker = database.pool.begin().await.unwrap();
    sqlx::query("lock table outbound in access exclusive mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let (status, headers, _) = deliver(&routes, "provider_outbound_sms_text.json").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers.contains_key("retry-after"));
    blocker.rollback().await.unwrap();
    assert_eq!(
        deliver(&routes, "provider_outbound_sms_text.json").await.0,
        StatusCode::OK
    );
    assert_eq!(stored(&database.pool).await.len(), 1);
}

#[tokio::test]
async fn other_methods_and_paths_are_refused_without_a_word_about_the_inside() {
    let database = TestDatabase::new().await;
    let routes = routes(database.pool.clone());
    for (method, path, expected) in [
        ("GET", "/hooks/delivery", StatusCode::METHOD_NOT_ALLOWED),
        ("GET", "/", StatusCode::NOT_FOUND),
        ("POST", "/hooks/waapify/guess", StatusCode::NOT_FOUND),
        ("GET", "/connect/guess", StatusCode::NOT_FOUND),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::from("{}"))
            .unwrap();
        let (status, headers, text) = ask(&routes, request).await;
        assert_eq!(status, expected, "{method} {path}");
        assert!(!text.contains("sql") && !text.contains("src/"), "{text}");
        assert!(headers.contains_key("x-request-id"), "{method} {path}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(
            headers["content-security-policy"]
                .to_str()
                .unwrap()
                .starts_with("default-src 'none'")
        );
    }
}
