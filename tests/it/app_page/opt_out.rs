//! The page with the opt-out words.

use axum::http::StatusCode;
use serde_json::json;
use simulators::seed;
use waapify_ghl::db::opt_outs::settings;

use crate::app_page::{Frame, OTHER, exchange, install_other, payload_of};
use crate::harness::{Bridge, location};
use crate::sso::user_of;

const PAGE: &str = "/opt-out";

#[tokio::test]
async fn words_are_shown_changed_and_count_from_then_on() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get(PAGE).await.body;
    for word in ["STOP", "BERHENTI", "退订", "நிறுத்து", "UNSTOP"] {
        assert!(page.contains(word), "{word}");
    }
    let saved = frame
        .post(
            PAGE,
            &[
                ("on", "1"),
                ("stop", "Tak Nak\nSTOP"),
                ("start", "Nak"),
                ("answer", "Baik."),
            ],
        )
        .await;
    assert!(frame.get_at(saved.leads_to()).await.body.contains("Saved."));
    let stored = settings::find(&bridge.database.pool, &location())
        .await
        .unwrap();
    assert_eq!(stored.words.stop, ["Tak Nak", "STOP"]);
    assert_eq!(
        (stored.words.start.as_slice(), stored.answer.as_deref()),
        (&["Nak".to_owned()][..], Some("Baik."))
    );
    bridge.customer_writes("tak nak").await;
    bridge.settle().await;
    let page = frame.get(PAGE).await.body;
    assert!(
        page.contains("wants no more messages") && page.contains("GHL knows"),
        "{page}"
    );
    assert!(!page.contains("60123456789"), "nobody's whole number");
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_was_typed_stays() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let (long, answer) = ("a".repeat(41), "b".repeat(501));
    let many: Vec<_> = (0..101).map(|n| format!("kata{n}")).collect();
    let many = many.join("\n");
    for (stop, start, answer, said) in [
        (" \n , ", "START", "x", "at least one word"),
        ("STOP", "", "x", "at least one word"),
        ("STOP\n!!!", "START", "x", "cannot be a word: !!!"),
        (long.as_str(), "START", "x", "cannot be a word"),
        (many.as_str(), "START", "x", "at most 100 words"),
        ("STOP\nHenti", "START\nhenti.", "x", "both lists: Henti"),
        ("STOP", "START", answer.as_str(), "at most 500 characters"),
    ] {
        let fields = [
            ("on", "1"),
            ("stop", stop),
            ("start", start),
            ("answer", answer),
        ];
        let refused = frame.post(PAGE, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
        assert!(
            refused.body.contains(&format!(">{answer}</textarea>")),
            "{said}"
        );
    }
    let stored = settings::find(&bridge.database.pool, &location())
        .await
        .unwrap();
    assert_eq!(stored, settings::OptOutSettings::default());
}

#[tokio::test]
async fn a_whole_list_of_the_longest_words_can_be_sent() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let words = |first: char| {
        let words = (0..100).map(|n| format!("{first}{n:02}{}", "நி".repeat(18)));
        words.collect::<Vec<_>>().join("\n")
    };
    let (stop, start) = (words('a'), words('b'));
    let saved = frame
        .post(PAGE, &[("on", "1"), ("stop", &stop), ("start", &start)])
        .await;
    saved.leads_to();
}

#[tokio::test]
async fn switched_off_explicitly_no_word_counts() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    frame
        .post(PAGE, &[("stop", ""), ("start", "")])
        .await
        .leads_to();
    bridge.customer_writes("STOP").await;
    bridge.settle().await;
    assert!(bridge.simulation.ghl.dnd(seed::AISYAH.0).is_none());
    let page = frame.get(PAGE).await.body;
    assert!(
        page.contains("BERHENTI") && page.contains("Nobody yet."),
        "{page}"
    );
}

#[tokio::test]
async fn only_an_admin_changes_them_and_only_for_the_own_sub_account() {
    let bridge = Bridge::new().await;
    install_other(&bridge).await;
    let mut user = user_of(seed::LOCATION_ID);
    user["role"] = json!("user");
    let frame = Frame::of(&bridge, &exchange(&bridge, &payload_of(&user)).await);
    assert_eq!(frame.get(PAGE).await.status, StatusCode::OK);
    let sent = frame.post(PAGE, &[("stop", ""), ("start", "")]).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    let other = Frame::open(&bridge, OTHER).await;
    other
        .post(PAGE, &[("on", "1"), ("stop", "LAIN"), ("start", "MULA")])
        .await
        .leads_to();
    let stored = settings::find(&bridge.database.pool, &location())
        .await
        .unwrap();
    assert_eq!(stored, settings::OptOutSettings::default());
}
