//! Which servers the service asks for files: only WhatsApp's media host, whatever a message says.

use std::net::TcpListener;

use simulators::{CustomerFile, Fault};
use waapify_ghl::model::reason::{Media, Reason};
use whatsapp_events::MediaFile;

use super::{JPEG, arrives, fate, only_post, picture};
use crate::harness::Bridge;

/// A server that must not be called.
fn stranger() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let host = listener.local_addr().unwrap().to_string();
    (listener, host)
}

fn kept(bridge: &Bridge) -> MediaFile {
    let file: CustomerFile<'_> = picture(JPEG);
    bridge.simulation.waapify.keep_file(&file)
}

#[tokio::test]
async fn no_address_of_a_stranger_is_ever_called() {
    let bridge = Bridge::new().await;
    let (listener, host) = stranger();
    let own = bridge.address.trim_start_matches("http://");
    let file = kept(&bridge);
    let (path, url) = (
        |text: String| (Some(text), None),
        |text: String| (None, Some(text)),
    );
    for (direct_path, url) in [
        url(format!("http://{host}/n.enc")),
        url(format!("http://{own}@{host}/n.enc")),
        url(format!("http://user:pass@{own}/sim/whatsapp/n.enc")),
        url(format!("https://{host}/n.enc")),
        url("http://169.254.169.254/latest/meta-data".to_owned()),
        url("file:///etc/passwd".to_owned()),
        path(format!("//{host}/n.enc")),
        path(format!("/\\{host}/n.enc")),
        path(format!("@{host}/n.enc")),
        path(format!("http://{host}/n.enc")),
        (None, None),
    ] {
        let file = MediaFile {
            direct_path,
            url,
            ..file.clone()
        };
        arrives(&bridge, &file).await;
        bridge.settle().await;
    }
    assert_eq!(bridge.posted().len(), 11, "each is posted without its file");
    for post in bridge.posted() {
        let text = post["message"].as_str().unwrap();
        assert!(
            text.contains(&Reason::from(Media::NoAddress).english()),
            "{text}"
        );
    }
    assert!(listener.accept().is_err(), "nobody called");
    assert_eq!(
        bridge.simulation.waapify.media_faults().count("GET file"),
        0
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let bridge = Bridge::new().await;
    let (listener, host) = stranger();
    let redirect = Fault::Answer {
        status: 302,
        headers: vec![("location".to_owned(), format!("http://{host}/n.enc"))],
        body: String::new(),
    };
    let faults = bridge.simulation.waapify.media_faults();
    faults.push("GET file", redirect);
    arrives(&bridge, &kept(&bridge)).await;
    bridge.settle().await;
    assert!(listener.accept().is_err(), "nobody called");
    assert_eq!(fate(&bridge).await.0, "missing");
    let why = Reason::from(Media::Elsewhere).english();
    assert!(only_post(&bridge).0.contains(&why));
}

#[tokio::test]
async fn whatsapp_is_asked_as_its_own_page_asks() {
    let bridge = Bridge::new().await;
    arrives(&bridge, &kept(&bridge)).await;
    bridge.settle().await;
    let call = bridge.simulation.waapify.media_faults().seen_at("GET file");
    assert_eq!(call.len(), 1);
    assert_eq!(call[0].headers["origin"], "https://web.whatsapp.com");
    assert_eq!(call[0].query["oe"], "6A5B3C00");
}

#[tokio::test]
async fn what_the_sender_says_of_the_length_refuses_no_file() {
    for length in [0, 3, 2_000_000_000] {
        let bridge = Bridge::new().await;
        let file = MediaFile {
            length: Some(length),
            ..kept(&bridge)
        };
        arrives(&bridge, &file).await;
        bridge.settle().await;
        let (_, attachments) = only_post(&bridge);
        assert_eq!(attachments.len(), 1, "{length}");
    }
}
