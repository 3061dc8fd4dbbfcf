//! The same text to the same person, once more.

use serde_json::json;
use simulators::seed;
use time::Duration;
use waapify_ghl::model::reason::{Failure, Reason};

use crate::protection::{phone, protected, send_due, shown, texts};

#[tokio::test]
async fn the_same_text_goes_to_a_phone_once_a_day() {
    let bridge = protected().await;
    let body = |id: &str, text: &str| {
        json!({
            "contactId": "Orang1", "locationId": seed::LOCATION_ID, "messageId": id, "type": "SMS",
            "phone": phone(1), "message": text,
        })
    };
    let ghl = &bridge.simulation.ghl;
    for (id, text) in [("a", "tawaran"), ("b", "tawaran"), ("c", "lain")] {
        ghl.agent_sends_raw(&body(id, text)).await;
        bridge.after(Duration::minutes(2)).await;
    }
    assert_eq!(texts(&bridge), ["tawaran", "lain"]);
    let failed = Reason::from(Failure::SameTextToday).english();
    assert_eq!(shown(&bridge, "b").await, ("failed".to_owned(), failed));
    let first_contacts: i64 = sqlx::query_scalar("select count(*) from first_contacts")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(first_contacts, 1, "one phone, one day");
    bridge.clock.advance(Duration::hours(24));
    ghl.agent_sends_raw(&body("d", "tawaran")).await;
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(texts(&bridge), ["tawaran", "lain", "tawaran"]);
}

#[tokio::test]
async fn notices_about_many_contacts_reach_a_member_of_staff_with_the_same_text() {
    let bridge = protected().await;
    for n in 0..3 {
        let notice = json!({
            "contactId": format!("Bakal{n}"), "locationId": seed::LOCATION_ID, "messageId": format!("N{n}"),
            "type": "SMS", "phone": phone(1), "message": "Pelanggan baharu",
        });
        bridge.simulation.ghl.agent_sends_raw(&notice).await;
        bridge.after(Duration::minutes(2)).await;
    }
    assert_eq!(texts(&bridge), ["Pelanggan baharu"; 3]);
}

#[tokio::test]
async fn a_person_may_repeat_a_text() {
    let bridge = protected().await;
    let ghl = &bridge.simulation.ghl;
    for id in ["P1", "P2"] {
        ghl.agent_sends_raw(&json!({
            "contactId": "Orang1", "locationId": seed::LOCATION_ID, "messageId": id, "type": "SMS",
            "phone": phone(1), "message": "Ada di sana?", "userId": "Pengguna",
        }))
        .await;
        send_due(&bridge).await;
        bridge.clock.advance(Duration::seconds(90));
    }
    let (state, why) = shown(&bridge, "P2").await;
    assert_ne!(state, "failed", "{why}");
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(texts(&bridge).len(), 2, "{:?}", shown(&bridge, "P2").await);
}
