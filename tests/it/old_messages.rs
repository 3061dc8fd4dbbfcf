//! Messages that were written days before they came, as after a phone is linked again: held, counted, shown, forgotten.

use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::{CustomerFile, Fault, seed};
use time::Duration;
use waapify_ghl::db::inbound::late;

use crate::app_page::{Frame, OTHER, install_other};
use crate::ghl_events::uninstall;
use crate::harness::{Bridge, location};

const PHONE: &str = "60123456789@s.whatsapp.net";

/// A message from the chat `jid` that was written `age` ago.
fn written(bridge: &Bridge, jid: &str, id: &str, age: Duration, content: &Value) -> Value {
    json!({
        "key": {"remoteJid": jid, "fromMe": false, "id": id},
        "messageTimestamp": (bridge.clock.now() - age).unix_timestamp(),
        "pushName": "Aisyah",
        "message": content,
    })
}

async fn gives(bridge: &Bridge, messages: &[Value], kind: &str) {
    let event = json!({"messages": messages, "type": kind});
    let posted = bridge
        .simulation
        .waapify
        .post_event("messages.upsert", event);
    assert_eq!(posted.await, Some(200));
    bridge.settle().await;
}

/// The gateway gives texts that were written `age` ago, a minute apart, oldest first.
async fn gives_texts(bridge: &Bridge, texts: &[&str], age: Duration, kind: &str) {
    let messages = (0..).zip(texts).map(|(n, text)| {
        let age = age - Duration::minutes(n);
        let content = json!({"conversation": text});
        written(bridge, PHONE, &format!("OLD{text}"), age, &content)
    });
    let messages: Vec<_> = messages.collect();
    gives(bridge, &messages, kind).await;
}

async fn state(bridge: &Bridge, id: &str) -> (String, Option<String>) {
    let (state, why, _) = bridge.inbound(id).await.unwrap();
    (state, why)
}

/// How many wait for a word, and how many are to be shown.
async fn counts(bridge: &Bridge) -> (i64, i64) {
    let old = late::find(&bridge.database.pool, &location())
        .await
        .unwrap();
    (old.asked, old.shown)
}

