//! An answer leaves from the number that its contact last wrote to or was last written from, whichever is the default.

mod holds;
mod lines;

use std::sync::Arc;

use serde_json::json;
use simulators::{Fault, Waapify, seed};
use time::Duration;
use waapify_ghl::accounts::connect::Entered;
use waapify_ghl::db::numbers::{removals, settings};
use waapify_ghl::workers;
use waapify_ghl::workers::outbound::Outbound;

use crate::attachment_sources::Storage;
use crate::harness::{Bridge, location};

/// The second number of the location.
pub const SECOND: &str = "60117654321";

/// A location whose first number is the default, and a handle on its second one.
pub async fn with_two_numbers() -> (Bridge, Waapify) {
    let bridge = Bridge::new().await;
    let second = connect_second(&bridge).await;
    set_default(&bridge, seed::NUMBER).await;
    (bridge, second)
}

/// Connects a number of another instance, which becomes the default.
pub async fn connect_second(bridge: &Bridge) -> Waapify {
    let waapify = &bridge.simulation.waapify;
    let second = waapify.add_instance("SECOND", "second-token", SECOND, "Kedai Dua");
    let entered = Entered {
        instance_id: "SECOND".to_owned(),
        access_token: "second-token".into(),
        number: SECOND.to_owned(),
    };
    (bridge.app.connector)
        .connect(&location(), &entered, None)
        .await
        .unwrap();
    second
}

pub async fn set_default(bridge: &Bridge, number: &str) {
    let made = settings::make_default(&bridge.database.pool, &location(), number).await;
    assert!(made.unwrap());
}

/// Aisyah writes to the second number, and her message is in GHL.
async fn aisyah_writes_to(bridge: &Bridge, number: &Waapify, text: &str) {
    let (_, name, phone) = seed::AISYAH;
    number.customer_sends(phone, name, text).await;
    bridge.settle().await;
}

/// The route of a message.
async fn route(bridge: &Bridge, id: &str) -> String {
    sqlx::query_scalar("select route from outbound where ghl_message_id = $1")
        .bind(id)
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
}

/// The number that a contact's next answer leaves from.
async fn last_number(bridge: &Bridge, contact: &str) -> Option<String> {
    sqlx::query_scalar("select last_number from contacts where contact_id = $1")
        .bind(contact)
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
}

/// What left from the first number.
fn first_texts(bridge: &Bridge) -> Vec<String> {
    bridge.simulation.waapify.sent_texts()
}

#[tokio::test]
async fn a_customer_who_wrote_to_a_number_is_answered_from_it_though_another_is_the_default() {
    let (bridge, second) = with_two_numbers().await;
    aisyah_writes_to(&bridge, &second, "hai").await;
    bridge.agent_writes("selamat datang").await;
    bridge.agent_sends(seed::LIM_WEI.0, "promosi", &[]).await;
    bridge.settle().await;
    assert_eq!(second.sent_texts(), ["selamat datang"]);
    assert_eq!(first_texts(&bridge), ["promosi"], "others: the default");
}

#[tokio::test]
async fn a_customer_who_writes_to_another_number_is_answered_from_that() {
    let (bridge, second) = with_two_numbers().await;
    aisyah_writes_to(&bridge, &second, "hai").await;
    bridge.clock.advance(Duration::minutes(1));
    let first = bridge.simulation.waapify.clone();
    aisyah_writes_to(&bridge, &first, "hai juga").await;
    bridge.agent_writes("ya").await;
    bridge.settle().await;
    assert_eq!(first_texts(&bridge), ["ya"]);
}

#[tokio::test]
async fn a_contact_who_was_written_to_is_answered_from_the_same_number() {
    let bridge = Bridge::new().await;
    let second = connect_second(&bridge).await;
    bridge.agent_writes("kempen").await;
    bridge.settle().await;
    assert_eq!(second.sent_texts(), ["kempen"]);
    set_default(&bridge, seed::NUMBER).await;
    bridge.agent_writes("oleh kakitangan").await;
    bridge.settle().await;
    assert_eq!(second.sent_texts(), ["kempen", "oleh kakitangan"]);
}

