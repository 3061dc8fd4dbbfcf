//! The operator's token: who gives it, in a header or in a form, is the operator.
//!
//! Owns: comparing it, and how fast strangers are told that they guessed wrong. A wrong guess uses up one of a few tries,
//! which come back after some seconds; who finds none left waits in line for one. The right token needs none: guessing
//! strangers lock nobody out, and nobody guesses a random token of sixteen characters, however fast he asks.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use tracing::warn;

use crate::crypto::hash_secret;

/// Wrong guesses in a row before the next one has to wait: more than an operator's typing slips.
const TRIES: usize = 10;
/// After so long a used-up try is back: two wrong tokens a second in the log.
const TRY_BACK: Duration = Duration::from_secs(5);
/// Longest wait in line for a try; browsers and Prometheus give up at about that time, too.
const MAX_LINE: Duration = Duration::from_secs(10);

/// Where the token is given.
#[derive(Debug, Default)]
pub struct Admin {
    header: Tries,
    form: Tries,
}

/// The tries that are left in one place.
#[derive(Debug)]
struct Tries(Arc<Semaphore>);

impl Default for Tries {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(TRIES)))
    }
}

/// Why somebody is not taken for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// He gave another token, or none.
    Wrong,
    /// He gave another token, too, after so many wrong ones that he did not get to a try in time.
    Busy,
}

impl Tries {
    async fn check(&self, token: &SecretString, given: &str) -> Result<(), Refused> {
        // Hashes have one length and give no time away.
        let (ours, theirs) = (hash_secret(token.expose_secret()), hash_secret(given));
        if ours.ct_eq(&theirs).into() {
            return Ok(());
        }
        let waiting = Arc::clone(&self.0).acquire_owned();
        let attempt = tokio::time::timeout(MAX_LINE, waiting).await;
        let Ok(Ok(attempt)) = attempt else {
            return Err(Refused::Busy);
        };
        warn!("a wrong operator's token");
        // Used up even if the caller hangs up.
        tokio::spawn(async move {
            tokio::time::sleep(TRY_BACK).await;
            drop(attempt);
        });
        Err(Refused::Wrong)
    }
}

impl Admin {
    /// Whether a form's token is the operator's.
    pub(super) async fn check_form(
        &self,
        token: &SecretString,
        given: &str,
    ) -> Result<(), Refused> {
        self.form.check(token, given).await
    }

    /// Whether a bearer header holds the operator's token.
    pub(super) async fn check_header(
        &self,
        token: &SecretString,
        headers: &HeaderMap,
    ) -> Result<(), Refused> {
        match bearer(headers) {
            Some(given) => self.header.check(token, given).await,
            None => Err(Refused::Wrong),
        }
    }
}

/// The token of a bearer header.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

/// As machines are told.
impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Wrong => (
                StatusCode::UNAUTHORIZED,
                [(WWW_AUTHENTICATE, "Bearer")],
                "the operator's token is needed\n",
            )
                .into_response(),
            Self::Busy => {
                (StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens\n").into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_right_token_passes_at_once_and_wrong_ones_wait_for_each_other() {
        let (tries, token) = (Tries::default(), SecretString::from("right".to_owned()));
        for _ in 0..50 {
            assert_eq!(tries.check(&token, "right").await, Ok(()));
        }
        for _ in 0..TRIES {
            assert_eq!(tries.check(&token, "wrong").await, Err(Refused::Wrong));
        }
        assert_eq!(tries.0.available_permits(), 0);
        assert_eq!(tries.check(&token, "right").await, Ok(()));
        let waiting = tries.check(&token, "wrong");
        let soon = Duration::from_millis(20);
        assert!(tokio::time::timeout(soon, waiting).await.is_err());
    }
}
