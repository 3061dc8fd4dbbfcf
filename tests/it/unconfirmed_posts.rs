//! A post to GHL whose answer was lost is looked for before it is repeated; and many first messages make one contact.

use std::sync::Arc;

use simulators::{Fault, seed};
use time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use waapify_ghl::accounts::connect::Entered;
use waapify_ghl::app::App;
use waapify_ghl::clients::ghl;
use waapify_ghl::clients::ghl::CallError;
use waapify_ghl::workers::inbound::Inbound;
use waapify_ghl::workers::waapify_events::WaapifyEvents;
use waapify_ghl::{clients, workers};

use crate::harness::{Bridge, environment, location, settings, wait};

const INBOUND: &str = "POST /conversations/messages/inbound";
const SEARCH: &str = "GET /conversations/search";
const EXPORT: &str = "GET /conversations/messages/export";
const CREATE: &str = "POST /contacts/";
/// Longer than any test.
const FOREVER: std::time::Duration = std::time::Duration::from_mins(5);

/// Aisyah writes a text whose post gets this fault. Returns WhatsApp's id.
pub async fn writes_into(bridge: &Bridge, fault: Fault, text: &str) -> String {
    bridge.simulation.ghl.faults().push(INBOUND, fault);
    let id = bridge.customer_writes(text).await;
    bridge.settle().await;
    id
}

pub async fn state(bridge: &Bridge, id: &str) -> String {
    bridge.inbound(id).await.unwrap().0
}

fn searches(bridge: &Bridge) -> usize {
    bridge.simulation.ghl.faults().count(SEARCH)
}

/// Waits until GHL's search index has what was posted.
pub async fn after_index_lag(bridge: &Bridge) {
    bridge.after(Duration::minutes(3)).await;
}

#[tokio::test]
async fn a_message_that_ghl_has_is_not_posted_again_though_its_answer_was_lost() {
    let bridge = Bridge::new().await;
    let mut texts = Vec::new();
    for (status, body) in [
        (500, "{}"),
        (502, "<html>"),
        (408, ""),
        (200, "{}"),
        (201, "<html>"),
    ] {
        let text = format!("jawapan {status} {body}");
        let id = writes_into(&bridge, Fault::after_effect(status, body), &text).await;
        // Once the conversation is known, GHL's search need not be waited for.
        let is_known = !texts.is_empty();
        bridge.after(Duration::minutes(1)).await;
        let expected = if is_known { "posted" } else { "accepted" };
        assert_eq!(state(&bridge, &id).await, expected, "{text}");
        after_index_lag(&bridge).await;
        assert_eq!(state(&bridge, &id).await, "posted", "{text}");
        texts.push(text);
        assert_eq!(bridge.conversation(), texts);
        bridge.customer_writes("terima kasih").await;
        bridge.settle().await;
        texts.push("terima kasih".to_owned());
    }
    assert_eq!((bridge.posted().len(), searches(&bridge)), (10, 1));
}

