//! Resident memory while ten files of 50 MB are read at once: first by the worker that verifies them, then through
//! the links by ten readers. Neither may hold a whole file.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use aes::Aes256;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockEncryptMut as _, KeyIvInit as _};
use futures_util::stream;
use ring::{digest, hkdf, hmac};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use waapify_ghl::crypto::hash_secret;
use waapify_ghl::{clients, db};

use crate::client::Load;
use crate::figures::megabytes;
use crate::service::{Service, environment, free_address};
use crate::{Controls, execute, number};

const FILES: u64 = 10;
const LENGTH: usize = 50_000_000;
/// The most memory that ten files may add: a tenth of a file for each. Whole files would need ten times that.
const LIMIT: u64 = FILES * LENGTH as u64 / 10;
/// A piece of the usual size of a network read.
const PIECE: usize = 16 * 1024;
/// Longest wait for all files of a stage.
const PATIENCE: Duration = Duration::from_mins(2);

pub async fn run(stage: &Controls) {
    let (encrypted, [plain_hash, encrypted_hash]) = encrypted();
    let host = serve(encrypted).await;
    let url = stage.database("files").await;
    let pool = db::open_pool(&url).unwrap();
    db::migrate(&pool).await.unwrap();
    pool.close().await;
    let (load, address) = (Load::new(), free_address());
    let environment = environment(&url, address, &load.public_key(), &host);
    let (service, _) = Service::start_with(address, environment).await;
    let mut database = PgConnection::connect(&url).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = service.bytes("VmRSS:").unwrap_or_default();
    let fill = format!(
        "insert into inbound (location_id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state,
            due_at, accepted_at)
         select 'files', '1', n, false, n, '6012345678', '', now(), 'accepted', '2100-01-01', now()
         from generate_series(1, {FILES}) n;
         insert into inbound_media (location_id, message_id, keys, direct_path, media_key, sha256, encrypted_sha256, length,
            mimetype, due_at)
         select 'files', id, 'video', '/file', decode('{}', 'base64'), decode('{}', 'base64'), decode('{}', 'base64'),
            {LENGTH}, 'video/mp4', now() from inbound where location_id = 'files'",
        STANDARD.encode([0; 32]),
        STANDARD.encode(plain_hash),
        STANDARD.encode(encrypted_hash),
    );
    let begin = Instant::now();
    execute(&mut database, &fill).await;
    let mut look = tokio::time::interval(Duration::from_millis(20));
    let proven = "select count(*) from inbound_media where state = 'linked'";
    while number(&mut database, proven).await < i64::try_from(FILES).unwrap() {
        assert!(begin.elapsed() < PATIENCE, "files are stuck");
        look.tick().await;
    }
    let took = begin.elapsed();
    println!("\nTen files of 50 MB at once: resident memory");
    println!("stage     before     peak       added      limit    ratio  took");
    report("proven", before, &service, took);
    let begin = Instant::now();
    read(&mut database, address).await;
    report("linked", before, &service, begin.elapsed());
}

fn report(stage: &str, before: u64, service: &Service, took: Duration) {
    let peak = service.bytes("VmHWM:").unwrap_or_default();
    let added = peak.saturating_sub(before);
    println!(
        "{stage:<8}  {:<9}  {:<9}  {:<9}  {}  {:.2}   {} ms",
        megabytes(before),
        megabytes(peak),
        megabytes(added),
        megabytes(LIMIT),
        ratio(added),
        took.as_millis(),
    );
    assert!(added < LIMIT, "files are held in memory");
}

#[allow(clippy::cast_precision_loss, reason = "shown with two decimals")]
fn ratio(added: u64) -> f64 {
    added as f64 / LIMIT as f64
}

/// Ten readers open ten links at once, and read so slowly that all are in progress together.
async fn read(database: &mut PgConnection, address: std::net::SocketAddr) {
    for n in 1..=FILES {
        let link = format!(
            "update inbound_media set link_hash = decode('{}', 'base64') where message_id = (
                select id from inbound where location_id = 'files' and wa_message_id = '{n}')",
            STANDARD.encode(hash_secret(&format!("secret{n}"))),
        );
        sqlx::query(AssertSqlSafe(link))
            .execute(&mut *database)
            .await
            .unwrap();
    }
    let (http, mut readers) = (clients::http_client().unwrap(), JoinSet::new());
    for n in 1..=FILES {
        let link = format!("http://{address}/files/secret{n}/video.mp4");
        let request = http.get(link).send();
        readers.spawn(async move {
            let mut answer = request.await.unwrap();
            assert!(answer.status().is_success(), "{answer:?}");
            let mut length = 0;
            while let Some(piece) = answer.chunk().await.unwrap() {
                length += piece.len();
            }
            assert_eq!(length, LENGTH);
        });
    }
    readers.join_all().await;
}

/// A file as WhatsApp stores it, of zeros with a key of zeros; and its hashes before and after encryption.
fn encrypted() -> (Bytes, [Vec<u8>; 2]) {
    struct Length;
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            112
        }
    }
    let mut keys = [0; 112];
    let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]);
    let prk = salt.extract(&[0; 32]);
    let expanded = prk.expand(&[b"WhatsApp Video Keys"], Length).unwrap();
    expanded.fill(&mut keys).unwrap();
    let cipher = cbc::Encryptor::<Aes256>::new_from_slices(&keys[16..48], &keys[..16]).unwrap();
    let mut bytes = vec![0; LENGTH];
    let hash = |bytes: &[u8]| digest::digest(&digest::SHA256, bytes).as_ref().to_vec();
    let plain = hash(&bytes);
    bytes.resize(LENGTH / 16 * 16 + 16, 0);
    cipher
        .encrypt_padded_mut::<Pkcs7>(&mut bytes, LENGTH)
        .unwrap();
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &keys[48..80]));
    mac.update(&keys[..16]);
    mac.update(&bytes);
    bytes.extend_from_slice(&mac.sign().as_ref()[..10]);
    let encrypted = hash(&bytes);
    (bytes.into(), [plain, encrypted])
}

/// Serves that one file as a media host. Returns the address.
async fn serve(file: Bytes) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route(
        "/file",
        get(move || {
            let pieces = (0..file.len()).step_by(PIECE);
            let file = file.clone();
            let pieces = pieces
                .map(move |at| Ok::<_, Infallible>(file.slice(at..file.len().min(at + PIECE))));
            async move { Body::from_stream(stream::iter(pieces)) }
        }),
    );
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}
