//! Contacts, conversations, channels and uploads of a location.

use serde_json::{Value, json};
use simulators::{DefaultProvider, seed};

use super::{CHANNELS, CONTACTS, CONVERSATIONS, Controls, ask, text};

const LOCATION: &str = seed::LOCATION_ID;

#[tokio::test]
async fn an_upsert_finds_a_contact_by_its_phone_or_creates_it() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let upsert = async |body: Value| {
        let path = "/contacts/upsert";
        stage.post(&token, CONTACTS, path, &body).await
    };
    let (status, known) = upsert(json!({"locationId": LOCATION, "phone": "+60 12-345 6789"})).await;
    assert_eq!((status, &known["new"]), (200, &json!(false)));
    assert_eq!(known["contact"]["id"], seed::AISYAH.0);
    let siti = json!({"locationId": LOCATION, "phone": "+60137778888", "name": "Siti"});
    let (status, created) = upsert(siti).await;
    assert_eq!((status, &created["new"]), (201, &json!(true)));
    let id = text(&created["contact"]["id"]);
    let contacts = stage.simulation.ghl.contacts(LOCATION);
    assert!(contacts.iter().any(|c| c.id == id && c.name == "Siti"));
    let elsewhere = upsert(json!({"locationId": "other", "phone": "+6"})).await;
    assert_eq!(elsewhere.0, 403);
}

#[tokio::test]
async fn a_duplicate_is_found_by_its_phone_unless_the_plus_is_lost() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let find = async |number: &str| {
        let path = format!("/contacts/search/duplicate?locationId={LOCATION}&number={number}");
        stage.get(&token, CONTACTS, &path).await
    };
    let (status, found) = find("%2B60198765432").await;
    assert_eq!(status, 200);
    assert_eq!(found["contact"]["name"], seed::LIM_WEI.1);
    // A bare plus in a query means a space.
    let (status, lost) = find("+60198765432").await;
    assert_eq!((status, &lost["contact"]), (200, &Value::Null));
}

#[tokio::test]
async fn a_second_conversation_with_a_contact_is_refused_with_the_id_of_the_first() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let contact = seed::LIM_WEI.0;
    let body = json!({"locationId": LOCATION, "contactId": contact});
    let create = async || {
        let path = "/conversations/";
        stage.post(&token, CONVERSATIONS, path, &body).await
    };
    let (status, first) = create().await;
    assert_eq!(status, 201, "{first}");
    let id = text(&first["conversation"]["id"]);
    let (status, second) = create().await;
    assert_eq!((status, text(&second["conversationId"])), (400, id.clone()));
    let path = format!("/conversations/search?locationId={LOCATION}&contactId={contact}");
    let (_, found) = stage.get(&token, CONVERSATIONS, &path).await;
    assert_eq!(found["total"], 1);
    assert_eq!(text(&found["conversations"][0]["id"]), id);
    let (status, _) = stage
        .get(&token, CONVERSATIONS, &format!("{path}&contact=x"))
        .await;
    assert_eq!(status, 422, "a field it does not know");
}

#[tokio::test]
async fn the_channel_tells_who_the_sms_provider_is() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let path = format!("/locations/{LOCATION}/conversationChannels/SMS");
    let default = async || {
        let (status, body) = stage.get(&token, CHANNELS, &path).await;
        assert_eq!(status, 200, "{body}");
        body["conversationChannel"]["defaults"].clone()
    };
    assert_eq!(default().await["SMS"], seed::PROVIDER_ID);
    stage
        .simulation
        .ghl
        .set_default_provider(LOCATION, DefaultProvider::NotConfigured);
    assert_eq!(default().await, Value::Null);
    let lower_case = path.replace("SMS", "sms");
    assert_eq!(stage.get(&token, CHANNELS, &lower_case).await.0, 422);
}

#[tokio::test]
async fn an_uploaded_file_keeps_its_bytes_and_gets_an_address() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let field = |name: &str, value: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = "--B\r\nContent-Disposition: form-data; name=\"fileAttachment\"; filename=\"a b.jpg\"\r\n\
        Content-Type: image/jpeg\r\n\r\nxx\r\nyy\r\n--B--\r\n";
    let body = [
        field("locationId", LOCATION),
        field("contactId", seed::AISYAH.0),
        file.to_owned(),
    ];
    let request = stage
        .http
        .post(format!("{}/ghl/conversations/messages/upload", stage.base))
        .header("content-type", "multipart/form-data; boundary=B")
        .body(body.concat());
    let (status, answer) = ask(request, &token, CONVERSATIONS).await;
    assert_eq!(status, 201, "{answer}");
    let address = text(&answer["uploadedFiles"]["a b.jpg"]);
    assert!(
        address.starts_with("https://storage.googleapis.com/"),
        "{answer}"
    );
    let uploads = stage.simulation.ghl.uploads();
    assert_eq!(uploads.len(), 1);
    assert_eq!(&uploads[0].bytes[..], b"xx\r\nyy");
    assert_eq!(uploads[0].content_type, "image/jpeg");
}
