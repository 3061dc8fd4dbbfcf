//! Servers on this machine that hold agents' files.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, RANGE, SET_COOKIE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

pub const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01 a picture";
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n a picture";
pub const PDF: &[u8] = b"%PDF-1.7 a document";

/// A file of a storage.
#[derive(Clone, Default)]
pub struct Stored {
    /// The decoded path of its address, without the host.
    pub path: &'static str,
    pub content_type: &'static str,
    pub disposition: Option<&'static str>,
    pub bytes: Vec<u8>,
}

impl Stored {
    pub fn new(path: &'static str, content_type: &'static str, bytes: &[u8]) -> Self {
        Self {
            path,
            content_type,
            bytes: bytes.to_vec(),
            disposition: None,
        }
    }
}

/// A storage like the large ones: it serves ranges and sets a cookie.
#[derive(Clone)]
pub struct Storage {
    pub address: String,
    asked: Arc<AtomicUsize>,
    files: Arc<Mutex<Vec<Stored>>>,
}

impl Storage {
    pub async fn start(files: Vec<Stored>) -> Self {
        let files = Arc::new(Mutex::new(files));
        let asked = Arc::new(AtomicUsize::new(0));
        let (held, count) = (Arc::clone(&files), Arc::clone(&asked));
        let routes = Router::new().fallback(move |request: Request| {
            count.fetch_add(1, Ordering::Relaxed);
            let answer = answer(&held.lock().unwrap(), &request);
            async move { answer }
        });
        Self {
            address: serve(routes).await,
            asked,
            files,
        }
    }

    /// A storage with a document `menu.pdf` and a picture `kedai.jpg`.
    pub async fn of_a_shop() -> Self {
        Self::start(vec![
            Stored::new("/menu.pdf", "application/pdf", PDF),
            Stored::new("/kedai.jpg", "image/jpeg", JPEG),
        ])
        .await
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// The number of requests.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Replaces its files.
    pub fn replace(&self, files: Vec<Stored>) {
        *self.files.lock().unwrap() = files;
    }
}

fn answer(files: &[Stored], request: &Request) -> Response {
    let path = request.uri().path();
    let Some(file) = files.iter().find(|file| file.path == path) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let end = request.headers().get(RANGE).map(|range| {
        let end = range.to_str().unwrap().rsplit_once('-').unwrap().1;
        (end.parse::<usize>().unwrap() + 1).min(file.bytes.len())
    });
    let disposition = file.disposition.map(|given| [(CONTENT_DISPOSITION, given)]);
    let headers: [(HeaderName, &str); 2] = [
        (CONTENT_TYPE, file.content_type),
        (SET_COOKIE, "visitor=1; Path=/"),
    ];
    match end {
        None => (headers, disposition, file.bytes.clone()).into_response(),
        Some(end) => {
            let range = format!("bytes 0-{}/{}", end.saturating_sub(1), file.bytes.len());
            let part = file.bytes[..end].to_vec();
            let range = [(CONTENT_RANGE, range)];
            (
                StatusCode::PARTIAL_CONTENT,
                headers,
                disposition,
                range,
                part,
            )
                .into_response()
        }
    }
}

/// Serves on a free port and returns the address.
pub async fn serve(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}
