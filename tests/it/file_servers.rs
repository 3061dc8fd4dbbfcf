//! The servers of attachments: silent, wrong, with a file that is too large, or with an address that is not allowed;
//! and the service's own address for their files.

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_RANGE, CONTENT_TYPE, LOCATION};
use axum::http::{Request, StatusCode};
use axum::routing::get;
use http_body_util::BodyExt as _;
use simulators::seed;
use time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::ServiceExt as _;
use waapify_ghl::clients::attachment_source::{Client, MAX_FILE_BYTES, NetworkScope, SourceError};
use waapify_ghl::model::ids::LocationId;

use crate::attachment_sources::{JPEG, PDF, Storage, Stored, serve};
use crate::attachments::{HTML, arrives};
use crate::harness::{Bridge, ask, location};

/// Sends one file that cannot be sent. Returns the code that GHL gets; its sentence names the file.
async fn fails(bridge: &Bridge, url: &str, name: &str) -> String {
    let sends = bridge.sends().len();
    let id = bridge.agent_sends(seed::AISYAH.0, "x", &[url]).await;
    bridge.after(Duration::seconds(10)).await;
    let state = bridge.state(&id).await;
    assert_eq!(
        (state.as_str(), bridge.sends().len()),
        ("failed", sends),
        "{url}"
    );
    let (code, sentence) = bridge.ghl_error(&id);
    assert!(sentence.contains(name), "{url}: {sentence}");
    code
}

#[tokio::test]
async fn a_server_in_trouble_is_asked_again_and_then_the_address_has_to_do() {
    let origin = serve(Router::new().fallback(|| async { StatusCode::SERVICE_UNAVAILABLE })).await;
    let bridge = Bridge::new().await;
    let id = bridge
        .agent_sends(seed::AISYAH.0, "", &[&format!("{origin}/menu.pdf")])
        .await;
    bridge.settle().await;
    assert_eq!(
        (bridge.state(&id).await.as_str(), bridge.failures(&id).await),
        ("accepted", 1)
    );
    for _ in 0..3 {
        assert!(bridge.sends().is_empty());
        bridge.after(Duration::minutes(1)).await;
    }
    let sends = bridge.sends();
    assert_eq!(sends[0]["media_url"], format!("{origin}/menu.pdf"));
    assert_eq!(sends[0]["filename"], "menu.pdf");
    assert_eq!(
        bridge.failures(&id).await,
        1,
        "the tries before do not count, the gateway's does"
    );
}

#[tokio::test]
async fn a_slow_server_holds_up_no_other_contact() {
    let silent = Router::new().fallback(std::future::pending::<StatusCode>);
    let origin = serve(silent).await;
    let bridge = Bridge::new().await;
    let id = bridge
        .agent_sends(seed::AISYAH.0, "", &[&format!("{origin}/a.jpg")])
        .await;
    bridge.agent_sends(seed::LIM_WEI.0, "lancar", &[]).await;
    bridge.settle().await;
    assert_eq!(bridge.sends()[0]["message"], "lancar");
    assert_eq!(
        (bridge.state(&id).await.as_str(), bridge.failures(&id).await),
        ("accepted", 1)
    );
}

#[tokio::test]
async fn a_file_that_is_gone_or_too_large_fails_with_its_name() {
    let total = |bytes: &'static str| {
        move || async move {
            let range = [(CONTENT_RANGE, format!("bytes 0-3/{bytes}"))];
            (StatusCode::PARTIAL_CONTENT, range, "abcd")
        }
    };
    let origin = serve(
        Router::new()
            .route("/hilang.pdf", get(StatusCode::NOT_FOUND))
            .route("/lama.pdf", get(StatusCode::GONE))
            .route("/tutup.pdf", get(StatusCode::FORBIDDEN))
            .route("/besar.mp4", get(total("104857601")))
            .route("/sedang.bin", get(total("104857600"))),
    )
    .await;
    let bridge = Bridge::new().await;
    for (name, code) in [
        ("hilang.pdf", "file_gone"),
        ("lama.pdf", "file_gone"),
        ("tutup.pdf", "file_gone"),
        ("besar.mp4", "file_too_large"),
    ] {
        assert_eq!(
            fails(&bridge, &format!("{origin}/{name}"), name).await,
            code,
            "{name}"
        );
    }
    assert_eq!(
        arrives(&bridge, &format!("{origin}/sedang.bin")).await.0,
        "document"
    );
}