#[tokio::test]
async fn what_is_typed_on_a_numbers_phone_counts_too() {
    let (bridge, second) = with_two_numbers().await;
    second.owner_writes(seed::AISYAH.2, "saya di sini").await;
    bridge.settle().await;
    bridge.agent_writes("lagi").await;
    bridge.settle().await;
    assert_eq!(second.sent_texts(), ["saya di sini", "lagi"]);
}

#[tokio::test]
async fn conversations_stay_with_the_only_number_when_a_second_one_is_connected() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert_eq!(
        last_number(&bridge, seed::AISYAH.0).await,
        None,
        "no choice"
    );
    let second = connect_second(&bridge).await;
    bridge.agent_writes("ya").await;
    bridge.agent_sends(seed::LIM_WEI.0, "baharu", &[]).await;
    bridge.settle().await;
    assert_eq!(first_texts(&bridge), ["ya"]);
    assert_eq!(second.sent_texts(), ["baharu"], "a new contact");
}

#[tokio::test]
async fn so_does_what_waits_when_a_second_one_is_connected() {
    let bridge = Bridge::new().await;
    let first = bridge.simulation.waapify.clone();
    aisyah_writes_to(&bridge, &first, "hai").await;
    bridge.agent_writes("ya").await;
    let second = connect_second(&bridge).await;
    bridge.settle().await;
    assert_eq!(first_texts(&bridge), ["ya"]);
    assert_eq!(second.sent_texts(), [""; 0]);
}

#[tokio::test]
async fn a_number_with_two_forms_is_one_contact() {
    let (bridge, second) = with_two_numbers().await;
    // Mexican numbers have one digit more on WhatsApp.
    let ghl = &bridge.simulation.ghl;
    let contact = ghl.add_contact(seed::LOCATION_ID, "Lupe", "+525512345678");
    second
        .customer_sends("+5215512345678", "Lupe", "hola")
        .await;
    bridge.settle().await;
    bridge.agent_sends(&contact, "buenas", &[]).await;
    bridge.settle().await;
    assert_eq!(second.sent_texts(), ["buenas"]);
}

#[tokio::test]
async fn order_holds_across_numbers_when_the_route_changes_in_mid_message() {
    let (bridge, second) = with_two_numbers().await;
    let storage = Storage::of_a_shop().await;
    let file = storage.url("/menu.pdf");
    let begun = bridge
        .agent_sends(seed::AISYAH.0, "Menu kami", &[&file])
        .await;
    let worker = Arc::new(Outbound(Arc::clone(&bridge.app.context)));
    while bridge.sends().is_empty() {
        assert!(workers::step(&worker).await.unwrap() > 0);
    }
    assert_eq!(bridge.state(&begun).await, "accepted", "a part is left");
    assert_eq!(route(&bridge, &begun).await, seed::NUMBER, "and stays");
    // The next one leaves from the second number, which is free, but after the first one's file.
    sqlx::query("update contacts set last_number = $1 where contact_id = $2")
        .bind(SECOND)
        .bind(seed::AISYAH.0)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    sqlx::query(
        "update numbers set next_send_at = next_send_at + interval '1 min' where number = $1",
    )
    .bind(seed::NUMBER)
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    let next = bridge.agent_writes("dan ini").await;
    bridge.settle().await;
    assert_eq!(
        bridge.state(&next).await,
        "accepted",
        "it overtakes nothing"
    );
    assert_eq!(second.sent_texts(), Vec::<String>::new());
    bridge.after(Duration::minutes(1)).await;
    assert_eq!(bridge.state(&begun).await, "sent");
    assert_eq!(second.sent_texts(), ["dan ini"]);
}

#[tokio::test]
async fn what_waits_for_a_number_stays_with_it_when_the_default_changes() {
    let (bridge, second) = with_two_numbers().await;
    aisyah_writes_to(&bridge, &second, "hai").await;
    let turn = "update numbers set next_send_at = next_send_at + interval '1 min'";
    sqlx::query(turn)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge.agent_writes("jawapan").await;
    bridge.agent_sends(seed::LIM_WEI.0, "promosi", &[]).await;
    set_default(&bridge, SECOND).await;
    set_default(&bridge, seed::NUMBER).await;
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(second.sent_texts(), ["jawapan"]);
    assert_eq!(first_texts(&bridge), ["promosi"]);
}

