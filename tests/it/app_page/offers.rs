//! What the page offers: only what can help, and what its reader may do.

use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::{Fault, seed};

use super::{Frame, exchange, payload_of};
use crate::harness::Bridge;
use crate::messages::{messages, number_of};
use crate::sso::user_of;

/// A user who is no admin.
async fn staff(bridge: &Bridge) -> Frame<'_> {
    let mut user = user_of(seed::LOCATION_ID);
    user["role"] = json!("user");
    Frame::of(bridge, &exchange(bridge, &payload_of(&user)).await)
}

/// How many messages `messages replay --dry-run` would send again.
async fn countable(bridge: &Bridge) -> usize {
    let arguments = ["replay", "--since", "1d", "--dry-run", "--json"];
    let (code, stdout, stderr) = messages(bridge, &arguments).await;
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let preview: Value = serde_json::from_str(&stdout).unwrap();
    preview["matching"].as_array().unwrap().len()
}

#[tokio::test]
async fn without_a_number_nothing_to_whatsapp_is_sent_again_and_the_way_to_connect_one_stands_there()
 {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let id = number_of(&bridge, &id).await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let rests = [
        String::new(),
        "/messages".to_owned(),
        format!("/messages/{id}"),
    ];
    for rest in &rests {
        let page = frame.get(rest).await.body;
        let way = format!("href=\"{}#numbers\">Connect a number first", frame.path);
        assert!(!page.contains("Try again"), "{rest}: {page}");
        assert!(page.contains(&way), "{rest}: {page}");
    }
    assert!(frame.get("").await.body.contains("id=\"numbers\""));
    let retried = frame.post(&format!("/messages/{id}/retry"), &[]).await;
    let page = frame.get_at(retried.leads_to()).await.body;
    assert!(page.contains("connect a WhatsApp number first"), "{page}");
    assert!(!page.contains("on its way"), "{page}");
    let (code, _, stderr) = messages(&bridge, &["replay", &id]).await;
    assert_eq!(code, Some(1), "{stderr}");
    assert_eq!(countable(&bridge).await, 0);
    bridge.connect().await;
    for rest in &rests {
        let page = frame.get(rest).await.body;
        assert!(page.contains("Try again"), "{rest}: {page}");
    }
    assert_eq!(countable(&bridge).await, 1);
}

#[tokio::test]
async fn a_message_that_fails_again_is_not_said_to_be_on_its_way() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge.connect().await;
    let faults = bridge.simulation.waapify.faults();
    let refusal = r#"{"status":"error","message":"Invalid phone"}"#;
    faults.always("send.php", Fault::answer(200, refusal));
    let id = number_of(&bridge, &id).await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let retried = frame.post(&format!("/messages/{id}/retry"), &[]).await;
    let place = retried.leads_to().to_owned();
    let page = frame.get_at(&place).await.body;
    assert!(page.contains("It is on its way again."), "{page}");
    let failed = "update outbound set state = 'failed' where id = $1";
    sqlx::query(failed)
        .bind(id.parse::<i64>().unwrap())
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let page = frame.get_at(&place).await.body;
    assert!(page.contains("has failed again"), "{page}");
    assert!(!page.contains("It is on its way again."), "{page}");
}

#[tokio::test]
async fn a_row_that_cannot_be_sent_again_says_what_to_do_in_the_words_of_its_reason() {
    let bridge = Bridge::new().await;
    let ghl = &bridge.simulation.ghl;
    let contact = ghl.add_contact(seed::LOCATION_ID, "Tanpa kod", "12345");
    let id = bridge.agent_sends(&contact, "hai", &[]).await;
    bridge.settle().await;
    let id = number_of(&bridge, &id).await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for rest in ["", "/messages"] {
        let page = frame.get(rest).await.body;
        assert!(
            page.contains("<td>Correct the contact, then write anew</td>"),
            "{rest}: {page}"
        );
    }
    let page = frame.get(&format!("/messages/{id}")).await.body;
    assert!(page.contains("and write the message anew."), "{page}");
    assert!(!page.contains("send again"), "{page}");
    let malay = frame.get_in("ms", "/messages").await.body;
    assert!(malay.contains("Betulkan kenalan, kemudian tulis semula"));
}

#[tokio::test]
async fn staff_are_offered_no_change_and_a_refusal_leads_back() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge.connect().await;
    let id = number_of(&bridge, &id).await;
    let settings = format!("/numbers/{}", seed::NUMBER);
    let pages = [
        String::new(),
        "/messages".to_owned(),
        format!("/messages/{id}"),
        settings.clone(),
    ];
    let (admin, staff) = (
        Frame::open(&bridge, seed::LOCATION_ID).await,
        staff(&bridge).await,
    );
    for rest in &pages {
        let offers = |page: &str| page.contains("<button") && page.contains("method=\"post\"");
        let (of_admin, of_staff) = (admin.get(rest).await.body, staff.get(rest).await.body);
        assert!(offers(&of_admin), "{rest}: {of_admin}");
        for offered in [
            "Try again",
            "Connect another",
            ">Save<",
            "Link the phone again",
            "Send from this",
        ] {
            assert!(!of_staff.contains(offered), "{rest}: {offered}: {of_staff}");
        }
    }
    let list = staff.get("/messages").await.body;
    assert!(list.contains("An admin can send it again"), "{list}");
    let form = staff.get(&settings).await.body;
    assert!(
        form.contains("readonly") && form.contains("disabled"),
        "{form}"
    );
    let refused = staff.post("/connect", &[]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("Only an admin may change this"));
    let back = format!("href=\"{}\"", staff.path);
    assert!(refused.body.contains(&back), "{}", refused.body);
}