#[tokio::test]
async fn redirects_are_followed_three_times_and_never_inwards() {
    let to = |address: &str| {
        let address = address.to_owned();
        get(move || async move { (StatusCode::FOUND, [(LOCATION, address)]) })
    };
    let origin = serve(
        Router::new()
            .route("/1", to("/2"))
            .route("/2", to("/3"))
            .route("/3", to("/Invois%207.pdf"))
            .route("/0", to("/1"))
            .route(
                "/Invois%207.pdf",
                get(|| async { ([(CONTENT_TYPE, "application/pdf")], PDF) }),
            )
            .route("/router.jpg", to("http://10.0.0.1/admin"))
            .route("/awan.jpg", to("http://169.254.169.254/latest/meta-data/"))
            .route("/pelabuhan.jpg", to("https://files.example:6379/"))
            .route("/fail.jpg", to("file:///etc/passwd")),
    )
    .await;
    let bridge = Bridge::new().await;
    let arrived = arrives(&bridge, &format!("{origin}/1")).await;
    assert_eq!(
        (arrived.0, arrived.1.as_str()),
        ("document", "Invois 7.pdf")
    );
    for name in ["router.jpg", "awan.jpg", "pelabuhan.jpg", "fail.jpg"] {
        assert_eq!(
            fails(&bridge, &format!("{origin}/{name}"), name).await,
            "bad_attachment"
        );
    }
    let id = bridge
        .agent_sends(seed::AISYAH.0, "", &[&format!("{origin}/0")])
        .await;
    bridge.settle().await;
    assert_eq!(
        (bridge.state(&id).await.as_str(), bridge.failures(&id).await),
        ("accepted", 1)
    );
}

#[tokio::test]
async fn nobody_is_led_into_a_private_network() {
    let bridge = Bridge::new().await;
    for url in [
        "http://10.1.2.3/rahsia.jpg",
        "http://192.168.1.1/rahsia.jpg",
        "http://169.254.169.254/rahsia.jpg",
        "http://[::ffff:10.0.0.1]/rahsia.jpg",
        "http://[fd00:ec2::254]/rahsia.jpg",
        "http://167772161/rahsia.jpg",
    ] {
        assert_eq!(
            fails(&bridge, url, "rahsia.jpg").await,
            "bad_attachment",
            "{url}"
        );
    }
}

#[tokio::test]
async fn outside_the_simulated_world_this_machine_is_private_too() {
    let storage = Storage::of_a_shop().await;
    let service = Client::new(NetworkScope::Public).unwrap();
    for url in [
        storage.url("/menu.pdf"),
        "http://localhost/menu.pdf".to_owned(),
    ] {
        let asked = service.ask(&url.parse().unwrap()).await;
        assert!(
            matches!(asked, Err(SourceError::NotPublic(_))),
            "{url}: {asked:?}"
        );
        let opened = service.open(&url.parse().unwrap()).await;
        assert!(
            matches!(opened, Err(SourceError::NotPublic(_))),
            "{url}: {opened:?}"
        );
    }
    assert_eq!(storage.asked(), 0);
}

#[tokio::test]
async fn our_address_gives_the_bytes_and_nothing_else_of_a_stranger() {
    let storage = Storage::start(vec![
        Stored::new("/x", "text/html", HTML),
        Stored::new("/y", "x", JPEG),
    ])
    .await;
    let bridge = Bridge::new().await;
    let router = bridge.app.router();
    let now = bridge.clock.now();
    let address = |path: &str, media_type: &str| {
        let attachments = &bridge.app.context.attachments;
        let address = attachments.address(&location(), &storage.url(path), media_type, "jpg", now);
        address.strip_prefix(&bridge.address).unwrap().to_owned()
    };
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let path = address("/y", "image/jpeg");
    let answer = ask(&router, get(&path)).await;
    assert_eq!(answer.0, StatusCode::OK);
    let header = |name: &str| answer.1.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("image/jpeg"));
    assert_eq!(
        header("content-length"),
        Some(JPEG.len().to_string().as_str())
    );
    assert_eq!(header("x-content-type-options"), Some("nosniff"));
    assert_eq!(header("content-disposition"), Some("attachment"));
    assert_eq!(header("set-cookie"), None);
    let html = ask(&router, get(&address("/x", "application/octet-stream"))).await;
    assert_eq!(html.1["content-type"], "application/octet-stream");
    assert_eq!(
        ask(&router, get(&address("/none", "image/png"))).await.0,
        StatusCode::NOT_FOUND
    );
    for forged in [
        "/attachments/x/file.jpg",
        "/attachments/aHR0cDovLzEwLjAuMC4x/file.jpg",
    ] {
        assert_eq!(
            ask(&router, get(forged)).await.0,
            StatusCode::NOT_FOUND,
            "{forged}"
        );
    }
    bridge.clock.advance(Duration::days(4));
    assert_eq!(
        ask(&router, get(&path)).await.0,
        StatusCode::NOT_FOUND,
        "it has an end"
    );
}

