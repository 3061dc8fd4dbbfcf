//! The business's messages: signed, delivered until they are accepted, and updated with their status.

use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};
use rsa::RsaPublicKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::DecodePublicKey as _;
use rsa::signature::Verifier as _;
use serde_json::json;
use sha2::Sha256;
use simulators::{SignWith, seed};

use super::{Controls, Post, complaint, refusal, until};

const DELIVERY: &str = "/hooks/delivery";
/// Bytes before the key in the SPKI of an Ed25519 key.
const SPKI_HEADER_BYTES: usize = 12;
const NOT_YET: &str = "No conversation provider found for this message";

/// The business writes to Aisyah. Returns GHL's id of the message.
fn send(stage: &Controls) -> String {
    let file = "https://x/y.jpg".to_owned();
    let sent = stage
        .simulation
        .ghl
        .agent_sends(seed::AISYAH.0, "Selamat 🙏", &[file]);
    sent.unwrap()
}

fn status(stage: &Controls, id: &str) -> String {
    stage.simulation.ghl.message(id).unwrap().status
}

async fn send_and_deliver(stage: &Controls) -> String {
    let id = send(stage);
    until("accepted", || status(stage, &id) == "sent").await;
    id
}

fn signature(post: &Post, header: &str) -> Vec<u8> {
    STANDARD.decode(post.headers[header].as_bytes()).unwrap()
}

#[tokio::test]
async fn a_delivery_is_repeated_byte_for_byte_until_it_is_accepted() {
    let stage = Controls::new().await;
    stage.stub.refusals.store(2, Ordering::SeqCst);
    let id = send_and_deliver(&stage).await;
    let posts = stage.posts(DELIVERY);
    // Compared as text, because the order of the fields is documented.
    let body = format!(
        r#"{{"contactId":"{}","locationId":"{}","messageId":"{id}","type":"SMS","phone":"{}","message":"Selamat 🙏","attachments":["https://x/y.jpg"],"userId":"{}"}}"#,
        seed::AISYAH.0,
        seed::LOCATION_ID,
        seed::AISYAH.2,
        seed::USER_ID,
    );
    let bodies: Vec<_> = posts.iter().map(|post| post.body.clone()).collect();
    assert_eq!(bodies, [body.clone(), body.clone(), body.clone()]);

    assert_eq!(stage.simulation.ghl.redeliver(&id).await, Some(200));
    assert_eq!(stage.posts(DELIVERY)[3].body, body);
    let message = stage.simulation.ghl.message(&id).unwrap();
    assert_eq!(message.deliveries, 4);
    assert_eq!(message.statuses, ["pending", "sent"]);
}

#[tokio::test]
async fn a_delivery_is_signed_with_the_published_ed25519_key() {
    let stage = Controls::new().await;
    send_and_deliver(&stage).await;
    let post = &stage.posts(DELIVERY)[0];
    assert!(!post.headers.contains_key("x-wh-signature"));
    let published = stage.simulation.ghl.public_keys().ed25519_base64;
    let spki = STANDARD.decode(published).unwrap();
    let key = UnparsedPublicKey::new(&ED25519, &spki[SPKI_HEADER_BYTES..]);
    let signature = signature(post, "x-ghl-signature");
    key.verify(&post.body, &signature).unwrap();
    key.verify(b"another body", &signature).unwrap_err();
}

#[tokio::test]
async fn a_delivery_is_signed_as_before_with_the_published_rsa_key() {
    let stage = Controls::new().await;
    stage.simulation.ghl.set_signing(SignWith::Rsa);
    send_and_deliver(&stage).await;
    let post = &stage.posts(DELIVERY)[0];
    assert!(!post.headers.contains_key("x-ghl-signature"));
    let pem = stage.simulation.ghl.rsa_public_key_pem().unwrap();
    let key = RsaPublicKey::from_public_key_pem(&pem).unwrap();
    let key = VerifyingKey::<Sha256>::new(key);
    let signature = signature(post, "x-wh-signature");
    let signature = Signature::try_from(signature.as_slice()).unwrap();
    key.verify(&post.body, &signature).unwrap();
    key.verify(b"another body", &signature).unwrap_err();
}

#[tokio::test]
async fn a_delivery_can_go_unsigned() {
    let stage = Controls::new().await;
    stage.simulation.ghl.set_signing(SignWith::Nothing);
    send_and_deliver(&stage).await;
    let headers = &stage.posts(DELIVERY)[0].headers;
    for header in ["x-ghl-signature", "x-wh-signature"] {
        assert!(!headers.contains_key(header), "{header}");
    }
}

#[tokio::test]
async fn a_status_is_refused_at_first_and_taken_later() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    stage
        .simulation
        .adjust(|timings| timings.not_yet = Duration::from_hours(1));
    let id = send_and_deliver(&stage).await;
    let failed = json!({"status": "failed", "error": {"code": "1", "type": "x", "message": "y"}});
    let early = stage.put_status(&token, &id, &failed).await;
    assert_eq!(complaint(&early), refusal(403, NOT_YET));
    assert_eq!(status(&stage, &id), "sent");

    stage
        .simulation
        .adjust(|timings| timings.not_yet = Duration::ZERO);
    let (code, answer) = stage.put_status(&token, &id, &failed).await;
    assert_eq!(code, 200, "{answer}");
    let message = stage.simulation.ghl.message(&id).unwrap();
    assert_eq!(message.statuses, ["pending", "sent", "failed"]);
    assert_eq!(message.error, Some(failed["error"].clone()));
}

#[tokio::test]
async fn a_status_that_breaks_the_schema_is_refused() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let id = send_and_deliver(&stage).await;
    for body in [
        json!({"status": "sent"}),
        json!({"status": "delivered", "deliveredAt": 1}),
        json!({"status": "failed", "error": {"code": "1"}}),
    ] {
        assert_eq!(stage.put_status(&token, &id, &body).await.0, 422, "{body}");
    }
    assert_eq!(status(&stage, &id), "sent");
}

#[tokio::test]
async fn the_status_of_an_unknown_message_is_refused() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let answer = stage
        .put_status(&token, "nope", &json!({"status": "read"}))
        .await;
    assert_eq!(
        complaint(&answer),
        refusal(401, "No message found for the id")
    );
}