/// The last message that the page counted.
async fn last_on_page(frame: &Frame<'_>) -> String {
    let page = frame.get("").await.body;
    let (_, rest) = page.split_once("name=\"last\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Presses a button of the panel.
async fn press(frame: &Frame<'_>, what: &str) {
    let last = last_on_page(frame).await;
    let address = format!("/old-messages/{what}");
    let answer = frame.post(&address, &[("last", &last)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

const MONTH: Duration = Duration::days(30);

fn forgotten() -> (String, Option<String>) {
    let why = "old_message_forgotten".to_owned();
    ("ignored".to_owned(), Some(why))
}

fn held() -> (String, Option<String>) {
    ("held".to_owned(), Some("old_message".to_owned()))
}

#[tokio::test]
async fn what_is_older_than_three_days_is_not_posted_by_itself_whatever_its_type() {
    for kind in ["notify", "append"] {
        let bridge = Bridge::new().await;
        let (limit, little) = (Duration::days(3), Duration::MINUTE);
        gives_texts(&bridge, &["lama"], limit + little, kind).await;
        gives_texts(&bridge, &["baru"], limit - little, kind).await;
        bridge.after(Duration::days(9)).await;
        assert_eq!(bridge.conversation(), ["baru"], "{kind}");
        assert_eq!(state(&bridge, "OLDlama").await, held());
        assert_eq!(counts(&bridge).await, (1, 0));
    }
}

#[tokio::test]
async fn the_page_says_how_many_there_are_and_shows_them_in_their_order_with_their_dates() {
    let bridge = Bridge::new().await;
    let texts = ["1", "2", "3", "4", "5", "6", "7"];
    gives_texts(&bridge, &texts, MONTH, "append").await;
    assert!(bridge.conversation().is_empty());
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    for words in [
        "<strong>7</strong> messages came",
        "30 d ago",
        "Show them in GHL",
        "Forget them",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let malay = frame.get_in("ms", "").await.body;
    assert!(
        malay.contains("Paparkan dalam GHL") && malay.contains("Abaikan"),
        "{malay}"
    );
    let list = frame.get("/messages?state=held").await.body;
    assert!(
        !list.contains("Try again") && list.contains("more than three days"),
        "{list}"
    );
    press(&frame, "show").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), texts);
    let year_month = (bridge.clock.now() - MONTH).date().to_string();
    let date = bridge.posted()[0]["date"].as_str().unwrap().to_owned();
    assert!(date.starts_with(&year_month), "{date}");
    assert_eq!(counts(&bridge).await, (0, 0));
    assert!(!frame.get("").await.body.contains("Old messages"));
}

#[tokio::test]
async fn forgotten_ones_never_come_and_what_came_later_is_asked_about_anew() {
    let bridge = Bridge::new().await;
    gives_texts(&bridge, &["a", "b"], MONTH, "append").await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let last = last_on_page(&frame).await;
    gives_texts(&bridge, &["c"], MONTH, "append").await;
    let answer = frame.post("/old-messages/forget", &[("last", &last)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    gives_texts(&bridge, &["a", "b"], MONTH, "append").await;
    bridge.after(Duration::days(9)).await;
    assert_eq!(state(&bridge, "OLDa").await, forgotten());
    assert_eq!(
        bridge.inbound("OLDa").await.unwrap().2,
        None,
        "nor is its text kept"
    );
    assert_eq!(counts(&bridge).await, (1, 0), "c was not on the page");
    assert!(bridge.conversation().is_empty());
}

#[tokio::test]
async fn live_messages_go_first() {
    let bridge = Bridge::new().await;
    let texts: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    gives_texts(&bridge, &texts, MONTH, "append").await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    press(&frame, "show").await;
    bridge.customer_writes("sekarang").await;
    bridge.settle().await;
    let shown = bridge.conversation();
    assert_eq!(shown[0], "sekarang");
    assert_eq!(shown[1..], texts);
}

#[tokio::test]
async fn old_ones_wait_while_ghl_does_not_take_live_ones() {
    let bridge = Bridge::new().await;
    gives_texts(&bridge, &["lama"], MONTH, "append").await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let post = "POST /conversations/messages/inbound";
    bridge
        .simulation
        .ghl
        .faults()
        .push(post, Fault::answer(503, ""));
    bridge.customer_writes("sekarang").await;
    bridge.settle().await;
    press(&frame, "show").await;
    bridge.settle().await;
    assert_eq!(bridge.posted().len(), 1, "only the live one was tried");
    assert!(frame.get("").await.body.contains("on their way to GHL"));
    for _ in 0..4 {
        bridge.after(Duration::minutes(3)).await;
    }
    assert_eq!(bridge.conversation(), ["sekarang", "lama"]);
}

#[tokio::test]
async fn old_ones_of_a_hidden_sender_wait_for_a_word_and_then_for_the_phone() {
    let bridge = Bridge::new().await;
    let lid = "184467440000001@lid";
    let text = |id: &str| written(&bridge, lid, id, MONTH, &json!({"conversation": id}));
    gives(&bridge, &[text("A"), text("B")], "append").await;
    assert_eq!(state(&bridge, "A").await, held());
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    press(&frame, "show").await;
    bridge.settle().await;
    assert_eq!(
        state(&bridge, "A").await.1.as_deref(),
        Some("old_message_shown")
    );
    gives(&bridge, &[text("C")], "append").await;
    let mut known = written(
        &bridge,
        lid,
        "NOW",
        Duration::ZERO,
        &json!({"conversation": "NOW"}),
    );
    known["key"]["senderPn"] = PHONE.into();
    gives(&bridge, &[known], "notify").await;
    let mut shown = bridge.conversation();
    shown.sort();
    assert_eq!(shown, ["A", "B", "NOW"]);
    assert_eq!(
        state(&bridge, "C").await,
        held(),
        "a known phone is no person's word"
    );
    press(&frame, "show").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation().last().unwrap(), "C");
}

#[tokio::test]
async fn old_ones_of_a_sender_who_stays_hidden_are_shown_without_a_phone_but_not_by_themselves() {
    let bridge = Bridge::new().await;
    let lid = "184467440000001@lid";
    let text = |id: &str| written(&bridge, lid, id, MONTH, &json!({"conversation": id}));
    gives(&bridge, &[text("A"), text("B")], "append").await;
    bridge.after(Duration::HOUR).await;
    assert_eq!(state(&bridge, "A").await, held());
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    press(&frame, "show").await;
    bridge.settle().await;
    let posted = bridge.posted();
    let shown: Vec<_> = posted.iter().map(|post| &post["message"]).collect();
    assert_eq!(shown, ["A", "B"]);
}

#[tokio::test]
async fn an_old_message_without_content_waits_for_a_word_too() {
    let bridge = Bridge::new().await;
    for id in ["S1", "S2"] {
        let mut stub = written(&bridge, PHONE, id, MONTH, &json!(null));
        stub["messageStubType"] = 2.into();
        stub.as_object_mut().unwrap().remove("message");
        gives(&bridge, &[stub], "append").await;
    }
    assert_eq!(state(&bridge, "S1").await, held());
    let content = written(&bridge, PHONE, "S1", MONTH, &json!({"conversation": "isi"}));
    gives(&bridge, &[content], "append").await;
    bridge.after(Duration::HOUR).await;
    assert_eq!(state(&bridge, "S1").await, held());
    assert_eq!(state(&bridge, "stub:S2").await, held());
    assert!(bridge.conversation().is_empty());
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    press(&frame, "show").await;
    bridge.settle().await;
    let shown = bridge.conversation();
    assert_eq!(
        (shown.len(), shown.contains(&"isi".to_owned())),
        (2, true),
        "{shown:?}"
    );
}

#[tokio::test]
async fn an_old_file_is_fetched_when_it_is_shown_and_nobody_asks_for_it_again() {
    let bridge = Bridge::new().await;
    let waapify = &bridge.simulation.waapify;
    let file = CustomerFile {
        kind: "image",
        bytes: b"\xff\xd8\xff\xe0 a picture",
        mimetype: "image/jpeg",
        name: None,
        caption: Some("Resit"),
    };
    let old = written(&bridge, PHONE, "FILE", MONTH, &waapify.announce(&file));
    gives(&bridge, &[old], "append").await;
    waapify.lose_files();
    assert!(waapify.media_faults().seen().is_empty(), "not fetched yet");
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    press(&frame, "show").await;
    for _ in 0..4 {
        bridge.after(Duration::minutes(1)).await;
    }
    let shown = bridge.conversation();
    assert_eq!(shown.len(), 1);
    assert!(
        shown[0].contains("Resit") && shown[0].contains("does not keep"),
        "{shown:?}"
    );
    assert!(!shown[0].contains("send it again"), "{shown:?}");
}

#[tokio::test]
async fn old_calls_and_what_the_business_wrote_long_ago_wait_too() {
    let bridge = Bridge::new().await;
    let mut own = written(
        &bridge,
        PHONE,
        "AC0123456789ABCDEF0123456789ABCDEF",
        MONTH,
        &json!({"conversation": "kami"}),
    );
    own["key"]["fromMe"] = true.into();
    own["status"] = 2.into();
    gives(&bridge, &[own], "append").await;
    let date = (bridge.clock.now() - MONTH).date();
    let call = json!([{"chatId": PHONE, "from": PHONE, "id": "CALL", "date": format!("{date}T06:58:27.000Z"),
        "offline": true, "status": "timeout", "isVideo": false, "isGroup": false}]);
    bridge.simulation.waapify.post_event("call", call).await;
    bridge.settle().await;
    assert!(bridge.posted().is_empty());
    assert_eq!(counts(&bridge).await, (2, 0));
}

#[tokio::test]
async fn what_a_person_wrote_long_ago_proves_no_send_of_today() {
    let bridge = Bridge::new().await;
    bridge.simulation.waapify.set_webhook(None);
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, ""));
    let id = bridge.agent_writes("ok").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "unconfirmed");
    bridge.connect().await;
    let mut own = written(
        &bridge,
        PHONE,
        "3EB0AAAAAAAAAAAAAAAAAA",
        MONTH,
        &json!({"conversation": "ok"}),
    );
    own["key"]["fromMe"] = true.into();
    own["status"] = 2.into();
    gives(&bridge, &[own], "append").await;
    assert_eq!(bridge.state(&id).await, "unconfirmed");
}

#[tokio::test]
async fn a_message_that_waited_here_is_not_old() {
    let bridge = Bridge::new().await;
    let event = json!({"messages": [written(&bridge, PHONE, "OLDx", Duration::days(1), &json!({"conversation": "x"}))],
        "type": "append"});
    bridge
        .simulation
        .waapify
        .post_event("messages.upsert", event)
        .await;
    bridge.after(Duration::days(20)).await;
    assert_eq!(bridge.conversation(), ["x"]);
}

#[tokio::test]
async fn an_uninstall_forgets_old_messages_so_that_nothing_offers_them_again() {
    let bridge = Bridge::new().await;
    gives_texts(&bridge, &["a", "b"], MONTH, "append").await;
    uninstall(&bridge, seed::LOCATION_ID).await;
    bridge.settle().await;
    assert_eq!(state(&bridge, "OLDa").await, forgotten());
    assert_eq!(counts(&bridge).await, (0, 0));
}

#[tokio::test]
async fn a_word_is_about_the_sessions_own_location_and_only_from_an_admin() {
    let bridge = Bridge::new().await;
    install_other(&bridge).await;
    gives_texts(&bridge, &["a"], MONTH, "append").await;
    let frame = Frame::open(&bridge, OTHER).await;
    assert!(!frame.get("").await.body.contains("Old messages"));
    let all = i64::MAX.to_string();
    frame.post("/old-messages/forget", &[("last", &all)]).await;
    for last in ["", "x", "99999999999999999999"] {
        let answer = frame.post("/old-messages/show", &[("last", last)]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{last}");
    }
    let mine = Frame::open(&bridge, seed::LOCATION_ID).await;
    let forged = mine
        .post_with("/old-messages/show", "no token", &[("last", &all)])
        .await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    assert_eq!(counts(&bridge).await, (1, 0));
}