#[tokio::test]
async fn it_is_found_by_its_id_whatever_stands_behind_it() {
    for is_known in [false, true] {
        let bridge = Bridge::new().await;
        if is_known {
            bridge.customer_writes("salam").await;
            bridge.settle().await;
        }
        let before = bridge.conversation();
        let id = writes_into(&bridge, Fault::after_effect(502, ""), "hai").await;
        // More than a page of it.
        for n in 0..120 {
            bridge.agent_writes(&format!("ya {n}?")).await;
        }
        after_index_lag(&bridge).await;
        assert_eq!(state(&bridge, &id).await, "posted");
        assert_eq!(
            bridge.conversation(),
            [before, vec!["hai".to_owned()]].concat()
        );
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn in_place_of_a_conversation_that_is_gone_the_one_that_is_found_is_read() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("salam").await;
    bridge.settle().await;
    sqlx::query("update contacts set conversation_id = 'gone'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let id = writes_into(&bridge, Fault::after_effect(502, ""), "hai").await;
    for n in 0..3 {
        bridge.agent_writes(&format!("ya {n}?")).await;
    }
    after_index_lag(&bridge).await;
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!(bridge.conversation(), ["salam", "hai"]);
}

#[tokio::test]
async fn a_message_that_ghl_does_not_have_is_posted_again_after_the_look() {
    let bridge = Bridge::new().await;
    let id = writes_into(&bridge, Fault::answer(500, "{}"), "hai").await;
    assert_eq!((bridge.posted().len(), searches(&bridge)), (1, 0));
    after_index_lag(&bridge).await;
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!(bridge.conversation(), ["hai"]);
    assert_eq!((bridge.posted().len(), searches(&bridge)), (2, 1));
}

#[tokio::test]
async fn a_clear_refusal_needs_no_look() {
    let bridge = Bridge::new().await;
    for (status, body) in [
        (429, "{}"),
        (201, ""),
        (401, r#"{"message":"Unauthorized"}"#),
    ] {
        let text = status.to_string();
        let id = writes_into(&bridge, Fault::answer(status, body), &text).await;
        bridge.after(Duration::seconds(15)).await;
        assert_eq!(state(&bridge, &id).await, "posted", "{status}");
    }
    assert_eq!((bridge.conversation().len(), searches(&bridge)), (3, 0));
}

#[tokio::test]
async fn a_process_killed_in_the_middle_of_a_post_doubles_nothing() {
    let bridge = Bridge::new().await;
    let (id, next) = (bridge.customer_writes("hai").await, "ada?");
    let events = Arc::new(WaapifyEvents(Arc::clone(&bridge.app.context)));
    workers::step(&events).await.unwrap();
    let lost = Fault::silent_after_effect(FOREVER);
    bridge.simulation.ghl.faults().push(INBOUND, lost);
    let worker = Arc::new(Inbound(Arc::clone(&bridge.app.context)));
    let step = tokio::spawn(async move { workers::step(&worker).await });
    wait("GHL has it", async || bridge.conversation() == ["hai"]).await;
    step.abort();
    assert!(step.await.unwrap_err().is_cancelled());
    bridge.customer_writes(next).await;
    after_index_lag(&bridge).await;
    assert_eq!(
        bridge.conversation(),
        ["hai"],
        "its lease still runs, the next one waits"
    );
    after_index_lag(&bridge).await;
    assert_eq!(bridge.conversation(), ["hai", next]);
    assert_eq!(state(&bridge, &id).await, "posted");
}

#[tokio::test]
async fn a_look_that_fails_is_a_failed_try_and_repeats_no_post() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    let scope = r#"{"message":"The token is not authorized for this scope."}"#;
    faults.push(SEARCH, Fault::answer(503, ""));
    faults.push(SEARCH, Fault::answer(401, scope));
    faults.push(EXPORT, Fault::answer(401, scope));
    faults.push(SEARCH, Fault::answer(200, "{}"));
    let id = writes_into(&bridge, Fault::after_effect(502, ""), "hai").await;
    for failures in [2, 2, 3] {
        after_index_lag(&bridge).await;
        let counted: i32 = sqlx::query_scalar("select failures from inbound")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
        assert_eq!(counted, failures);
    }
    bridge.after(Duration::minutes(10)).await;
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!((bridge.posted().len(), searches(&bridge)), (1, 4));
}

#[tokio::test]
async fn the_same_words_twice_are_two_messages_though_the_second_ones_answer_is_lost() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("ok").await;
    bridge.settle().await;
    let second = writes_into(&bridge, Fault::answer(500, "{}"), "ok").await;
    after_index_lag(&bridge).await;
    assert_eq!(bridge.conversation(), ["ok", "ok"]);
    assert_eq!(state(&bridge, &second).await, "posted");
}

#[tokio::test]
async fn a_refused_message_between_two_with_the_same_words_makes_neither_the_other() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("ok").await;
    bridge.settle().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(INBOUND, Fault::answer(400, r#"{"message":"no"}"#));
    let refused = writes_into(&bridge, Fault::answer(400, r#"{"message":"no"}"#), "x").await;
    bridge.after(Duration::seconds(5)).await;
    assert_eq!(state(&bridge, &refused).await, "failed");
    writes_into(&bridge, Fault::answer(500, "{}"), "ok").await;
    after_index_lag(&bridge).await;
    assert_eq!(bridge.conversation(), ["ok", "ok"]);
}

#[tokio::test]
async fn nothing_overtakes_a_message_whose_answer_was_lost_not_even_one_written_before_it() {
    let bridge = Bridge::new().await;
    let lost = writes_into(&bridge, Fault::after_effect(502, ""), "dua").await;
    let early = bridge.customer_writes("satu").await;
    let events = Arc::new(WaapifyEvents(Arc::clone(&bridge.app.context)));
    workers::step(&events).await.unwrap();
    sqlx::query(
        "update inbound set sent_at = sent_at - interval '1 hour' where wa_message_id = $1",
    )
    .bind(&early)
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["dua"]);
    after_index_lag(&bridge).await;
    assert_eq!(bridge.conversation(), ["dua", "satu"]);
    assert_eq!(state(&bridge, &lost).await, "posted");
    assert_eq!(bridge.posted().len(), 2);
}

/// Does what is due for inbound messages in both services at once, until nothing is due.
async fn settle_both(bridge: &Bridge, other: &App) {
    loop {
        let mut steps = JoinSet::new();
        for app in [&bridge.app, other] {
            let worker = Arc::new(Inbound(Arc::clone(&app.context)));
            steps.spawn(async move { workers::step(&worker).await.unwrap() });
        }
        if steps.join_all().await.iter().sum::<usize>() == 0 {
            return;
        }
    }
}

#[tokio::test]
async fn five_first_messages_at_two_numbers_and_two_services_make_one_contact() {
    let bridge = Bridge::new().await;
    let (pool, clock) = (bridge.database.pool.clone(), bridge.clock.clone());
    let other = App::new(&settings(&bridge.environment), pool, clock).unwrap();
    let second = bridge.simulation.waapify.add_instance(
        "SECOND",
        "second-token",
        "60117654321",
        "Kedai Dua",
    );
    let entered = Entered {
        instance_id: "SECOND".to_owned(),
        access_token: "second-token".into(),
        number: "60117654321".to_owned(),
    };
    bridge
        .app
        .connector
        .connect(&location(), &entered, None)
        .await
        .unwrap();
    let (name, phone) = seed::STRANGER;
    for n in 0..5 {
        let number = if n % 2 == 0 {
            &second
        } else {
            &bridge.simulation.waapify
        };
        number
            .customer_sends(phone, name, &format!("pesan {n}"))
            .await;
    }
    let events = Arc::new(WaapifyEvents(Arc::clone(&bridge.app.context)));
    while workers::step(&events).await.unwrap() > 0 {}
    // GHL creates the contact, but its answer is lost.
    bridge
        .simulation
        .ghl
        .faults()
        .push(CREATE, Fault::after_effect(502, ""));
    settle_both(&bridge, &other).await;
    assert_eq!(
        bridge.simulation.ghl.faults().count(CREATE),
        1,
        "the others wait"
    );
    bridge.clock.advance(Duration::minutes(1));
    settle_both(&bridge, &other).await;
    let contacts = bridge.simulation.ghl.contacts(seed::LOCATION_ID);
    let made: Vec<_> = contacts
        .iter()
        .filter(|c| c.phone.as_deref() == Some(phone))
        .collect();
    assert_eq!(made.len(), 1);
    let messages = bridge.simulation.ghl.messages_with(&made[0].id);
    let mut texts: Vec<_> = messages.into_iter().map(|message| message.text).collect();
    texts.sort();
    assert_eq!(
        texts,
        ["pesan 0", "pesan 1", "pesan 2", "pesan 3", "pesan 4"]
    );
    assert_eq!(
        bridge.simulation.ghl.faults().count(CREATE),
        1,
        "found the second time"
    );
}

/// The error of a call to a GHL at `address`.
async fn failure_at(address: std::net::SocketAddr) -> CallError {
    let address = format!("http://{address}");
    let settings = settings(&environment(&address, &address));
    let http = clients::http_client().unwrap();
    let ghl = ghl::Client::new(http, &settings.ghl, &settings.public_url);
    let (token, location) = ("token".into(), location());
    let found = ghl.find_contact(&token, &location, seed::AISYAH.2).await;
    found.unwrap_err()
}

#[tokio::test]
async fn only_a_connection_that_was_there_may_have_carried_the_message() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let hang_up = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        connection.read_u8().await.unwrap();
    };
    let (cut_off, ()) = tokio::join!(failure_at(address), hang_up);
    assert!(cut_off.may_have_arrived, "{cut_off}");
    drop(listener);
    let refused = failure_at(address).await;
    assert!(!refused.may_have_arrived, "{refused}");
}
