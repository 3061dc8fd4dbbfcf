//! A location's rules for the number that a message leaves from: by user, by tag, by share of new contacts.

use axum::http::StatusCode;
use serde_json::json;
use simulators::{Fault, Waapify, seed};
use time::Duration;
use waapify_ghl::db::numbers::removals;

use crate::app_page::{Frame, OTHER, install_other};
use crate::harness::{Bridge, location};
use crate::sticky::{SECOND, set_default, with_two_numbers};

const PAGE: &str = "/number-rules";
/// GHL's route for one contact.
const CONTACT: &str = "GET /contacts/{id}";

/// Sends the form with these fields besides what it needs.
async fn save(frame: &Frame<'_>, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let mut all = vec![("held", "mixed")];
    all.retain(|(name, _)| fields.iter().all(|(other, _)| other != name));
    all.extend(fields);
    let answer = frame.post(PAGE, &all).await;
    (answer.status, answer.body)
}

/// Stores these rules, and says that it worked.
async fn rules(bridge: &Bridge, fields: &[(&str, &str)]) {
    let frame = Frame::open(bridge, seed::LOCATION_ID).await;
    let (status, body) = save(&frame, fields).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
}

/// A name of the form's fields for the second number.
fn second(kind: &str) -> String {
    format!("{kind}-{SECOND}")
}

fn first(kind: &str) -> String {
    format!("{kind}-{}", seed::NUMBER)
}

/// What left from each number.
fn sent(bridge: &Bridge, second: &Waapify) -> (Vec<String>, Vec<String>) {
    (bridge.simulation.waapify.sent_texts(), second.sent_texts())
}

/// Questions about contacts that reached GHL.
fn looks(bridge: &Bridge) -> usize {
    bridge.simulation.ghl.faults().seen_at(CONTACT).len()
}

#[tokio::test]
async fn what_a_user_writes_leaves_from_the_users_number() {
    let (bridge, number) = with_two_numbers().await;
    // He is known once he has written.
    bridge.agent_sends(seed::LIM_WEI.0, "dahulu", &[]).await;
    bridge.settle().await;
    rules(&bridge, &[(&second("users"), seed::USER_ID)]).await;
    bridge.agent_writes("dari pengguna").await;
    bridge.settle().await;
    let (one, two) = sent(&bridge, &number);
    assert_eq!(
        (one, two),
        (vec!["dahulu".to_owned()], vec!["dari pengguna".to_owned()])
    );
}

#[tokio::test]
async fn a_contact_in_touch_with_a_number_stays_with_it_whatever_the_rules_say() {
    let (bridge, number) = with_two_numbers().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    rules(&bridge, &[(&second("share"), "1")]).await;
    bridge.agent_writes("jawapan").await;
    bridge.settle().await;
    let (one, two) = sent(&bridge, &number);
    assert_eq!((one, two), (vec!["jawapan".to_owned()], Vec::new()));
}

#[tokio::test]
async fn a_contacts_tag_decides_once_ghl_has_said_it_and_is_kept() {
    let (bridge, number) = with_two_numbers().await;
    bridge.simulation.ghl.set_tags(seed::AISYAH.0, &["VIP"]);
    rules(&bridge, &[(&second("tags"), "Vip")]).await;
    let before = looks(&bridge);
    bridge.agent_writes("satu").await;
    bridge.agent_writes("dua").await;
    bridge.agent_sends(seed::LIM_WEI.0, "tanpa tag", &[]).await;
    bridge.settle().await;
    let (one, mut two) = sent(&bridge, &number);
    two.sort();
    assert_eq!(one, ["tanpa tag"]);
    assert!(two.contains(&"satu".to_owned()), "{two:?}");
    assert_eq!(looks(&bridge) - before, 2, "one question for each contact");
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(sent(&bridge, &number).1.len(), 2);
    assert_eq!(looks(&bridge) - before, 2);
}

#[tokio::test]
async fn a_message_waits_half_a_minute_for_tags_and_then_leaves_by_the_other_rules() {
    let (bridge, number) = with_two_numbers().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(CONTACT, Fault::answer(500, "{}"));
    let fields = [(first("tags"), "vip"), (second("share"), "5")];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (name.as_str(), *value));
    rules(&bridge, &fields).await;
    let id = bridge.agent_writes("menunggu").await;
    bridge.after(Duration::seconds(20)).await;
    assert_eq!(
        bridge.outbound(&id).await,
        ("accepted".into(), Some("asking_tags".into()))
    );
    bridge.after(Duration::seconds(11)).await;
    let (one, two) = sent(&bridge, &number);
    assert_eq!((one, two), (Vec::new(), vec!["menunggu".to_owned()]));
    bridge.after(Duration::minutes(2)).await;
    let left: i64 = sqlx::query_scalar("select count(*) from tag_looks")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(left, 0, "nobody asks for what has left");
}

#[tokio::test]
async fn new_contacts_are_shared_as_the_shares_say_and_always_in_the_same_way() {
    let (bridge, _) = with_two_numbers().await;
    let fields = [(first("share"), "1"), (second("share"), "3")];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (name.as_str(), *value));
    rules(&bridge, &fields).await;
    let counted: Vec<(String, i64)> = sqlx::query_as(
        "select r.route, count(*) from generate_series(1, 1000) n, route_of($1, 'contact' || n, null, now()) r
         group by 1 order by 1",
    )
    .bind(seed::LOCATION_ID)
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap();
    let [(one, few), (two, many)] = &counted[..] else {
        panic!("{counted:?}");
    };
    assert_eq!((one.as_str(), two.as_str()), (seed::NUMBER, SECOND));
    assert!(
        (200..300).contains(few) && few + many == 1000,
        "{counted:?}"
    );
}

