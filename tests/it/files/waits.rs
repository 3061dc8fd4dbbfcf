//! A message waits for its file, in order and for two minutes at most, even if the process is killed.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::model::reason::{Reason, Step};
use waapify_ghl::workers::Worker as _;
use waapify_ghl::workers::inbound_media::Media;
use whatsapp_events::MediaFile;

use super::{JPEG, LINE, UPLOAD, WAIT, arrives, document, fate, only_post, picture, sends};
use crate::commands::Serving;
use crate::harness::{Bridge, wait};

fn worker(bridge: &Bridge) -> Arc<Media> {
    Arc::new(Media(Arc::clone(&bridge.app.context)))
}

#[tokio::test]
async fn a_text_that_follows_a_picture_stays_behind_it() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.waapify.media_faults();
    faults.push("GET file", Fault::answer(503, ""));
    sends(&bridge, &picture(JPEG)).await;
    bridge.clock.advance(Duration::seconds(1));
    bridge.customer_writes("Boleh buat macam ni?").await;
    bridge.settle().await;
    assert!(bridge.posted().is_empty(), "both wait for the picture");
    bridge.after(Duration::seconds(3)).await;
    assert_eq!(bridge.conversation(), [LINE, "Boleh buat macam ni?"]);
    assert!(bridge.posted()[0]["attachments"].is_array());
}

#[tokio::test]
async fn a_file_that_does_not_come_holds_its_message_back_for_two_minutes_at_most() {
    let bridge = Bridge::new().await;
    let hang = Fault::Hang(StdDuration::from_mins(1));
    bridge
        .simulation
        .waapify
        .media_faults()
        .always("GET file", hang);
    sends(&bridge, &picture(JPEG)).await;
    let media = worker(&bridge);
    let job = media.claim(1).await.unwrap().remove(0);
    let fetching = tokio::spawn({
        let media = Arc::clone(&media);
        async move { media.process(job).await }
    });
    bridge.clock.advance(WAIT - Duration::seconds(1));
    let inbound = Arc::new(waapify_ghl::workers::inbound::Inbound(Arc::clone(
        &bridge.app.context,
    )));
    assert!(inbound.claim(9).await.unwrap().is_empty(), "it waits");
    bridge.clock.advance(Duration::seconds(1));
    waapify_ghl::workers::step(&inbound).await.unwrap();
    let (text, _) = only_post(&bridge);
    assert!(text.contains("/files/"), "{text}");
    assert_eq!(fate(&bridge).await.0, "linked");
    fetching.abort();
}

