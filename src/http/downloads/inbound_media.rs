//! `/files/{secret}/{name}`: a customer's file that GHL does not take, fetched from WhatsApp and decrypted during the
//! download. The link's secret is the proof. A link ends before WhatsApp deletes the file.

use axum::extract::{Path, State};
use axum::http::header::{
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tracing::{info, warn};
use url::form_urlencoded;
use whatsapp_events::MediaFile;

use crate::clients::whatsapp_media;
use crate::clients::whatsapp_media::{Download, FetchError};
use crate::crypto::hash_secret;
use crate::db::inbound::media;
use crate::http::HttpState;
use crate::http::downloads::bounded_stream;
use crate::http::downloads::slots::{DownloadPermit, DownloadSlots};
use crate::http::error::PageError;
use crate::model::language::Text;

/// Downloads at once. Each holds some kB; a link that many people open must not use the whole bandwidth.
const MAX_DOWNLOADS: usize = 16;

/// The file runs nothing in a browser, whatever it is.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// What this route needs.
#[derive(Clone, Debug)]
pub struct Files {
    whatsapp: whatsapp_media::Client,
    slots: DownloadSlots,
}

impl Files {
    /// Creates it with the client that fetches the files.
    #[must_use]
    pub fn new(whatsapp: whatsapp_media::Client) -> Self {
        Self {
            whatsapp,
            slots: DownloadSlots::new(MAX_DOWNLOADS),
        }
    }
}

/// Streams the file. The name in the address is only for people.
pub(in crate::http) async fn download(
    State(state): State<HttpState>,
    Path((secret, _)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let found = media::find_linked(&state.pool, &hash_secret(&secret), state.clock.now()).await;
    let (location, file) = found
        .map_err(|error| PageError::database_down(&error))?
        .ok_or_else(link_gone)?;
    let slots = &state.files.slots;
    let permit = slots.try_acquire(&secret, Some(location.as_str()));
    let permit = permit.ok_or_else(busy)?;
    match state.files.whatsapp.open(&file).await {
        Ok(download) => Ok(answer(&file, download, permit)),
        Err(error) => Err(not_there(&error)),
    }
}

/// The file is verified only at its end: if it has changed, the answer breaks off.
fn answer(file: &MediaFile, download: Download, permit: DownloadPermit) -> Response {
    let length = download.length();
    let pieces = stream::try_unfold(download, |mut download| async move {
        let piece = download.next().await?;
        Ok::<_, FetchError>(piece.map(|piece| (piece.into(), download)))
    });
    let file_type = file.file_type(&[]);
    let mut response = bounded_stream::body(pieces, permit).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file_type.mimetype));
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    let disposition = HeaderValue::from_str(&disposition(&file.safe_name(&file_type)));
    let plain = HeaderValue::from_static("attachment");
    headers.insert(CONTENT_DISPOSITION, disposition.unwrap_or(plain));
    info!("a file is downloaded");
    response
}

/// RFC 6266: an ASCII name for old browsers, and the real name.
fn disposition(name: &str) -> String {
    let ascii: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let encoded: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let encoded = encoded.replace('+', "%20").replace('*', "%2A");
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

fn link_gone() -> PageError {
    PageError {
        status: StatusCode::NOT_FOUND,
        title: Text::new(
            "This file is not here any more",
            "Fail ini tiada lagi di sini",
        ),
        text: Text::new(
            "WhatsApp keeps a customer's file for about three weeks, and this link ends before that. Please ask the customer to send the file again.",
            "WhatsApp menyimpan fail pelanggan selama kira-kira tiga minggu, dan pautan ini tamat sebelum itu. Sila minta pelanggan menghantar fail itu sekali lagi.",
        ),
    }
}

fn busy() -> PageError {
    PageError {
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: Text::new(
            "Too many downloads at once",
            "Terlalu banyak muat turun serentak",
        ),
        text: Text::new(
            "Please open the link again in a minute.",
            "Sila buka pautan ini sekali lagi sebentar nanti.",
        ),
    }
}

fn not_there(error: &FetchError) -> PageError {
    warn!(%error, "a linked file does not come");
    match error {
        FetchError::Retry(_) => PageError {
            status: StatusCode::BAD_GATEWAY,
            title: Text::new("WhatsApp does not answer", "WhatsApp tidak menjawab"),
            text: Text::new(
                "Please open the link again in a minute.",
                "Sila buka pautan ini sekali lagi sebentar nanti.",
            ),
        },
        FetchError::Gone | FetchError::Refused(_) | FetchError::Broken(_) => link_gone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_the_header_for_old_and_new_browsers() {
        assert_eq!(
            disposition("Sijil é 1*.pdf"),
            "attachment; filename=\"Sijil _ 1*.pdf\"; filename*=UTF-8''Sijil%20%C3%A9%201%2A.pdf"
        );
    }
}