#[tokio::test]
async fn a_rule_whose_number_is_gone_says_so_and_does_not_count() {
    let (bridge, _) = with_two_numbers().await;
    rules(&bridge, &[(&second("share"), "1")]).await;
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let removed = removals::remove_number(pool, &location(), SECOND, now).await;
    assert!(removed.unwrap());
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
    assert_eq!(bridge.simulation.waapify.sent_texts(), ["hai"]);
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get(PAGE).await.body;
    assert!(
        page.contains("This number is not connected any more"),
        "{page}"
    );
    let findings = bridge.app.context.doctor.check_location(&location()).await;
    assert!(
        findings
            .iter()
            .any(|finding| finding.check == "number_rules"),
        "{findings:?}"
    );
    let emptied = [
        (second("users"), ""),
        (second("tags"), ""),
        (second("share"), ""),
    ];
    let emptied = emptied
        .each_ref()
        .map(|(name, value)| (name.as_str(), *value));
    let (status, _) = save(&frame, &emptied).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let page = frame.get(PAGE).await.body;
    assert!(!page.contains(SECOND), "{page}");
}

#[tokio::test]
async fn what_is_wrong_with_the_rules_is_said_and_what_was_typed_stays() {
    let (bridge, _) = with_two_numbers().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let (users, tags) = (second("users"), second("tags"));
    let (share, other) = (second("share"), first("tags"));
    let long = "x".repeat(101);
    for (fields, words) in [
        (
            vec![(users.as_str(), "NobodyKnowsThisUser1")],
            "NobodyKnowsThisUser1",
        ),
        (vec![(tags.as_str(), long.as_str())], "too long for a tag"),
        (vec![(share.as_str(), "-3")], "from 0 to 100"),
        (vec![(share.as_str(), "101")], "from 0 to 100"),
        (vec![(share.as_str(), "1.5")], "from 0 to 100"),
        (vec![(share.as_str(), "0")], "must be more than 0"),
        (
            vec![(tags.as_str(), "vip"), (other.as_str(), "VIP")],
            "at two numbers",
        ),
        (
            vec![("tags-60199999999", "vip")],
            "not connected to this sub-account",
        ),
        (vec![("held", "sometimes")], "Please choose one of these"),
    ] {
        let (status, page) = save(&frame, &fields).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(page.contains(words), "{words}: {page}");
        if fields[0].0 == tags {
            assert!(
                page.contains(&format!(">{}</textarea>", fields[0].1)),
                "kept"
            );
        }
    }
    let stored: i64 = sqlx::query_scalar("select count(*) from number_rules")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn another_locations_rules_are_its_own() {
    let (bridge, number) = with_two_numbers().await;
    install_other(&bridge).await;
    let other = Frame::open(&bridge, OTHER).await;
    let (status, _) = save(&other, &[(&second("share"), "1")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    // The same number in two locations: each has its own rules and memory.
    sqlx::query(
        "insert into number_rules (location_id, kind, subject, number, weight) values ($1, 'share', $2, $2, 1)",
    )
    .bind(OTHER)
    .bind(SECOND)
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(number.sent_texts(), Vec::<String>::new());
}

#[tokio::test]
async fn the_default_number_may_have_rules_and_keeps_them_when_it_is_the_default_no_more() {
    let (bridge, number) = with_two_numbers().await;
    rules(&bridge, &[(&first("share"), "1")]).await;
    set_default(&bridge, SECOND).await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    let (one, two) = sent(&bridge, &number);
    assert_eq!((one, two), (vec!["hai".to_owned()], Vec::new()));
}

#[tokio::test]
async fn what_a_rule_sends_from_another_phone_on_the_instance_waits_or_leaves_from_the_default() {
    let (bridge, number) = with_two_numbers().await;
    rules(&bridge, &[(&second("share"), "1")]).await;
    number.unlink().await;
    let ready = json!({"id": "60199999999:3@s.whatsapp.net", "name": "Bukan Kedai"});
    number.post_event("ready", ready).await;
    bridge.settle().await;
    bridge
        .agent_sends(seed::LIM_WEI.0, "ditulis orang", &[])
        .await;
    bridge.settle().await;
    assert_eq!(sent(&bridge, &number), (Vec::new(), Vec::new()), "it waits");
    bridge.after(Duration::hours(25)).await;
    let (one, two) = sent(&bridge, &number);
    assert_eq!((one, two), (vec!["ditulis orang".to_owned()], Vec::new()));
}

#[tokio::test]
async fn a_number_that_another_location_has_too_is_routed_by_each_ones_own_memory() {
    let (bridge, number) = with_two_numbers().await;
    install_other(&bridge).await;
    let contact = bridge
        .simulation
        .ghl
        .add_contact(OTHER, "Aisyah", seed::AISYAH.2);
    sqlx::query(
        "insert into contacts (location_id, phone, contact_id, wrote_at, last_number) values ($1, '60123456789', $2, now(), $3)",
    )
    .bind(OTHER)
    .bind(&contact)
    .bind(SECOND)
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    let (one, two) = sent(&bridge, &number);
    assert_eq!((one, two), (vec!["hai".to_owned()], Vec::new()));
}
