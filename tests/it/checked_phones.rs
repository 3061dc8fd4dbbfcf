//! Waapify is asked whether a phone is on WhatsApp, because its answer names the phone's LID: only where a message is held for
//! that, and only about phones that the business wrote to lately.

use serde_json::Value;
use simulators::{Address, Fault, seed};
use time::Duration;

use crate::harness::Bridge;
use crate::lids::LID;
use crate::people::{acknowledges, add, last_id, writes};

/// The numbers that Waapify was asked about, in order.
fn asked(bridge: &Bridge) -> Vec<String> {
    let seen = bridge.simulation.waapify.faults().seen_at("send.php");
    let checks = seen.into_iter().map(|seen| seen.query);
    let checks = checks.filter(|query| query["type"] == "check_phone");
    checks
        .map(|query| query["number"].as_str().unwrap().to_owned())
        .collect()
}

/// WhatsApp knows a phone under this LID.
fn has_lid(bridge: &Bridge, phone: &str, lid: &str) {
    let receipts_lid = Some(lid.trim_end_matches("@lid").to_owned());
    let number = None;
    bridge.simulation.waapify.set_address(
        phone,
        Address {
            number,
            receipts_lid,
        },
    );
}

fn digits(phone: &str) -> String {
    phone.trim_start_matches('+').to_owned()
}

/// The business writes to so many new contacts. Returns their phones, the first written first.
async fn campaign(bridge: &Bridge, count: usize) -> Vec<String> {
    let mut phones = Vec::new();
    for n in 1..=count {
        let phone = format!("+6012777{n:04}");
        let contact = add(bridge, "Pelanggan", &phone);
        bridge.agent_sends(&contact, "tawaran", &[]).await;
        bridge.after(Duration::seconds(3)).await;
        phones.push(phone);
    }
    phones
}

/// Lets time pass in steps that a pause between two checks fits into.
async fn pass(bridge: &Bridge, total: Duration) {
    let step = Duration::seconds(30);
    for _ in 0..total.whole_seconds() / step.whole_seconds() {
        bridge.after(step).await;
    }
}

async fn learnt(bridge: &Bridge) -> Vec<(Option<String>, Option<String>)> {
    sqlx::query_as("select phone, learnt_by from lids where phone is not null order by lid")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_positive_answer_names_the_lid_and_releases_what_was_held() {
    let bridge = Bridge::new().await;
    let (_, _, phone) = seed::AISYAH;
    has_lid(&bridge, phone, LID);
    bridge.agent_writes("sebut harga").await;
    bridge.settle().await;
    assert!(asked(&bridge).is_empty(), "nothing is held");
    writes(&bridge, "H1", LID, "siapa saya").await;
    assert_eq!(asked(&bridge), [digits(phone)]);
    assert_eq!(bridge.conversation(), ["siapa saya"]);
    let by_check = (Some(digits(phone)), Some("check".to_owned()));
    assert_eq!(learnt(&bridge).await, [by_check]);
    writes(&bridge, "H2", LID, "lagi").await;
    pass(&bridge, Duration::minutes(5)).await;
    assert_eq!(bridge.conversation(), ["siapa saya", "lagi"]);
    assert_eq!(asked(&bridge).len(), 1);
}

#[tokio::test]
async fn nobody_is_asked_about_whom_the_business_did_not_write_to() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    writes(&bridge, "H1", LID, "siapa saya").await;
    pass(&bridge, Duration::minutes(16)).await;
    assert!(asked(&bridge).is_empty());
}

#[tokio::test]
async fn a_phone_is_asked_about_once_in_seven_days() {
    let bridge = Bridge::new().await;
    let writes_to = async |n: usize| {
        bridge.agent_writes("tawaran").await;
        bridge.settle().await;
        let lid = format!("9900000000{n}@lid");
        writes(&bridge, &format!("H{n}"), &lid, "siapa saya").await;
        pass(&bridge, Duration::minutes(2)).await;
    };
    writes_to(1).await;
    assert_eq!(asked(&bridge).len(), 1);
    writes_to(2).await;
    assert_eq!(asked(&bridge).len(), 1, "asked already");
    bridge.after(Duration::days(8)).await;
    writes_to(3).await;
    assert_eq!(asked(&bridge).len(), 2);
}

#[tokio::test]
async fn whose_phone_is_known_by_its_lid_is_not_asked_about() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    acknowledges(&bridge, LID, &last_id(&bridge).await).await;
    writes(&bridge, "H1", "998877665544332@lid", "orang lain").await;
    pass(&bridge, Duration::minutes(2)).await;
    assert!(asked(&bridge).is_empty());
}

