//! What an agent attaches arrives complete, in order, with the right kind and name.

use std::sync::Arc;

use serde_json::{Value, json};
use simulators::{ChatMessage, Fault, seed};
use time::Duration;
use waapify_ghl::db::outbound::receipts;
use waapify_ghl::db::outbound::receipts::{KnownFrom, SentPart};
use waapify_ghl::model::ids::WaMessageId;
use waapify_ghl::model::reason::Step;
use waapify_ghl::workers;
use waapify_ghl::workers::outbound::Outbound;

use crate::attachment_sources::{JPEG, PDF, PNG, Storage, Stored};
use crate::harness::{Bridge, OUTAGE, location};

const PHONE: &str = seed::AISYAH.2;
const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0 a film";
const MOV: &[u8] = b"\0\0\0\x14ftypqt  \0\0\x02\0 a film";
const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0 a picture";
const WEBP: &[u8] = b"RIFF\x24\0\0\0WEBPVP8  a picture";
const OPUS: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0AAAA\0\0\0\0BBBB\x01\x13OpusHead a voice";
const VORBIS: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0AAAA\0\0\0\0BBBB\x01\x1e\x01vorbis a song";
const MP3: &[u8] = b"ID3\x04\0\0 a song";
const ZIP: &[u8] = b"PK\x03\x04 a package";
pub const HTML: &[u8] = b"<!doctype html><script>alert(1)</script>";
/// Longer than all attempts to ask for a file.
const A_WHILE: Duration = Duration::minutes(2);

/// Path, type and bytes on the server; kind and name on the phone.
const FILES: [(&str, &str, &[u8], &str, &str); 23] = [
    ("/a.jpg", "image/jpeg", JPEG, "image", "a.jpg"),
    (
        "/photo",
        "application/octet-stream",
        JPEG,
        "image",
        "photo.jpg",
    ),
    ("/FOTO.JPG", "image/jpeg", JPEG, "image", "FOTO.JPG"),
    ("/foto.pdf", "application/pdf", PNG, "image", "foto.pdf.png"),
    ("/film.mp4", "video/mp4", MP4, "video", "film.mp4"),
    ("/film", "binary/octet-stream", MP4, "video", "film.mp4"),
    ("/film.mov", "video/quicktime", MOV, "document", "film.mov"),
    (
        "/iphone.mp4",
        "video/mp4",
        MOV,
        "document",
        "iphone.mp4.mov",
    ),
    ("/suara.ogg", "audio/ogg", OPUS, "audio", "suara.ogg"),
    (
        "/suara.opus",
        "application/octet-stream",
        OPUS,
        "audio",
        "suara.opus",
    ),
    ("/lagu.ogg", "audio/ogg", VORBIS, "document", "lagu.ogg"),
    (
        "/logo.ai",
        "application/postscript",
        PDF,
        "document",
        "logo.ai",
    ),
    ("/foto.jfif", "image/jpeg", JPEG, "image", "foto.jfif.jpg"),
    (
        "/film.mkv",
        "video/x-matroska",
        b"\x1a\x45\xdf\xa3 a film",
        "document",
        "film.mkv",
    ),
    ("/lagu.mp3", "audio/mpeg", MP3, "audio", "lagu.mp3"),
    ("/foto.webp", "image/webp", WEBP, "document", "foto.webp"),
    ("/foto.heic", "image/heic", HEIC, "document", "foto.heic"),
    (
        "/iphone.jpg",
        "image/jpeg",
        HEIC,
        "document",
        "iphone.jpg.heic",
    ),
    (
        "/invois.jpg",
        "image/jpeg",
        PDF,
        "document",
        "invois.jpg.pdf",
    ),
    (
        "/surat.docx",
        "application/zip",
        ZIP,
        "document",
        "surat.docx",
    ),
    (
        "/harga.csv",
        "text/plain",
        b"a,b\n1,2\n",
        "document",
        "harga.csv",
    ),
    ("/gambar.png", "image/png", HTML, "document", "gambar.png"),
    ("/kosong.txt", "text/plain", b"", "document", "kosong.txt"),
];

/// The business's messages on Aisyah's phone.
pub fn on_phone(bridge: &Bridge) -> Vec<ChatMessage> {
    let chat = bridge.simulation.waapify.chat(seed::AISYAH.2);
    chat.into_iter().filter(|m| m.from_business).collect()
}

/// Sends one file and returns kind, name and content as they arrive.
pub async fn arrives(bridge: &Bridge, url: &str) -> (&'static str, String, Vec<u8>) {
    let before = on_phone(bridge).len();
    let id = bridge.agent_sends(seed::AISYAH.0, "", &[url]).await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent", "{url}");
    let mut arrived = on_phone(bridge);
    assert_eq!(arrived.len(), before + 1, "{url}");
    let last = arrived.remove(before);
    (
        last.kind,
        last.file_name.unwrap(),
        last.file.unwrap().to_vec(),
    )
}

