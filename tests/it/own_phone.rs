//! What a person of the business writes on the phone: shown in GHL as the business's message, once and in order. A
//! send of the service is not shown again, and a message that GHL delivers back is not sent again.

use std::sync::Arc;

use serde_json::{Value, json};
use simulators::{Direction, Echoes, Fault, seed};
use time::Duration;
use tokio::task::JoinSet;
use waapify_ghl::app::App;
use waapify_ghl::workers;
use waapify_ghl::workers::inbound::Inbound;
use waapify_ghl::workers::waapify_events::WaapifyEvents;

use crate::harness::{Bridge, picture, settings, wait};
use crate::messages::newest;

const INBOUND: &str = "POST /conversations/messages/inbound";
const PHONE: &str = seed::AISYAH.2;

/// The business writes to Aisyah on its phone. Returns WhatsApp's id.
async fn owner_writes(bridge: &Bridge, text: &str) -> String {
    bridge.simulation.waapify.owner_writes(PHONE, text).await
}

/// GHL's conversation with Aisyah.
fn bubbles(bridge: &Bridge) -> Vec<(Direction, String)> {
    let messages = bridge.simulation.ghl.messages_with(seed::AISYAH.0);
    messages
        .into_iter()
        .map(|message| (message.direction, message.text))
        .collect()
}

fn from_business(text: &str) -> (Direction, String) {
    (Direction::Outbound, text.to_owned())
}

/// State and reason of GHL's delivery of its one outbound message, after it has arrived.
async fn echo(bridge: &Bridge) -> (String, Option<String>) {
    let id = bridge
        .simulation
        .ghl
        .messages_with(seed::AISYAH.0)
        .remove(0)
        .id;
    wait("GHL has delivered it", async || {
        bridge.simulation.ghl.message(&id).unwrap().status == "delivered"
            && sqlx::query_scalar(
                "select exists (select 1 from outbound where ghl_message_id = $1)",
            )
            .bind(&id)
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap()
    })
    .await;
    bridge.settle().await;
    bridge.outbound(&id).await
}

#[tokio::test]
async fn what_is_written_on_the_phone_stands_in_ghl_as_the_businesss_and_in_order() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("Ada stok?").await;
    let id = owner_writes(&bridge, "Ada, dua lagi").await;
    bridge.customer_writes("Saya nak satu").await;
    bridge.settle().await;
    let customer = |text: &str| (Direction::Inbound, text.to_owned());
    assert_eq!(
        bubbles(&bridge),
        [
            customer("Ada stok?"),
            from_business("Ada, dua lagi"),
            customer("Saya nak satu")
        ]
    );
    let mut body = bridge.posted().remove(1);
    body.as_object_mut().unwrap().remove("date");
    let expected = json!({"type": "SMS", "direction": "outbound", "contactId": seed::AISYAH.0, "message": "Ada, dua lagi", "altId": id});
    assert_eq!(body, expected);
    assert!(bridge.sends().is_empty());
    let listed = newest(&bridge.database.pool, 10).await;
    assert_eq!(listed.len(), 3, "an operator sees it, too");
}

#[tokio::test]
async fn a_webhook_that_comes_again_changes_nothing() {
    let bridge = Bridge::new().await;
    let id = owner_writes(&bridge, "Ada").await;
    let key = json!({"remoteJid": "60123456789@s.whatsapp.net", "fromMe": true, "id": id});
    let message = json!({"key": key, "status": 2, "messageTimestamp": bridge.clock.now().unix_timestamp(), "message": {"conversation": "Ada"}});
    for _ in 0..2 {
        let again = json!({"messages": [message], "type": "append"});
        bridge
            .simulation
            .waapify
            .post_event("messages.upsert", again)
            .await;
        bridge.settle().await;
    }
    assert_eq!(bubbles(&bridge), [from_business("Ada")]);
}

#[tokio::test]
async fn two_services_show_each_message_once() {
    let bridge = Bridge::new().await;
    let (pool, clock) = (bridge.database.pool.clone(), bridge.clock.clone());
    let other = App::new(&settings(&bridge.environment), pool, clock).unwrap();
    let texts: Vec<String> = (0..6).map(|n| format!("pesan {n}")).collect();
    for text in &texts {
        owner_writes(&bridge, text).await;
    }
    loop {
        let mut steps = JoinSet::new();
        for app in [&bridge.app, &other] {
            let events = Arc::new(WaapifyEvents(Arc::clone(&app.context)));
            let inbound = Arc::new(Inbound(Arc::clone(&app.context)));
            steps.spawn(async move { workers::step(&events).await.unwrap() });
            steps.spawn(async move { workers::step(&inbound).await.unwrap() });
        }
        if steps.join_all().await.iter().sum::<usize>() == 0 {
            break;
        }
    }
    let expected: Vec<_> = texts.iter().map(|text| from_business(text)).collect();
    assert_eq!(bubbles(&bridge), expected);
}

