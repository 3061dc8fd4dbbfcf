//! The location's numbers on the page: their state, the one that sends, and their settings.

use axum::http::StatusCode;
use serde_json::json;
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::db::history::incidents;
use waapify_ghl::db::history::incidents::About;
use waapify_ghl::db::numbers;
use waapify_ghl::db::numbers::holds;
use waapify_ghl::model::reason::{Hold, Reason};
use waapify_ghl::model::states::IncidentKind;

use super::Frame;
use crate::harness::{Bridge, location};

const SECOND: &str = "60199990000";

/// Connects a second number to the seeded location that is not the default.
async fn connect_second(bridge: &Bridge) {
    sqlx::query(
        "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
            is_default, next_send_at, connected_at)
         select location_id, $1, instance_id, access_token, webhook_secret, 'another', false, next_send_at, connected_at
         from numbers",
    )
    .bind(SECOND)
    .execute(&bridge.database.pool)
    .await
    .unwrap();
}

async fn default_number(bridge: &Bridge) -> Vec<String> {
    sqlx::query_scalar("select number from numbers where is_default")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

/// Name, pause, groups and phone settings of the seeded number.
type Kept = (Option<String>, Option<i32>, bool, bool);

async fn kept(bridge: &Bridge) -> Kept {
    sqlx::query_as(
        "select name, min_interval_ms, forwards_groups, mirrors_phone from numbers where number = $1",
    )
    .bind(seed::NUMBER)
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap()
}

/// A service whose operator allows one message every two seconds at most.
async fn paced() -> Bridge {
    let bridge = Bridge::with(|environment| {
        environment.retain(|(name, _)| name != "WAAPIFY_MIN_INTERVAL_MS");
        environment.push(("WAAPIFY_MIN_INTERVAL_MS".into(), "2000".into()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    bridge
}

fn settings() -> String {
    format!("/numbers/{}", seed::NUMBER)
}

#[tokio::test]
async fn a_number_on_hold_says_why_and_when_something_was_heard_of_it() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    assert!(frame.get("").await.body.contains("none lately"));
    let fault = Fault::answer(200, r#"{"status":"error","message":"Please re-login"}"#);
    bridge.simulation.waapify.faults().push("send.php", fault);
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    let mut tx = bridge.database.pool.begin().await.unwrap();
    let until = bridge.clock.now() + Duration::hours(1);
    holds::hold_number(&mut tx, &location(), seed::NUMBER, &Hold::Sealed, until)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    bridge.clock.advance(Duration::minutes(5));
    let page = frame.get("").await.body;
    let hold = maud::html! { (Reason::from(Hold::Sealed).english()) }.into_string();
    assert!(page.contains("On hold") && page.contains(&hold));
    assert!(page.contains("5 min ago"), "{page}");
}

#[tokio::test]
async fn a_location_without_a_number_is_told_what_to_do() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    assert!(
        page.contains("No WhatsApp number is connected yet"),
        "{page}"
    );
    assert!(page.contains("Connect a number"), "{page}");
}

#[tokio::test]
async fn another_number_is_made_the_one_that_sends() {
    let bridge = Bridge::new().await;
    connect_second(&bridge).await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let answer = frame.post(&format!("/numbers/{SECOND}/default"), &[]).await;
    assert_eq!(answer.leads_to(), frame.path);
    assert_eq!(default_number(&bridge).await, [SECOND]);
    // A number without its keys cannot send.
    sqlx::query("update numbers set webhook_secret = null where number = $1")
        .bind(seed::NUMBER)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let answer = frame.post(&format!("{}/default", settings()), &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert_eq!(default_number(&bridge).await, [SECOND]);
}

#[tokio::test]
async fn a_number_that_does_not_send_is_removed_and_its_troubles_end() {
    let bridge = Bridge::new().await;
    connect_second(&bridge).await;
    let location = location();
    let about = About {
        location: &location,
        number: SECOND,
        kind: IncidentKind::Link,
    };
    let pool = &bridge.database.pool;
    let noted = incidents::open(pool, about, None, None, bridge.clock.now()).await;
    assert!(noted.unwrap().is_some());
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let own = frame.get(&settings()).await.body;
    assert!(
        !own.contains("Remove this number"),
        "messages leave from it"
    );
    let answer = frame.post(&format!("{}/remove", settings()), &[]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let second = format!("/numbers/{SECOND}");
    let page = frame.get(&second).await.body;
    assert!(page.contains("Remove this number"), "{page}");
    let answer = frame.post(&format!("{second}/remove"), &[]).await;
    assert_eq!(answer.leads_to(), frame.path);
    let page = frame.get("").await.body;
    assert!(
        page.contains(seed::NUMBER) && !page.contains(SECOND),
        "{page}"
    );
    assert!(!page.contains("This needs your attention"), "{page}");
    assert_eq!(frame.get(&second).await.status, StatusCode::NOT_FOUND);
    bridge.settle().await;
    let webhook = bridge.simulation.waapify.webhook();
    assert!(webhook.is_some(), "the instance has another number here");
}

#[tokio::test]
async fn settings_are_kept_and_shown_and_what_is_not_ticked_is_off() {
    let bridge = paced().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let fields = [
        ("name", " Jualan & <b> "),
        ("pause", "2,5"),
        ("groups", "1"),
    ];
    let answer = frame.post(&settings(), &fields).await;
    let expected = format!("{}{}?saved", frame.path, settings());
    assert_eq!(answer.leads_to(), expected);
    assert_eq!(
        kept(&bridge).await,
        (Some("Jualan & <b>".into()), Some(2500), true, false)
    );
    let page = frame.get(&format!("{}?saved", settings())).await.body;
    assert!(
        page.contains("Saved.") && page.contains("value=\"2.5\""),
        "{page}"
    );
    assert!(page.contains("Jualan &amp; &lt;b&gt;"), "{page}");
    assert!(frame.get("").await.body.contains("Jualan &amp; &lt;b&gt;"));
    frame.post(&settings(), &[("phone", "1")]).await;
    assert_eq!(kept(&bridge).await, (None, None, false, true));
}

#[tokio::test]
async fn no_location_hurries_more_than_the_operator_allows_and_what_he_gave_it_stays() {
    let bridge = paced().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let before = kept(&bridge).await;
    for pause in ["0", "1.9", "61", "-3", "soon", "1e9", "NaN", "inf"] {
        let answer = frame
            .post(&settings(), &[("pause", pause), ("name", "x")])
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{pause}");
        assert!(answer.body.contains("from 2 to 60"), "{}", answer.body);
        assert!(answer.body.contains("aria-invalid=\"true\""));
    }
    let long = "x".repeat(61);
    let answer = frame.post(&settings(), &[("name", &long)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(kept(&bridge).await, before);
    // The operator gave this number a shorter pause.
    numbers::record_interval(&bridge.database.pool, &location(), seed::NUMBER, Some(500))
        .await
        .unwrap();
    frame
        .post(&settings(), &[("pause", "0.5"), ("name", "x")])
        .await;
    assert_eq!(kept(&bridge).await.1, Some(500));
    let name = kept(&bridge).await.0;
    assert_eq!(name.as_deref(), Some("x"));
}

#[tokio::test]
async fn what_is_written_on_the_phone_stays_there_where_the_location_says_so() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    frame.post(&settings(), &[("groups", "1")]).await;
    let kept = bridge
        .simulation
        .waapify
        .owner_writes(seed::AISYAH.2, "Ada")
        .await;
    let hidden = json!({"conversation": "Ada"});
    let unknown = bridge
        .simulation
        .waapify
        .owner_sends("112233445566778@lid", "", hidden)
        .await;
    bridge.settle().await;
    for id in [&kept, &unknown] {
        let (state, reason, text) = bridge.inbound(id).await.unwrap();
        assert_eq!((state.as_str(), text), ("ignored", None));
        assert_eq!(reason.as_deref(), Some("phone_not_mirrored"));
    }
    // Customers' messages and the service's own sends work as before.
    bridge.customer_writes("hai").await;
    let sent = bridge.agent_writes("ya").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hai"]);
    assert_eq!(bridge.state(&sent).await, "sent");
    frame.post(&settings(), &[("phone", "1")]).await;
    bridge
        .simulation
        .waapify
        .owner_writes(seed::AISYAH.2, "Lagi")
        .await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hai", "Lagi"]);
}

#[tokio::test]
async fn a_new_link_to_connect_a_number_is_the_locations_own() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let answer = frame.post("/connect", &[]).await;
    let link = answer
        .leads_to()
        .strip_prefix(&bridge.address)
        .unwrap()
        .to_owned();
    assert!(link.starts_with("/connect/"), "{link}");
    assert_eq!(bridge.get(&link).await.0, StatusCode::OK);
    let newest = "select location_id from connect_links order by expires_at desc limit 1";
    let linked: String = sqlx::query_scalar(newest)
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(linked, seed::LOCATION_ID);
}