#[tokio::test]
async fn a_file_arrives_as_what_it_is_whatever_its_address_says() {
    let files = FILES.iter().map(|case| Stored::new(case.0, case.1, case.2));
    let storage = Storage::start(files.collect()).await;
    let bridge = Bridge::new().await;
    for (path, _, bytes, kind, name) in FILES {
        let arrived = arrives(&bridge, &storage.url(path)).await;
        assert_eq!(arrived, (kind, name.to_owned(), bytes.to_vec()), "{path}");
    }
    let direct: Vec<_> = on_phone(&bridge)
        .into_iter()
        .map(|m| m.media_url.unwrap())
        .collect();
    assert_eq!(
        direct[0],
        storage.url("/a.jpg"),
        "an address that says the right thing is given as it is"
    );
    assert!(
        direct[1].starts_with(&format!("{}/attachments/", bridge.address)),
        "{}",
        direct[1]
    );
}

#[tokio::test]
async fn a_text_alone_asks_nobody_and_is_claimed_once() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let row: (i32, bool) = sqlx::query_as(
        "select attempt, files is null from outbound where ghl_message_id = $1 and state = 'sent'",
    )
    .bind(&id)
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap();
    assert_eq!(row, (1, true));
}

#[tokio::test]
async fn a_file_without_a_name_is_called_what_its_server_calls_it() {
    let mut named = Stored::new("/documents/download/Doc0001", "application/pdf", PDF);
    named.disposition =
        Some("attachment; filename=\"x.pdf\"; filename*=UTF-8''Sebut%20Harga%20%E5%A0%B1.pdf");
    let nameless = Stored::new(
        "/documents/download/Doc0002",
        "application/pdf; charset=binary",
        PDF,
    );
    let storage = Storage::start(vec![named, nameless]).await;
    let bridge = Bridge::new().await;
    let arrived = arrives(&bridge, &storage.url("/documents/download/Doc0001")).await;
    assert_eq!(
        (arrived.0, arrived.1.as_str()),
        ("document", "Sebut Harga 報.pdf")
    );
    let arrived = arrives(&bridge, &storage.url("/documents/download/Doc0002")).await;
    assert_eq!((arrived.0, arrived.1.as_str()), ("document", "Doc0002.pdf"));
}

#[tokio::test]
async fn a_text_and_three_files_leave_in_order_and_are_delivered_when_the_last_is() {
    let storage = Storage::start(vec![
        Stored::new("/1", "image/png", PNG),
        Stored::new("/2.pdf", "application/pdf", PDF),
        Stored::new("/3.ogg", "audio/ogg", OPUS),
    ])
    .await;
    let bridge = Bridge::new().await;
    let files = ["/1", "/2.pdf", "/3.ogg"].map(|path| storage.url(path));
    let files = files.each_ref().map(String::as_str);
    let id = bridge
        .agent_sends(seed::AISYAH.0, "Tiga fail", &files)
        .await;
    let next = bridge.agent_writes("selepas itu").await;
    bridge.settle().await;
    let arrived = on_phone(&bridge);
    let shown: Vec<_> = arrived.iter().map(|m| (m.kind, m.text.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("image", "Tiga fail"),
            ("document", ""),
            ("audio", ""),
            ("text", "selepas itu")
        ],
        "the picture carries the text, and nothing overtakes"
    );
    for (part, expected) in arrived.iter().take(3).zip(["sent", "sent", "delivered"]) {
        bridge
            .whatsapp_reports(&part.id, json!({"status": 3}))
            .await;
        bridge.settle().await;
        assert_eq!(bridge.state(&id).await, expected);
    }
    assert_eq!(bridge.state(&next).await, "sent");
}

#[tokio::test]
async fn a_text_before_a_document_goes_first_and_alone() {
    let storage = Storage::of_a_shop().await;
    let bridge = Bridge::new().await;
    let files = [storage.url("/menu.pdf"), storage.url("/kedai.jpg")];
    let files = files.each_ref().map(String::as_str);
    bridge.agent_sends(seed::AISYAH.0, "Menu", &files).await;
    bridge.settle().await;
    let shown: Vec<_> = on_phone(&bridge)
        .into_iter()
        .map(|m| (m.kind, m.text))
        .collect();
    let nothing = String::new();
    assert_eq!(
        shown,
        [
            ("text", "Menu".to_owned()),
            ("document", nothing.clone()),
            ("image", nothing)
        ]
    );
}