#[tokio::test]
async fn what_the_service_sends_is_never_shown_twice_however_its_echo_looks_and_whenever_it_comes()
{
    for (is_hidden, comes_first) in [(false, false), (false, true), (true, false), (true, true)] {
        let bridge = Bridge::new().await;
        bridge.simulation.waapify.set_hides_echoes(is_hidden);
        bridge.simulation.adjust(|timings| {
            let (send, echo) = if comes_first { (400, 5) } else { (0, 50) };
            timings.send_takes = std::time::Duration::from_millis(send);
            timings.echo_after = std::time::Duration::from_millis(echo);
        });
        let id = bridge.agent_writes("hai").await;
        let read_echo = async {
            wait("the echo has come", async || {
                let chat = bridge.simulation.waapify.chat(PHONE);
                chat.first().is_some_and(|message| message.heard)
            })
            .await;
            let events = Arc::new(WaapifyEvents(Arc::clone(&bridge.app.context)));
            workers::step(&events).await.unwrap();
        };
        tokio::join!(bridge.settle(), read_echo);
        bridge.after(Duration::minutes(5)).await;
        let case = format!("hidden: {is_hidden}, before the reply: {comes_first}");
        assert_eq!(bubbles(&bridge), [from_business("hai")], "{case}");
        assert!(bridge.posted().is_empty(), "{case}");
        assert_eq!(bridge.state(&id).await, "sent", "{case}");
        assert_eq!(bridge.sends().len(), 1, "{case}");
    }
}

#[tokio::test]
async fn the_same_words_typed_on_the_phone_do_not_confirm_a_send() {
    let bridge = Bridge::new().await;
    let gateway = bridge.simulation.waapify.faults();
    gateway.push("send.php", Fault::answer(200, "null"));
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    owner_writes(&bridge, "hai").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "unconfirmed");
    assert_eq!(
        bubbles(&bridge),
        [from_business("hai"), from_business("hai")]
    );
}

#[tokio::test]
async fn what_ghl_delivers_back_is_not_sent_and_the_agents_same_words_later_are() {
    for echoes in [Echoes::BeforeAnswer, Echoes::AfterAnswer] {
        let bridge = Bridge::new().await;
        bridge.simulation.ghl.set_echoes_outbound(echoes);
        owner_writes(&bridge, "Ada").await;
        bridge.settle().await;
        let (state, reason) = echo(&bridge).await;
        assert_eq!(state, "ignored", "{echoes:?}");
        let why = "ghl_echo";
        assert_eq!(reason.as_deref(), Some(why));
        let agents = bridge.agent_writes("Ada").await;
        bridge.settle().await;
        assert_eq!(bridge.state(&agents).await, "sent", "{echoes:?}");
        assert_eq!(bridge.sends().len(), 1, "{echoes:?}");
    }
}

#[tokio::test]
async fn an_echo_whose_post_got_no_answer_waits_and_then_proves_the_post() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .ghl
        .set_echoes_outbound(Echoes::BeforeAnswer);
    let faults = bridge.simulation.ghl.faults();
    faults.push(INBOUND, Fault::after_effect(502, ""));
    let id = owner_writes(&bridge, "Ada").await;
    bridge.settle().await;
    assert_eq!(echo(&bridge).await.0, "accepted", "it waits");
    // The next message to the customer is delayed for a short time only.
    let next = bridge.agent_writes("Mahu?").await;
    bridge.after(Duration::minutes(3)).await;
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(echo(&bridge).await.0, "ignored");
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted");
    assert_eq!(bridge.posted().len(), 1);
    assert_eq!(bridge.state(&next).await, "sent");
    assert_eq!(bridge.sends().len(), 1, "the agent's own");
}

#[tokio::test]
async fn other_words_of_the_agent_do_not_wait_while_a_post_is_unclear() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(INBOUND, Fault::after_effect(502, ""));
    owner_writes(&bridge, "Ada").await;
    bridge.settle().await;
    let agents = bridge.agent_writes("Mahu?").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&agents).await, "sent");
}

