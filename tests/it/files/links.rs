//! Files that GHL does not accept: the message has a link that gives the customer's bytes for twenty days.

use axum::http::StatusCode;
use simulators::Fault;
use time::Duration;

use super::{JPEG, UPLOAD, arrives, document, fate, only_post, picture, sends};
use crate::ghl_events::uninstall;
use crate::harness::Bridge;

/// The link in the one message that was posted.
pub fn link(bridge: &Bridge) -> String {
    let (text, attachments) = only_post(bridge);
    assert!(attachments.is_empty(), "{attachments:?}");
    let link = text.split_whitespace().last().unwrap().to_owned();
    assert!(
        link.starts_with(&format!("{}/files/", bridge.address)),
        "{text}"
    );
    link
}

#[tokio::test]
async fn a_file_too_large_for_ghl_is_linked_and_the_link_gives_its_bytes() {
    let bridge = Bridge::new().await;
    let video: Vec<u8> = (0..6_000_000_u32)
        .map(|n| n.to_le_bytes()[n as usize % 3])
        .collect();
    let file = simulators::CustomerFile {
        kind: "video",
        mimetype: "video/mp4",
        ..picture(&video)
    };
    sends(&bridge, &file).await;
    bridge.settle().await;
    assert!(bridge.simulation.ghl.uploads().is_empty());
    let link = link(&bridge);
    assert!(link.ends_with("/video.mp4"), "{link}");
    let answer = bridge.http.get(&link).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert!(header("content-disposition").starts_with("attachment; filename=\"video.mp4\""));
    assert_eq!(header("content-type"), "video/mp4");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(
        header("content-security-policy"),
        "default-src 'none'; sandbox"
    );
    assert_eq!(header("cache-control"), "no-store");
    let bytes = answer.bytes().await.unwrap();
    assert!(bytes == video, "the customer's bytes");
    let secret = link.split('/').nth_back(1).unwrap();
    let hashes: i64 = sqlx::query_scalar("select count(*) from inbound_media where link_hash = $1")
        .bind(waapify_ghl::crypto::hash_secret(secret))
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!((hashes, secret.len()), (1, 43));
}

#[tokio::test]
async fn a_type_that_ghl_refuses_is_linked_without_being_tried() {
    let bridge = Bridge::new().await;
    let page = document(b"<script>alert(1)</script>", "text/html", "page.html");
    sends(&bridge, &page).await;
    bridge.settle().await;
    assert_eq!(bridge.simulation.ghl.faults().count(UPLOAD), 0);
    let answer = bridge.http.get(link(&bridge)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/octet-stream");
    assert_eq!(answer.bytes().await.unwrap(), "<script>alert(1)</script>");
}

#[tokio::test]
async fn what_ghl_says_no_to_is_linked() {
    for status in [413, 415, 400] {
        let bridge = Bridge::new().await;
        let no = format!(r#"{{"status":{status},"message":"Failed to upload the files"}}"#);
        let ghl = bridge.simulation.ghl.faults();
        ghl.push(UPLOAD, Fault::answer(status, &no));
        sends(&bridge, &picture(JPEG)).await;
        bridge.settle().await;
        assert_eq!(
            fate(&bridge).await,
            ("linked".to_owned(), None, true),
            "{status}"
        );
        let answer = bridge.http.get(link(&bridge)).send().await.unwrap();
        assert_eq!(answer.bytes().await.unwrap(), JPEG);
    }
}

#[tokio::test]
async fn a_link_ends_and_an_unknown_one_never_began() {
    let bridge = Bridge::new().await;
    sends(&bridge, &document(b"blob", "application/x-unknown", "blob")).await;
    bridge.settle().await;
    let link = link(&bridge);
    let path = link.trim_start_matches(&bridge.address);
    assert_eq!(bridge.get(path).await.0, StatusCode::OK);
    let other = format!("/files/{}/blob.bin", "x".repeat(43));
    for gone in [other.as_str(), "/files/%00/x"] {
        let (status, page) = bridge.get(gone).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(
            page.contains("ask the customer to send the file again"),
            "{page}"
        );
    }
    bridge
        .clock
        .advance(Duration::days(20) + Duration::seconds(1));
    assert_eq!(bridge.get(path).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_link_whose_file_whatsapp_has_no_more_says_so() {
    let bridge = Bridge::new().await;
    sends(&bridge, &document(b"blob", "application/x-unknown", "blob")).await;
    bridge.settle().await;
    let link = link(&bridge);
    let path = link.trim_start_matches(&bridge.address);
    let faults = bridge.simulation.waapify.media_faults();
    faults.push("GET file", Fault::answer(503, ""));
    let (status, page) = bridge.get(path).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY, "{page}");
    bridge.simulation.waapify.spoil_files();
    // A file this small is cut off before its first byte is sent.
    let broken = async { bridge.http.get(&link).send().await?.bytes().await };
    let broken = broken.await;
    assert!(broken.is_err(), "a changed file breaks off");
    bridge.simulation.waapify.lose_files();
    let (status, page) = bridge.get(path).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{page}");
}

#[tokio::test]
async fn an_uninstall_ends_the_links_of_its_location() {
    let bridge = Bridge::new().await;
    let file = document(b"blob", "application/x-unknown", "blob");
    arrives(&bridge, &bridge.simulation.waapify.keep_file(&file)).await;
    bridge.settle().await;
    let link = link(&bridge);
    uninstall(&bridge, simulators::seed::LOCATION_ID).await;
    let (status, _) = bridge.get(link.trim_start_matches(&bridge.address)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(!fate(&bridge).await.2, "what opens the file is gone");
}