#[tokio::test]
async fn a_file_is_asked_about_once_and_planned_the_same_at_every_attempt() {
    let storage = Storage::start(vec![Stored::new("/x", "image/jpeg", JPEG)]).await;
    let bridge = Bridge::new().await;
    for _ in 0..2 {
        bridge
            .simulation
            .waapify
            .faults()
            .push("send.php", Fault::answer(200, OUTAGE));
    }
    let id = bridge
        .agent_sends(seed::AISYAH.0, "Lihat", &[&storage.url("/x")])
        .await;
    bridge.settle().await;
    assert_eq!(storage.asked(), 1);
    storage.replace(vec![Stored::new("/x", "application/pdf", PDF)]);
    bridge.after(Duration::minutes(1)).await;
    bridge.after(Duration::minutes(1)).await;
    assert_eq!(bridge.state(&id).await, "sent");
    assert_eq!(storage.asked(), 2, "asked once, fetched once");
    let captions: Vec<_> = bridge
        .sends()
        .into_iter()
        .map(|query| query["message"].clone())
        .collect();
    assert_eq!(
        captions, ["Lihat"; 3],
        "one part, with its caption, at each attempt"
    );
}

#[tokio::test]
async fn a_replay_after_the_file_came_back_asks_again() {
    let storage = Storage::start(Vec::new()).await;
    let bridge = Bridge::new().await;
    let id = bridge
        .agent_sends(seed::AISYAH.0, "", &[&storage.url("/menu.pdf")])
        .await;
    bridge.after(A_WHILE).await;
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".into(), Some("file_gone".into()))
    );
    storage.replace(vec![Stored::new("/menu.pdf", "application/pdf", PDF)]);
    sqlx::query("update outbound set state = 'accepted', due_at = $1")
        .bind(bridge.clock.now())
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge.settle().await;
    assert_eq!(on_phone(&bridge)[0].file.as_deref(), Some(PDF));
}

#[tokio::test]
async fn a_national_number_is_read_as_one_of_the_connected_numbers_country() {
    let bridge = Bridge::new().await;
    let body = json!({
        "contactId": seed::AISYAH.0, "locationId": seed::LOCATION_ID, "messageId": "national-1", "type": "SMS",
        "phone": "012-345 6789", "message": "hai", "attachments": [],
    });
    assert_eq!(
        bridge.simulation.ghl.agent_sends_raw(&body).await,
        Some(200)
    );
    bridge.settle().await;
    assert_eq!(bridge.sends()[0]["number"], "60123456789");
    assert_eq!(bridge.state("national-1").await, "sent");
}

#[tokio::test]
async fn an_echo_of_a_file_is_not_taken_for_the_next_one() {
    let bridge = Bridge::new().await;
    let storage = Storage::of_a_shop().await;
    let files = [storage.url("/menu.pdf"), storage.url("/kedai.jpg")];
    let files = files.each_ref().map(String::as_str);
    bridge.agent_sends(seed::AISYAH.0, "", &files).await;
    let worker = Arc::new(Outbound(Arc::clone(&bridge.app.context)));
    while bridge.sends().is_empty() {
        workers::step(&worker).await.unwrap();
    }
    let pool = &bridge.database.pool;
    let message = sqlx::query_scalar("select id from outbound");
    let id = bridge.simulation.waapify.chat(PHONE).remove(0).id;
    // Files have no text. When the echo's id was looked up, the answer was not recorded yet; when the echo was
    // compared with the part in progress, that was already the second file.
    let echo = SentPart {
        location: &location(),
        message: message.fetch_one(pool).await.unwrap(),
        number: seed::NUMBER,
        part: 1,
        wa_message_id: &WaMessageId(id),
        known_from: KnownFrom::Echo,
    };
    receipts::record_sent(pool, echo, &Step::Echoed.into(), bridge.clock.now())
        .await
        .unwrap();
    bridge.settle().await;
    let names = bridge.sends();
    let names: Vec<_> = names.iter().map(|send| &send["filename"]).collect();
    assert_eq!(names, ["menu.pdf", "kedai.jpg"]);
}

#[tokio::test]
async fn attachments_leave_one_after_the_other_behind_the_text() {
    let bridge = Bridge::new().await;
    let storage = Storage::of_a_shop().await;
    let files = [storage.url("/menu.pdf"), storage.url("/kedai.jpg")];
    let files = files.each_ref().map(String::as_str);
    let id = bridge
        .agent_sends(seed::AISYAH.0, "Menu kami", &files)
        .await;
    bridge.settle().await;
    let sent: Vec<_> = bridge
        .sends()
        .iter()
        .map(|query| {
            [
                query["type"].clone(),
                query["message"].clone(),
                query["media_url"].clone(),
                query["filename"].clone(),
            ]
        })
        .collect();
    assert_eq!(
        sent,
        [
            [json!("text"), json!("Menu kami"), Value::Null, json!("")],
            [
                json!("media"),
                json!(""),
                json!(files[0]),
                json!("menu.pdf")
            ],
            [
                json!("media"),
                json!(""),
                json!(files[1]),
                json!("kedai.jpg")
            ],
        ]
    );
    assert_eq!(bridge.state(&id).await, "sent");
}