#[tokio::test]
async fn a_lost_answer_leads_to_no_second_bubble() {
    for tells in [false, true] {
        let bridge = Bridge::new().await;
        bridge.simulation.ghl.set_posts_stored_messages(tells);
        let faults = bridge.simulation.ghl.faults();
        bridge.customer_writes("ok").await;
        bridge.settle().await;
        faults.push(INBOUND, Fault::after_effect(502, ""));
        let id = owner_writes(&bridge, "ok").await;
        bridge.settle().await;
        if tells {
            // Now the last message of the conversation proves nothing, but the event does.
            bridge.agent_writes("lagi?").await;
            wait("GHL has told of it", async || {
                let told: i64 = sqlx::query_scalar(
                    "select count(*) from ghl_events where event_type = 'OutboundMessage'",
                )
                .fetch_one(&bridge.database.pool)
                .await
                .unwrap();
                told == 1
            })
            .await;
        }
        bridge.after(Duration::minutes(3)).await;
        assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted", "{tells}");
        assert_eq!(bridge.posted().len(), 2, "{tells}");
    }
}

#[tokio::test]
async fn a_post_that_ghl_never_got_is_repeated() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    bridge.customer_writes("ok").await;
    bridge.settle().await;
    faults.push(INBOUND, Fault::answer(500, "{}"));
    owner_writes(&bridge, "ok").await;
    bridge.settle().await;
    bridge.after(Duration::minutes(3)).await;
    let expected = [(Direction::Inbound, "ok".to_owned()), from_business("ok")];
    assert_eq!(bubbles(&bridge), expected);
}

#[tokio::test]
async fn a_new_contact_is_made_without_a_name_and_does_not_count_as_one_who_wrote() {
    let bridge = Bridge::new().await;
    let (_, phone) = seed::STRANGER;
    bridge.simulation.waapify.owner_writes(phone, "Salam").await;
    bridge.settle().await;
    let upsert = bridge.simulation.ghl.faults().seen_at("POST /contacts/");
    let made: Vec<Value> = upsert.into_iter().map(|seen| seen.body).collect();
    assert_eq!(
        made,
        [json!({"locationId": seed::LOCATION_ID, "phone": phone})]
    );
    let wrote: Option<time::OffsetDateTime> = sqlx::query_scalar("select wrote_at from contacts")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(wrote, None);
}

#[tokio::test]
async fn an_answer_from_the_phone_does_not_move_when_the_customer_wrote_last() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    let wrote = async || -> Option<time::OffsetDateTime> {
        sqlx::query_scalar("select wrote_at from contacts")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap()
    };
    sqlx::query("update contacts set wrote_at = wrote_at - interval '1 hour'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let before = wrote().await;
    owner_writes(&bridge, "ya").await;
    bridge.settle().await;
    assert!(before.is_some());
    assert_eq!(wrote().await, before);
}

#[tokio::test]
async fn a_picture_from_the_phone_hangs_on_its_message() {
    let bridge = Bridge::new().await;
    let picture = picture("Yang ini");
    bridge
        .simulation
        .waapify
        .owner_sends_file(PHONE, &picture)
        .await;
    bridge.settle().await;
    let uploads = bridge.simulation.ghl.uploads();
    assert_eq!(uploads.len(), 1);
    let body = bridge.posted().remove(0);
    assert_eq!(body["direction"], "outbound");
    assert_eq!(body["message"], "Yang ini");
    assert_eq!(body["attachments"], json!([uploads[0].url]));
}

#[tokio::test]
async fn what_the_business_writes_to_a_group_or_to_itself_stays_on_the_phone() {
    let bridge = Bridge::new().await;
    let own = format!("{}@s.whatsapp.net", seed::NUMBER);
    for (jid, why) in [
        ("120363041234567890@g.us", "group_message"),
        (own.as_str(), "note_to_self"),
    ] {
        let content = json!({"conversation": "Mesyuarat jam 3"});
        let id = bridge
            .simulation
            .waapify
            .owner_sends(jid, "", content)
            .await;
        bridge.settle().await;
        let noted = bridge.inbound(&id).await;
        assert_eq!(noted, Some(("ignored".into(), Some(why.into()), None)));
    }
    assert!(bridge.posted().is_empty());
}

#[tokio::test]
async fn where_whatsapp_hides_the_customers_number_the_message_is_held() {
    let bridge = Bridge::new().await;
    let content = json!({"conversation": "Ada"});
    let jid = "112233445566778@lid";
    let id = bridge
        .simulation
        .waapify
        .owner_sends(jid, "", content)
        .await;
    bridge.settle().await;
    let (state, _, text) = bridge.inbound(&id).await.unwrap();
    assert_eq!((state.as_str(), text.as_deref()), ("held", Some("Ada")));
}
