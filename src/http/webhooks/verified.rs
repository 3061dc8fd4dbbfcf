//! A webhook body whose signature was checked. A value of this type is the proof.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::crypto::{Signature, SignatureError};
use crate::http::HttpState;
use crate::http::error::HookError;

/// The raw bytes that GHL signed.
pub(in crate::http) struct Verified(pub(in crate::http) Bytes);

impl FromRequest<HttpState> for Verified {
    type Rejection = HookError;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, HookError> {
        // A header that is not text counts as present and wrong.
        let headers = request.headers();
        let text = |name: &str| Some(headers.get(name)?.to_str().unwrap_or("unreadable"));
        let signature = Signature::find(text);
        let body = Bytes::from_request(request, state)
            .await
            .map_err(body_error)?;
        let fits = state.signature_batcher.fits(signature?, body.clone());
        if fits.await? {
            Ok(Self(body))
        } else {
            Err(SignatureError::Wrong.into())
        }
    }
}

/// Why a body could not be read.
pub(in crate::http) fn body_error(rejection: BytesRejection) -> HookError {
    match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => HookError::TooLarge,
        _ => HookError::Cut,
    }
}
