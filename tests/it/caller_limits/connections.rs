//! Connections: how many there are, how long they may be silent, and what unknown paths and strangers are told.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use waapify_ghl::http;

use crate::commands::Serving;
use crate::harness::{Bridge, ask};

const WHOLE: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
const HALF: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n";

/// Waits until the service ends a connection on which `first` was written, and then, after an answer, `second`. Fails the
/// test if it does not end.
async fn ends(address: &str, first: &[u8], second: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address.trim_start_matches("http://"))
        .await
        .unwrap();
    stream.write_all(first).await.unwrap();
    let mut answer = Vec::new();
    if !second.is_empty() {
        stream.read_buf(&mut answer).await.unwrap();
        stream.write_all(second).await.unwrap();
    }
    let read = stream.read_to_end(&mut answer);
    // The service's own limit is 10 s; only a service without one gets here late.
    tokio::time::timeout(std::time::Duration::from_mins(1), read)
        .await
        .expect("the service ends it")
        .unwrap();
    answer
}

#[tokio::test]
async fn a_head_that_does_not_come_ends_its_connection_also_after_an_answer() {
    let bridge = Bridge::bare().await;
    let serving = Serving::start(&bridge).await;
    let (silent, half, second) = tokio::join!(
        ends(&serving.address, b"", b""),
        ends(&serving.address, HALF, b""),
        ends(&serving.address, WHOLE, HALF),
    );
    assert!(silent.is_empty() && half.is_empty());
    assert!(second.starts_with(b"HTTP/1.1 200 OK"));
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0, Some(0));
}

#[tokio::test]
async fn a_process_without_descriptors_says_so_and_works_when_it_has_some_again() {
    let bridge = Bridge::bare().await;
    let serving = Serving::start(&bridge).await;
    let ready = format!("{}/readyz", serving.address);
    crate::harness::wait("all that runs is open", async || {
        let answer = bridge.http.get(&ready).send().await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::OK)
    })
    .await;
    // The number of connections follows from the limit at the start. A limit that shrinks later is reached before it.
    let pid = Pid::from_raw(i32::try_from(serving.id()).unwrap());
    let limit = |current| Rlimit {
        current: Some(current),
        ..getrlimit(Resource::Nofile)
    };
    let before = prlimit(pid, Resource::Nofile, limit(16)).unwrap();
    let address = serving.address.trim_start_matches("http://").to_owned();
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(TcpStream::connect(&address).await.unwrap());
    }
    crate::harness::wait("the descriptors are used up", async || {
        serving.said("no file descriptor is left")
    })
    .await;
    drop(held);
    prlimit(pid, Resource::Nofile, before).unwrap();
    // On a connection of its own: without descriptors the process ends idle ones, and that of the question above may be
    // ended just when the next request begins.
    let client = reqwest::Client::builder().build().unwrap();
    let answer = client.get(format!("{}/healthz", serving.address)).send();
    assert_eq!(answer.await.unwrap().status(), StatusCode::OK);
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0, Some(0));
}

#[tokio::test]
async fn unknown_paths_and_methods_have_the_headers_of_every_answer() {
    let bridge = Bridge::bare().await;
    let routes = bridge.app.router().merge(http::front_page());
    for (method, path) in [
        ("GET", "/unknown"),
        ("GET", "/.env"),
        ("POST", "/hooks/unknown"),
        ("DELETE", "/app"),
        ("PUT", "/"),
    ] {
        let request = Request::builder().method(method).uri(path);
        let (status, headers, _) = ask(&routes, request.body(Body::empty()).unwrap()).await;
        assert!(status.is_client_error(), "{path}");
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "strict-transport-security",
            "referrer-policy",
            "x-request-id",
        ] {
            assert!(headers.contains_key(name), "{method} {path}: {name}");
        }
    }
}
