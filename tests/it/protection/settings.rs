//! The form of a number's protection.

use axum::http::StatusCode;
use simulators::seed;
use time::Duration;
use waapify_ghl::model::zone::Zone;

use super::{campaign, deliver, next_at, protected, send_due, texts, turns_until, zone};
use crate::app_page::Frame;
use crate::harness::Bridge;

fn address() -> String {
    format!("/numbers/{}/protection", seed::NUMBER)
}

const USUAL: [(&str, &str); 5] = [
    ("daily", ""),
    ("hourly", ""),
    ("from", "09:00"),
    ("until", "20:00"),
    ("zone", ""),
];

/// The form with some fields changed.
fn form<'a>(changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = changed.to_vec();
    let is_given = |name: &str| changed.iter().any(|(given, _)| *given == name);
    fields.extend(USUAL.iter().filter(|(name, _)| !is_given(name)));
    fields
}

#[tokio::test]
async fn people_set_the_caps_and_hours_of_a_number_and_they_count_at_once() {
    let bridge = protected().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get(&address()).await.body;
    assert!(page.contains("Why numbers are protected"), "{page}");
    let malay = frame.get_in("ms", &address()).await.body;
    assert!(malay.contains("Mengapa nombor dilindungi"), "{malay}");
    let fields = form(&[("on", "1"), ("daily", "3"), ("until", "24:00")]);
    let saved = frame.post(&address(), &fields).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
    campaign(&bridge, 10).await;
    turns_until(&bridge, zone().at_minute(bridge.clock.now(), 1, 0)).await;
    assert_eq!(bridge.sends().len(), 3);
    send_due(&bridge).await;
    let nine = zone().at_minute(bridge.clock.now(), 0, 9 * 60);
    assert_eq!(next_at(&bridge).await, nine);
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    // An old number starts higher: what waits is decided anew.
    let old = form(&[
        ("on", "1"),
        ("old", "1"),
        ("from", "0:00"),
        ("until", "24:00"),
    ]);
    frame.post(&address(), &old).await;
    let page = frame.get(&address()).await.body;
    assert!(
        page.contains("Level 5 of 8") && page.contains("of 120"),
        "{page}"
    );
    turns_until(&bridge, bridge.clock.now() + Duration::HOUR).await;
    assert_eq!(bridge.sends().len(), 10);
}

#[tokio::test]
async fn a_number_whose_protection_is_off_sends_to_everybody_at_once() {
    let bridge = protected().await;
    let night = zone().at_minute(bridge.clock.now(), 0, 23 * 60);
    bridge.clock.advance(night - bridge.clock.now());
    campaign(&bridge, 12).await;
    send_due(&bridge).await;
    assert!(texts(&bridge).is_empty());
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    frame.post(&address(), &form(&[])).await;
    send_due(&bridge).await;
    assert_eq!(bridge.sends().len(), 12);
    let card = frame.get("").await.body;
    assert!(card.contains("Its protection is off"), "{card}");
}

#[tokio::test]
async fn a_number_can_be_protected_where_the_deployment_is_not() {
    let bridge = Bridge::new().await;
    // The day of the cap does not end meanwhile.
    let noon = Zone::utc().at_minute(bridge.clock.now(), 1, 12 * 60);
    bridge.clock.advance(noon - bridge.clock.now());
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let fields = form(&[
        ("on", "1"),
        ("daily", "2"),
        ("from", "0:00"),
        ("until", "24:00"),
    ]);
    frame.post(&address(), &fields).await;
    for n in 0..5 {
        deliver(&bridge, n, "kempen", None).await;
    }
    for _ in 0..5 {
        bridge.after(Duration::minutes(2)).await;
    }
    assert_eq!(bridge.sends().len(), 2);
}

#[tokio::test]
async fn bad_input_is_refused_and_keeps_what_was_typed() {
    let bridge = protected().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let long = "9".repeat(60);
    for (field, typed, words) in [
        ("daily", "-5", "from 1 to 1000"),
        ("daily", "0", "from 1 to 1000"),
        ("daily", "100000", "from 1 to 1000"),
        ("daily", &long, "from 1 to 1000"),
        ("hourly", "-1", "from 1 to 200"),
        ("from", "25:00", "a time such as 09:00"),
        ("from", "20:00", "must be later"),
        ("until", "06:00", "must be later"),
        ("until", "noon", "a time such as 09:00"),
        ("zone", "Nowhere/Else", "no such time zone"),
        ("zone", "<b>", "no such time zone"),
    ] {
        let answer = frame
            .post(&address(), &form(&[("old", "1"), (field, typed)]))
            .await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{field} {typed}"
        );
        assert!(
            answer.body.contains(words),
            "{field} {typed}: {}",
            answer.body
        );
        let kept = typed.replace('<', "&lt;").replace('>', "&gt;");
        assert!(
            answer.body.contains(&format!("value=\"{kept}\"")),
            "{}",
            answer.body
        );
        // What was ticked stays, too, and what was not.
        let is_ticked = |name: &str| {
            answer
                .body
                .contains(&format!("name=\"{name}\" value=\"1\" checked"))
        };
        assert!(is_ticked("old") && !is_ticked("on"), "{}", answer.body);
    }
    let stored: i64 = sqlx::query_scalar("select count(*) from protection_settings")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(stored, 0);
}

#[tokio::test]
async fn nobody_changes_another_locations_number() {
    let bridge = protected().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for rest in [
        "/numbers/60111111111/protection",
        "/numbers/60111111111/go-on",
    ] {
        let answer = frame.post(rest, &form(&[("daily", "7")])).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{rest}");
    }
    let unsigned = frame.post_with(&address(), "wrong", &form(&[])).await;
    assert_eq!(unsigned.status, StatusCode::FORBIDDEN);
}
