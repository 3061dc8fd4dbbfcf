//! What the page says is wrong with a location: open incidents, the doctor's findings, the missing last step.

use axum::http::StatusCode;
use simulators::{DefaultProvider, Fault, seed};
use waapify_ghl::db::history::incidents;
use waapify_ghl::db::history::incidents::About;
use waapify_ghl::model::states::IncidentKind;

use super::{Frame, OTHER, install_other};
use crate::connecting;
use crate::harness::{Bridge, location};

#[tokio::test]
async fn a_location_whose_provider_is_ours_sees_that_all_is_well() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("/checks").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("All well"), "{}", page.body);
    assert!(!page.body.contains("One click is left"), "{}", page.body);
    let piece = frame.get("/provider").await.body;
    assert!(piece.contains("data-state=\"good\""), "{piece}");
}

#[tokio::test]
async fn while_another_provider_is_chosen_the_page_shows_the_click_that_is_left() {
    let bridge = Bridge::new().await;
    let ghl = &bridge.simulation.ghl;
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::NotConfigured);
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("/checks").await.body;
    assert!(
        page.contains("One click is left") && page.contains("Needs mending"),
        "{page}"
    );
    let check = format!("data-check=\"{}/provider\"", frame.path);
    assert!(page.contains(&check), "{page}");
    assert!(
        frame
            .get("/provider")
            .await
            .body
            .contains("data-state=\"bad\"")
    );
    ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
    assert!(
        frame
            .get("/provider")
            .await
            .body
            .contains("data-state=\"good\"")
    );
}

#[tokio::test]
async fn while_ghl_does_not_answer_no_click_is_asked_for() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(
        "GET /locations/{id}/conversationChannels/SMS",
        Fault::answer(500, "{}"),
    );
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("/checks").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("gave no usable answer"), "{}", page.body);
    assert!(!page.body.contains("data-check"), "{}", page.body);
}

#[tokio::test]
async fn a_browser_without_scripts_asks_ghl_by_a_link() {
    let bridge = Bridge::new().await;
    let link = connecting::link(&bridge).await;
    let (_, page) = bridge.get(&link).await;
    assert!(
        page.contains("Asking GHL") && page.contains("<noscript><p><a href=\"?check\">"),
        "{page}"
    );
    let (_, asked) = bridge.get(&format!("{link}?check")).await;
    assert!(
        asked.contains("data-state=\"good\"") && asked.contains("GHL sends through this app"),
        "{asked}"
    );
    assert!(!asked.contains("One click is left"), "{asked}");
}

#[tokio::test]
async fn an_open_trouble_stands_on_the_first_page_of_its_own_location_until_it_ends() {
    let bridge = Bridge::new().await;
    install_other(&bridge).await;
    let (pool, location, now) = (&bridge.database.pool, location(), bridge.clock.now());
    let about = About {
        location: &location,
        number: "",
        kind: IncidentKind::Provider,
    };
    incidents::open(pool, about, Some("Twilio"), None, now)
        .await
        .unwrap();
    let attention = "This needs your attention";
    let here = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = here.get("").await.body;
    assert!(
        page.contains(attention) && page.contains("Do this"),
        "{page}"
    );
    let there = Frame::open(&bridge, OTHER).await;
    assert!(!there.get("").await.body.contains(attention));
    incidents::resolve(pool, about, now).await.unwrap();
    assert!(!here.get("").await.body.contains(attention));
}
