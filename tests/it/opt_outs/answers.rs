//! The answer to a customer's STOP: once, before GHL is told, and never again if it was lost.

use simulators::{Fault, seed};
use time::Duration;

use super::{SEND, program, puts, says, set, told};
use crate::harness::Bridge;

#[tokio::test]
async fn the_customer_is_answered_once_before_ghl_is_told() {
    let bridge = Bridge::new().await;
    set(&bridge, |settings| {
        settings.answer = Some("Baik, tiada mesej lagi.".to_owned());
    })
    .await;
    says(&bridge, "STOP").await;
    bridge
        .until("the answer is there", async || {
            bridge.texts_on_phone() == ["Baik, tiada mesej lagi."]
        })
        .await;
    assert_eq!(
        bridge.simulation.ghl.dnd(seed::AISYAH.0).unwrap()["status"],
        "active"
    );
    says(&bridge, "STOP").await;
    says(&bridge, "STOP").await;
    assert_eq!(bridge.simulation.ghl.faults().count(SEND), 1);
    // The same words from a campaign do not pass for the answer.
    bridge.simulation.ghl.set_dnd(seed::AISYAH.0, "inactive");
    let copy = program(
        &bridge,
        seed::AISYAH.0,
        "Baik, tiada mesej lagi.",
        "campaign",
        "",
    )
    .await;
    bridge.settle().await;
    assert_eq!(bridge.outbound(&copy).await, told("opted_out"));
}

#[tokio::test]
async fn a_lost_answer_is_not_repeated_and_ghl_is_told_all_the_same() {
    let bridge = Bridge::new().await;
    set(&bridge, |settings| {
        settings.answer = Some("Baik.".to_owned());
    })
    .await;
    bridge
        .simulation
        .ghl
        .faults()
        .push(SEND, Fault::answer(502, "bad gateway"));
    says(&bridge, "STOP").await;
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(bridge.simulation.ghl.faults().count(SEND), 1);
    assert_eq!(puts(&bridge).len(), 1);
}