/// The location has this many calls left, until a minute from now.
async fn leave_calls(bridge: &Bridge, left: i32) {
    let end = bridge.clock.now() + Duration::MINUTE;
    sqlx::query(
        "insert into rate_limits (owner_id, max, used, window_ends_at) values ($1, 100, 100 - $2, $3)
         on conflict (owner_id) do update set max = 100, used = 100 - $2, window_ends_at = $3",
    )
    .bind(seed::LOCATION_ID)
    .bind(left)
    .bind(end)
    .execute(&bridge.database.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn in_a_busy_minute_a_picture_waits_for_its_call_and_is_fetched_once() {
    for left in [0, 1] {
        let bridge = Bridge::new().await;
        leave_calls(&bridge, left).await;
        sends(&bridge, &picture(JPEG)).await;
        bridge.settle().await;
        for _ in 0..6 {
            leave_calls(&bridge, 0).await;
            bridge.after(Duration::seconds(30)).await;
        }
        let faults = bridge.simulation.waapify.media_faults();
        assert_eq!(faults.count("GET file"), 0);
        assert!(bridge.posted().is_empty(), "it waits with its picture");
        bridge.after(Duration::minutes(1)).await;
        bridge.after(Duration::seconds(10)).await;
        assert_eq!(faults.count("GET file"), 1);
        assert_eq!(only_post(&bridge).1.len(), 1, "{left}");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn what_ghl_refuses_for_now_is_uploaded_later_and_fetched_once() {
    for (status, times) in [(429, 5), (503, 2), (500, 2)] {
        let bridge = Bridge::new().await;
        for _ in 0..times {
            let fault = Fault::answer(status, "{}");
            bridge.simulation.ghl.faults().push(UPLOAD, fault);
        }
        sends(&bridge, &picture(JPEG)).await;
        for _ in 0..12 {
            bridge.after(Duration::seconds(12)).await;
        }
        assert_eq!(only_post(&bridge).1.len(), 1, "{status}");
        let fetched = bridge.simulation.waapify.media_faults().count("GET file");
        assert_eq!(fetched, 1, "{status}");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn a_file_that_comes_after_its_message_left_changes_nothing() {
    let bridge = Bridge::new().await;
    sends(&bridge, &picture(JPEG)).await;
    let media = worker(&bridge);
    let job = media.claim(1).await.unwrap().remove(0);
    bridge.clock.advance(WAIT);
    let inbound = Arc::new(waapify_ghl::workers::inbound::Inbound(Arc::clone(
        &bridge.app.context,
    )));
    waapify_ghl::workers::step(&inbound).await.unwrap();
    let before = (fate(&bridge).await, only_post(&bridge));
    media.process(job).await.unwrap();
    bridge.settle().await;
    assert_eq!((fate(&bridge).await, only_post(&bridge)), before);
}

#[tokio::test]
async fn what_a_killed_process_had_in_hand_is_taken_up_again_in_time() {
    let bridge = Bridge::new().await;
    sends(&bridge, &picture(JPEG)).await;
    let media = worker(&bridge);
    let lost = media.claim(1).await.unwrap().remove(0);
    bridge.settle().await;
    assert!(bridge.posted().is_empty());
    bridge.after(Duration::seconds(61)).await;
    assert_eq!(only_post(&bridge).1.len(), 1);
    // The killed process continues after all: its result is a stale owner's.
    media.process(lost).await.unwrap();
    bridge.settle().await;
    assert_eq!(only_post(&bridge).1.len(), 1);
    assert_eq!(fate(&bridge).await.0, "attached");
}

#[tokio::test]
async fn what_a_stop_cuts_off_is_given_back() {
    let bridge = Bridge::new().await;
    sends(&bridge, &picture(JPEG)).await;
    let media = worker(&bridge);
    let jobs = media.claim(1).await.unwrap();
    media.release(&jobs).await.unwrap();
    bridge.settle().await;
    assert_eq!(only_post(&bridge).1.len(), 1);
}

#[tokio::test]
async fn a_file_that_ends_its_worker_again_and_again_is_given_up() {
    let bridge = Bridge::new().await;
    let file = bridge.simulation.waapify.keep_file(&picture(JPEG));
    arrives(&bridge, &file).await;
    sqlx::query("update inbound_media set attempt = 3")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge.settle().await;
    let why = Reason::from(Step::Poison).english();
    assert!(only_post(&bridge).0.contains(&why));
}

#[tokio::test]
async fn many_files_of_one_location_do_not_hold_up_anothers() {
    let bridge = Bridge::new().await;
    let file = bridge.simulation.waapify.keep_file(&picture(JPEG));
    for _ in 0..12 {
        arrives(&bridge, &file).await;
    }
    // A file of another location, which arrived last.
    for statement in [
        "insert into inbound (location_id, number, wa_message_id, from_me, conversation, text, sent_at, state, due_at,
            accepted_at) select 'other', number, 'other', false, conversation, text, sent_at, state, due_at, accepted_at
         from inbound limit 1",
        "insert into inbound_media (location_id, message_id, keys, media_key, due_at)
         select 'other', i.id, m.keys, m.media_key, m.due_at from inbound i, (select * from inbound_media limit 1) m
         where i.location_id = 'other'",
    ] {
        sqlx::query(statement).execute(&bridge.database.pool).await.unwrap();
    }
    let claimed = worker(&bridge).claim(2).await.unwrap();
    assert!(
        claimed
            .iter()
            .any(|job| job.location_id.as_str() == "other")
    );
}

#[tokio::test]
async fn nothing_that_names_or_opens_a_file_is_in_the_log() {
    let bridge = Bridge::with(|environment| {
        environment.push((
            "RUST_LOG".to_owned(),
            "waapify_ghl=trace,tower_http=trace,info".to_owned(),
        ));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    let waapify = &bridge.simulation.waapify;
    let attached = waapify.keep_file(&document(b"%PDF-1.4", "application/pdf", "Rahsia.pdf"));
    let lost = MediaFile {
        direct_path: Some("/v/t62.7118-24/lost_n.enc".to_owned()),
        ..attached.clone()
    };
    let refused = MediaFile {
        direct_path: None,
        url: Some("http://127.0.0.1:9/stranger_n.enc".to_owned()),
        ..attached.clone()
    };
    let linked = waapify.keep_file(&document(b"blob", "application/x-unknown", "Rahsia.blob"));
    for file in [&attached, &lost, &refused, &linked] {
        arrives(&bridge, file).await;
    }
    let serving = Serving::start(&bridge).await;
    wait("all are posted", async || bridge.posted().len() == 4).await;
    let posted = bridge.posted();
    let mut lines = posted.iter().map(|post| post["message"].as_str().unwrap());
    let link = lines.find(|line| line.contains("/files/")).unwrap();
    let link = link.split_whitespace().last().unwrap();
    let secret = link.split('/').nth_back(1).unwrap();
    let here = link.replace(&bridge.address, &serving.address);
    assert_eq!(bridge.http.get(here).send().await.unwrap().status(), 200);
    serving.signal(rustix::process::Signal::TERM);
    let (_, log) = serving.ended().await;
    assert!(
        log.contains("the file is in GHL") && log.contains("the file is linked"),
        "{log}"
    );
    assert!(log.contains("a file is downloaded"), "{log}");
    let key = STANDARD.encode(attached.media_key);
    for hidden in [
        "Rahsia",
        "n.enc",
        "t62",
        "storage.googleapis",
        &key,
        secret,
        &seed::AISYAH.2[1..],
    ] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}
