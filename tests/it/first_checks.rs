//! Before the first message to a phone that never wrote, Waapify may be asked whether it is on WhatsApp.

use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::model::reason::{Failure, Reason};

use crate::harness::{Bridge, payload};
use crate::protection::{
    campaign, deliver, protected, protected_with, send_due, shown, texts, turns_until,
};

/// The numbers that Waapify was asked about, in order.
fn asked(bridge: &Bridge) -> Vec<String> {
    let seen = bridge.simulation.waapify.faults().seen_at("send.php");
    let checks = seen.into_iter().map(|seen| seen.query);
    let checks = checks.filter(|query| query["type"] == "check_phone");
    checks
        .map(|query| query["number"].as_str().unwrap().to_owned())
        .collect()
}

async fn checking() -> Bridge {
    protected_with(&[("CHECK_FIRST_CONTACTS", "true")]).await
}

fn answer(name: &str) -> Fault {
    let body = String::from_utf8(payload(&format!("waapify/check_phone/{name}.json"))).unwrap();
    Fault::answer(200, &body.replace("60123450000", "60123450002"))
}

#[tokio::test]
async fn nobody_asks_until_a_setting_says_so() {
    let bridge = protected().await;
    campaign(&bridge, 3).await;
    turns_until(&bridge, bridge.clock.now() + Duration::minutes(10)).await;
    assert_eq!(texts(&bridge).len(), 3);
    assert!(asked(&bridge).is_empty());
}

#[tokio::test]
async fn a_phone_is_asked_about_once_and_its_message_follows_at_once() {
    let bridge = checking().await;
    deliver(&bridge, 1, "satu", None).await;
    send_due(&bridge).await;
    assert_eq!(asked(&bridge), ["60123450002"]);
    assert_eq!(texts(&bridge), ["satu 1"]);
    bridge.clock.advance(Duration::minutes(5));
    deliver(&bridge, 1, "dua", None).await;
    send_due(&bridge).await;
    bridge.clock.advance(Duration::days(6));
    deliver(&bridge, 1, "tiga", None).await;
    send_due(&bridge).await;
    assert_eq!(asked(&bridge).len(), 1);
    assert_eq!(texts(&bridge), ["satu 1", "dua 1", "tiga 1"]);
    bridge.clock.advance(Duration::days(1));
    deliver(&bridge, 1, "empat", None).await;
    send_due(&bridge).await;
    assert_eq!(asked(&bridge).len(), 2, "seven days later");
    let counted: i64 = sqlx::query_scalar("select count(*) from first_contacts")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(counted, 3, "one a day, with the question");
}

#[tokio::test]
async fn a_no_fails_with_that_sentence_and_takes_a_place_of_the_cap() {
    let bridge = checking().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", answer("absent_false"));
    let id = deliver(&bridge, 1, "hai", None).await;
    send_due(&bridge).await;
    assert!(texts(&bridge).is_empty());
    let failed = Reason::from(Failure::NoWhatsApp).english();
    assert_eq!(
        shown(&bridge, &id).await,
        ("failed".to_owned(), failed.clone())
    );
    // The next message to it is not asked about, and fails as well.
    bridge.clock.advance(Duration::minutes(5));
    let again = deliver(&bridge, 1, "lagi", None).await;
    send_due(&bridge).await;
    assert_eq!(asked(&bridge).len(), 1);
    assert_eq!(shown(&bridge, &again).await.1, failed);
    let counted: i64 = sqlx::query_scalar("select count(*) from first_contacts")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(counted, 1);
}

#[tokio::test]
async fn answers_that_nobody_understands_send() {
    let bridge = checking().await;
    for (n, fault) in [
        answer("error"),
        Fault::answer(200, ""),
        Fault::answer(502, "<html>"),
        Fault::answer(200, r#"{"Status":"success","Data":[]}"#),
    ]
    .into_iter()
    .enumerate()
    {
        bridge.simulation.waapify.faults().push("send.php", fault);
        deliver(&bridge, n + 1, "hai", None).await;
        send_due(&bridge).await;
        bridge.clock.advance(Duration::minutes(2));
        assert_eq!(texts(&bridge).len(), n + 1);
    }
}

#[tokio::test]
async fn questions_stay_within_the_cap() {
    let bridge = checking().await;
    bridge
        .simulation
        .waapify
        .faults()
        .always("send.php", answer("absent_empty"));
    campaign(&bridge, 12).await;
    turns_until(&bridge, bridge.clock.now() + Duration::minutes(55)).await;
    assert_eq!(asked(&bridge).len(), 5, "the hour's cap");
    let (_, _, aisyah) = seed::AISYAH;
    assert!(!asked(&bridge).contains(&aisyah.to_owned()));
}
