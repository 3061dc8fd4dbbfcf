//! `GET /attachments/{token}/{name}`: an agent's file under an address whose extension tells the gateway what it is.
//!
//! Refuses every address that we did not seal. Only the bytes and their length are passed on from the file's server, so
//! no cookie or header of a stranger is sent under our name.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyDataStream, Limited};
use tracing::info;

use crate::clients::attachment_source::{MAX_FILE_BYTES, SourceError};
use crate::http::HttpState;
use crate::http::downloads::bounded_stream;
use crate::http::downloads::slots::DownloadSlots;
use crate::model::ids::LocationId;

/// Files streamed at once. The gateway fetches one for each send, and at most 64 sends run at once. Twice that, because
/// a fetch may outlast its send.
const MAX_FILES: usize = 128;

/// Slots for the files of this route.
#[must_use]
pub fn slots() -> DownloadSlots {
    DownloadSlots::new(MAX_FILES)
}

/// Streams the file, so that its size costs no memory. The name only completes the address.
pub(in crate::http) async fn show(
    State(state): State<HttpState>,
    Path((token, _)): Path<(String, String)>,
) -> Response {
    let Some(target) = state.attachments.open(&token, state.clock.now()) else {
        return (StatusCode::NOT_FOUND, "This address is not known any more.").into_response();
    };
    // Each attempt to send has an address of its own, so a campaign with one file is many links.
    let location = target.location.as_ref().map(LocationId::as_str);
    let slots = &state.attachment_slots;
    let Some(permit) = slots.try_acquire(&token, location) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "Too many files at once.").into_response();
    };
    let opened = match state.origin.open(&target.url).await {
        Ok(opened) => opened,
        Err(error) => {
            info!(%error, "a file cannot be passed on");
            return refusal(&error).into_response();
        }
    };
    let limit = usize::try_from(MAX_FILE_BYTES).unwrap_or(usize::MAX);
    let pieces = BodyDataStream::new(Limited::new(opened.body, limit));
    let body = bounded_stream::body(pieces, permit);
    // The type is one of our own, none of which a browser runs. `attachment` makes a browser save the file.
    let headers = [
        (CONTENT_TYPE, target.media_type),
        (CONTENT_DISPOSITION, "attachment".to_owned()),
    ];
    let length = opened
        .bytes
        .map(|bytes| [(CONTENT_LENGTH, bytes.to_string())]);
    (headers, length, body).into_response()
}

const fn refusal(error: &SourceError) -> (StatusCode, &'static str) {
    match error {
        SourceError::NotPublic(_) | SourceError::Gone(_) => {
            (StatusCode::NOT_FOUND, "The file is not there.")
        }
        SourceError::TooLarge(_) => (StatusCode::NOT_FOUND, "The file is too large."),
        SourceError::Unreachable(_) => (
            StatusCode::BAD_GATEWAY,
            "The file's server does not answer.",
        ),
    }
}