#[tokio::test]
async fn the_newest_is_asked_about_first_with_pauses_and_so_many_a_day() {
    let bridge = Bridge::new().await;
    let mut phones = campaign(&bridge, 30).await;
    writes(&bridge, "H1", LID, "siapa saya").await;
    assert_eq!(asked(&bridge).len(), 1, "one at a time");
    for n in 2..=4 {
        writes(&bridge, &format!("H{n}"), LID, "masih di sini").await;
        pass(&bridge, Duration::minutes(14)).await;
    }
    phones.reverse();
    let expected: Vec<_> = phones.iter().take(20).map(|phone| digits(phone)).collect();
    assert_eq!(asked(&bridge), expected);
}

#[tokio::test]
async fn who_has_acknowledged_under_the_phone_comes_last() {
    let bridge = Bridge::new().await;
    let phones = campaign(&bridge, 2).await;
    let newest = digits(&phones[1]);
    let jid = format!("{newest}@s.whatsapp.net");
    acknowledges(&bridge, &jid, &last_id(&bridge).await).await;
    writes(&bridge, "H1", LID, "siapa saya").await;
    assert_eq!(asked(&bridge), [digits(&phones[0])]);
}

#[tokio::test]
async fn no_strange_answer_teaches_anything_or_holds_up_the_message() {
    let other = r#"{"Status":"success","Message":"available","Number":"60123456789","Data":[
        {"jid":"60199999999@s.whatsapp.net","exists":true,"lid":"112233445566778@lid"}]}"#;
    for (status, body) in [
        (502, "<html>Bad gateway</html>"),
        (200, "<!DOCTYPE html><title>Login</title>"),
        (200, "null"),
        (
            200,
            r#"{"Status":"success","Message":"not available","Data":[]}"#,
        ),
        (
            200,
            r#"{"status":"error","message":"Relogin required","relogin":true}"#,
        ),
        (
            200,
            r#"{"Status":"success","Message":"available","Data":"yes"}"#,
        ),
        (200, other),
    ] {
        let bridge = Bridge::new().await;
        bridge.agent_writes("hai").await;
        bridge.settle().await;
        let faults = bridge.simulation.waapify.faults();
        faults.always_for(("type", "check_phone"), Fault::answer(status, body));
        writes(&bridge, "H1", LID, "siapa saya").await;
        assert_eq!(asked(&bridge).len(), 1, "{body}");
        assert!(learnt(&bridge).await.is_empty(), "{body}");
        bridge.after(Duration::minutes(16)).await;
        assert_eq!(bridge.inbound("H1").await.unwrap().0, "posted", "{body}");
        // Nothing of it stops the number.
        let id = bridge.agent_writes("lagi").await;
        bridge.settle().await;
        assert_eq!(bridge.state(&id).await, "sent");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn a_build_that_cannot_answer_is_asked_once_a_day_and_one_in_trouble_once_an_hour() {
    for (body, in_two_hours) in [
        (
            r#"{"status":"error","message":"Message type not supported"}"#,
            1,
        ),
        ("<html>", 3),
    ] {
        let bridge = Bridge::new().await;
        campaign(&bridge, 4).await;
        let faults = bridge.simulation.waapify.faults();
        faults.always_for(("type", "check_phone"), Fault::answer(200, body));
        for n in 0..9 {
            let lid = format!("9900000000{n}@lid");
            writes(&bridge, &format!("H{n}"), &lid, "siapa saya").await;
            pass(&bridge, Duration::minutes(14)).await;
        }
        assert_eq!(asked(&bridge).len(), in_two_hours, "{body}");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn it_can_be_turned_off_and_a_number_on_hold_is_not_asked() {
    let bridge = Bridge::with(|environment| {
        environment.push(("CHECK_PHONES".to_owned(), "false".to_owned()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    writes(&bridge, "H1", LID, "siapa saya").await;
    assert!(asked(&bridge).is_empty());

    let bridge = Bridge::new().await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    sqlx::query("update numbers set hold_code = 'link_lost'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    writes(&bridge, "H1", LID, "siapa saya").await;
    assert!(asked(&bridge).is_empty());
}

#[tokio::test]
async fn a_text_is_never_sent_by_a_check() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    writes(&bridge, "H1", LID, "siapa saya").await;
    let seen = bridge.simulation.waapify.faults().seen_at("send.php");
    let query: &Value = &seen.last().unwrap().query;
    assert_eq!(query["type"], "check_phone");
    assert!(query.get("message").is_none() && query.get("media_url").is_none());
    assert_eq!(bridge.texts_on_phone(), ["hai"]);
}
