//! Checks whether an address leads to this deployment, by a question that only a holder of `ENCRYPTION_KEYS` can
//! answer.
//!
//! Others cannot make a valid question either and get no answer, so that strangers learn nothing.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::clients::endpoint;
use crate::crypto::{Sealer, hash_secret, random_secret};

/// The place that the question is sealed for.
const PLACE: &str = "doctor/reach";
/// Longest wait for the answer, which is one hash: a slower service is not healthy.
const TIMEOUT: Duration = Duration::from_secs(8);

/// The result of asking an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// This deployment answered.
    Us,
    /// Something else answered.
    SomebodyElse,
    /// Nothing answered, or an error came back; what happened.
    Nobody(String),
}

/// Answers a question, which is the last part of `/healthz/{question}`. None if it is not a question of ours.
#[must_use]
pub fn answer(sealer: &Sealer, question: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(question).ok()?;
    let secret = sealer.open(PLACE, &bytes).ok()?;
    Some(answer_to(&secret))
}

fn answer_to(secret: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(hash_secret(secret.expose_secret()))
}

/// Asks the service at `public_url` whether it is this deployment.
pub(super) async fn ask(http: &reqwest::Client, sealer: &Sealer, public_url: &Url) -> Reached {
    let secret = random_secret();
    let question = URL_SAFE_NO_PAD.encode(sealer.seal(PLACE, &secret));
    let url = endpoint(public_url, &["healthz", &question]);
    let answer = match http.get(url).timeout(TIMEOUT).send().await {
        Ok(answer) => answer,
        Err(error) => return Reached::Nobody(describe(error)),
    };
    let status = answer.status();
    if status.is_redirection() || status.is_server_error() {
        return Reached::Nobody(format!("it answers {}", status.as_u16()));
    }
    match answer.text().await {
        Ok(body) if body.trim() == answer_to(&secret) => Reached::Us,
        Ok(_) => Reached::SomebodyElse,
        Err(error) => Reached::Nobody(describe(error)),
    }
}

/// The innermost cause, which names the failed lookup, connection or certificate.
fn describe(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", TIMEOUT.as_secs());
    }
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let what = if error.is_connect() {
        "no connection"
    } else {
        "no answer"
    };
    format!("{what} ({})", crate::clients::scrub(&cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Key;

    fn sealer(key: &str) -> Sealer {
        Sealer::new(Key::parse(key).unwrap(), vec![])
    }

    #[test]
    fn only_a_holder_of_the_keys_answers_and_only_what_it_was_asked() {
        let ours = sealer("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        let theirs = sealer("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
        let secret = random_secret();
        let question = URL_SAFE_NO_PAD.encode(ours.seal(PLACE, &secret));
        assert_eq!(answer(&ours, &question), Some(answer_to(&secret)));
        assert_eq!(answer(&theirs, &question), None);
        let elsewhere = URL_SAFE_NO_PAD.encode(ours.seal("tokens/x", &secret));
        for forged in ["", "x", elsewhere.as_str()] {
            assert_eq!(answer(&ours, forged), None, "{forged}");
        }
    }
}
