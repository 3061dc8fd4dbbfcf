//! A webhook body whose signature has been checked. Having the value is the proof.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse;
use tokio::task::spawn_blocking;

use super::HttpState;
use super::error::HookError;
use crate::crypto::{ED25519_HEADER, RSA_HEADER, SignatureError, Verifier};

/// The raw bytes, as GHL signed them.
pub(super) struct Verified(pub(super) Bytes);

impl FromRequest<HttpState> for Verified {
    type Rejection = HookError;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, HookError> {
        let given = [ED25519_HEADER, RSA_HEADER];
        let given = given.map(|name| (name, request.headers().get(name).cloned()));
        let body = Bytes::from_request(request, state)
            .await
            .map_err(body_error)?;
        // 44 µs with Ed25519; RSA takes most of a millisecond, in which a thread of the pool could serve many others.
        if matches!(&given, [(_, None), (_, Some(_))]) {
            let (state, checked) = (state.clone(), body.clone());
            let proof = spawn_blocking(move || prove(&state.ghl.verifier, &given, &checked));
            proof.await.unwrap_or(Err(SignatureError::Wrong))?;
        } else {
            prove(&state.ghl.verifier, &given, &body)?;
        }
        Ok(Self(body))
    }
}

fn prove(
    verifier: &Verifier,
    given: &[(&str, Option<HeaderValue>)],
    body: &[u8],
) -> Result<(), SignatureError> {
    // A header that cannot be read is there all the same, and wrong.
    let header = |name: &str| {
        let value = given.iter().find(|(known, _)| *known == name)?.1.as_ref()?;
        Some(value.to_str().unwrap_or("unreadable"))
    };
    verifier.verify(header, body)
}

/// Why a body could not be read.
pub(super) fn body_error(rejection: BytesRejection) -> HookError {
    match rejection.into_response().status() {
        StatusCode::PAYLOAD_TOO_LARGE => HookError::TooLarge,
        _ => HookError::Cut,
    }
}