#[tokio::test]
async fn what_waits_for_a_customer_leaves_from_the_number_that_he_writes_to_meanwhile() {
    let (bridge, second) = with_two_numbers().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    let turn = "update numbers set next_send_at = next_send_at + interval '1 min'";
    sqlx::query(turn)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let id = bridge.agent_writes("kempen").await;
    assert_eq!(route(&bridge, &id).await, seed::NUMBER);
    bridge.clock.advance(Duration::seconds(1));
    aisyah_writes_to(&bridge, &second, "hai lagi").await;
    assert_eq!(route(&bridge, &id).await, SECOND);
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(second.sent_texts(), ["kempen"]);
}

#[tokio::test]
async fn what_waits_for_a_number_that_is_removed_leaves_from_the_default() {
    let (bridge, second) = with_two_numbers().await;
    aisyah_writes_to(&bridge, &second, "hai").await;
    let faults = second.faults();
    faults.push("send.php", Fault::answer(200, ""));
    let id = bridge.agent_writes("jawapan").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "unconfirmed");
    assert_eq!(route(&bridge, &id).await, SECOND);
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    assert!(
        removals::remove_number(pool, &location(), SECOND, now)
            .await
            .unwrap()
    );
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(first_texts(&bridge), ["jawapan"]);
    let causes: Vec<Option<String>> =
        sqlx::query_scalar("select cause_code from timeline order by step")
            .fetch_all(pool)
            .await
            .unwrap();
    assert!(
        causes.contains(&Some("number_removed".to_owned())),
        "{causes:?}"
    );
}

#[tokio::test]
async fn a_removed_number_is_nobodys_any_more() {
    let (bridge, second) = with_two_numbers().await;
    aisyah_writes_to(&bridge, &second, "hai").await;
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let removed = removals::remove_number(pool, &location(), SECOND, now).await;
    assert!(removed.unwrap());
    bridge.agent_writes("jawapan").await;
    bridge.settle().await;
    assert_eq!(first_texts(&bridge), ["jawapan"]);
}

#[tokio::test]
async fn nothing_leaves_from_another_phone_on_the_numbers_instance() {
    let (bridge, second) = with_two_numbers().await;
    aisyah_writes_to(&bridge, &second, "hai").await;
    second.unlink().await;
    let ready = json!({"id": "60199999999:3@s.whatsapp.net", "name": "Bukan Kedai"});
    second.post_event("ready", ready).await;
    bridge.settle().await;
    let id = bridge.agent_writes("jawapan").await;
    bridge.after(Duration::hours(2)).await;
    assert_eq!(bridge.state(&id).await, "accepted", "it waits");
    assert_eq!(second.sent_texts(), Vec::<String>::new());
    assert_eq!(first_texts(&bridge), Vec::<String>::new());
}

#[tokio::test]
async fn one_cold_message_of_a_number_is_taken_at_a_time_and_none_before_its_turn() {
    let bridge = crate::protection::protected().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    for text in ["satu", "dua", "tiga"] {
        bridge.agent_sends(seed::LIM_WEI.0, text, &[]).await;
    }
    let pool = &bridge.database.pool;
    let strangers = "update outbound set is_cold = true, conversation = ghl_message_id";
    sqlx::query(strangers).execute(pool).await.unwrap();
    let waiting = async || {
        let sql = "select count(*) from outbound where state = 'accepted'";
        let count: i64 = sqlx::query_scalar(sql).fetch_one(pool).await.unwrap();
        count
    };
    let worker = Arc::new(Outbound(Arc::clone(&bridge.app.context)));
    assert_eq!(workers::step(&worker).await.unwrap(), 1);
    assert_eq!(workers::step(&worker).await.unwrap(), 0, "not its turn");
    assert_eq!(waiting().await, 2);
    bridge.agent_writes("kepada pelanggan").await;
    assert_eq!(workers::step(&worker).await.unwrap(), 1, "others leave");
    bridge.clock.advance(Duration::minutes(2));
    assert_eq!(workers::step(&worker).await.unwrap(), 1);
}