/// A server that never ends its one file and does not tell its size. Returns the address.
async fn endless() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut caller, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut asked = [0; 1024];
                let _ = caller.read(&mut asked).await;
                let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
                let mut written = caller.write_all(head).await;
                let megabyte = vec![b'x'; 1024 * 1024];
                while written.is_ok() {
                    written = caller.write_all(&megabyte).await;
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_file_without_end_is_cut_at_the_limit() {
    let origin = endless().await;
    let bridge = Bridge::new().await;
    let attachments = &bridge.app.context.attachments;
    let now = bridge.clock.now();
    let address = attachments.address(&location(), &origin, "application/pdf", "pdf", now);
    let path = address.strip_prefix(&bridge.address).unwrap();
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = bridge.app.router().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let (mut body, mut bytes) = (answer.into_body(), 0);
    let ended_well = loop {
        match body.frame().await {
            Some(Ok(frame)) => bytes += frame.into_data().unwrap().len(),
            Some(Err(_)) => break false,
            None => break true,
        }
    };
    assert!(
        !ended_well,
        "the reader has to see that it is not whole: {bytes}"
    );
    assert!(bytes as u64 <= MAX_FILE_BYTES);
}

#[tokio::test]
async fn so_many_files_may_be_on_their_way_and_no_more() {
    let origin = endless().await;
    let bridge = Bridge::new().await;
    let attachments = &bridge.app.context.attachments;
    let now = bridge.clock.now();
    let fetch = async |location: &str| {
        let location = LocationId::from(location);
        let address = attachments.address(&location, &origin, "application/pdf", "pdf", now);
        let path = address.strip_prefix(&bridge.address).unwrap();
        let request = Request::get(path).body(Body::empty()).unwrap();
        bridge.app.router().oneshot(request).await.unwrap()
    };
    let mut open = Vec::new();
    for location in ["one", "two", "three", "four"] {
        for _ in 0..32 {
            let answer = fetch(location).await;
            assert_eq!(answer.status(), StatusCode::OK);
            open.push(answer);
        }
        let more = fetch(location).await.status();
        assert_eq!(
            more,
            StatusCode::SERVICE_UNAVAILABLE,
            "its share is used up"
        );
    }
    let more = fetch("five").await.status();
    assert_eq!(more, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_one_server_told_is_kept_where_another_is_silent() {
    let routes = Router::new()
        .route(
            "/foto",
            get(|| async { ([(CONTENT_TYPE, "image/jpeg")], JPEG) }),
        )
        .fallback(std::future::pending::<StatusCode>);
    let origin = serve(routes).await;
    let bridge = Bridge::new().await;
    let mut urls = vec![format!("{origin}/foto")];
    urls.extend((0..3).map(|n| format!("{origin}/senyap-{n}.pdf")));
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let id = bridge.agent_sends(seed::AISYAH.0, "", &urls).await;
    // Only one attempt is left.
    sqlx::query("update outbound set failures = 3, failing = 'file_unreachable'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let looked =
        waapify_ghl::workers::outbound::Outbound(std::sync::Arc::clone(&bridge.app.context));
    waapify_ghl::workers::step(&std::sync::Arc::new(looked))
        .await
        .unwrap();
    let types: Vec<String> = sqlx::query_scalar(
        "select f ->> 'type' from outbound, jsonb_array_elements(files) f where ghl_message_id = $1",
    )
    .bind(&id)
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap();
    assert_eq!((types.len(), types[0].as_str()), (4, "image/jpeg"));
}
