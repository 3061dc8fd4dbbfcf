//! What GHL's errors mean: one advice each (`docs/vendors/ghl.md#errors`).

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::clients::ghl::limits;
use crate::clients::scrub;
use crate::model::reason::{Answer, Reason};

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Try again, not before this pause.
    RetryAfter(Duration),
    /// Try again by the schedule.
    Retry,
    /// The access token has expired: refresh it, once.
    Reauthorize,
    /// The refresh token is dead: request a token with the company's, or ask for a new install.
    Reinstall,
    /// The location is paused, and its token works again when the location does. Try again, with longer and longer
    /// pauses.
    Inactive,
    /// GHL refused this request, in JSON. Only [`CallError::is_final`] says that it will never be accepted.
    Reject,
}

/// A failed call.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct CallError {
    /// What to do.
    pub advice: Advice,
    /// The answer's HTTP status; none where there was no answer.
    pub status: Option<u16>,
    /// GHL may have executed the request: it was sent, and no answer says that it was refused.
    pub may_have_arrived: bool,
    /// GHL did not answer, or failed, or a proxy answered in its place: other requests would fail in the same way.
    pub is_outage: bool,
    /// GHL's words are about the content of the request, so that it will never be accepted.
    pub is_final: bool,
    /// What GHL answered; safe for logs.
    pub detail: Reason,
}

/// GHL's words when a token does not open the location: it is that of another one, or the location has moved to another
/// agency (`docs/vendors/ghl.md#errors`).
const WRONG_LOCATION: [&str; 2] = [
    "does not have access to this location",
    "location is not accessible from this token",
];

/// GHL's words when it has no message with an id.
const NO_MESSAGE: &str = "no message found";

/// GHL's words, together with "contact", when a contact was deleted or merged with another.
const CONTACT_GONE: [&str; 6] = [
    "not found",
    "does not exist",
    "doesn't exist",
    "no longer exists",
    "deleted",
    "merged",
];

/// GHL's words when its database did not answer in time; they come with 400.
const TIMED_OUT: &str = "command timed out";

/// GHL's words when the app lacks the scope of a route, or has a token of the wrong class for it.
const NO_SCOPE: [&str; 2] = [
    "not authorized for this scope",
    "not allowed to access this scope",
];

impl CallError {
    /// Whether GHL refused because the app lacks the scope.
    #[must_use]
    pub fn lacks_scope(&self) -> bool {
        self.status == Some(401) && NO_SCOPE.iter().any(|words| self.says(words))
    }

    /// Whether GHL says that the token does not open the location. With an agency's token that is about the location.
    #[must_use]
    pub fn is_of_another_location(&self) -> bool {
        matches!(self.status, Some(400..=403))
            && WRONG_LOCATION.iter().any(|words| self.says(words))
    }

    /// Whether GHL says that it has no message with the id.
    #[must_use]
    pub fn knows_no_message(&self) -> bool {
        self.status == Some(401) && self.says(NO_MESSAGE)
    }

    /// Whether GHL says that the contact does not exist any more. Other refusals say nothing about the contact.
    #[must_use]
    pub fn says_contact_is_gone(&self) -> bool {
        let is_gone = || CONTACT_GONE.iter().any(|words| self.says(words));
        matches!(self.status, Some(400 | 404 | 410 | 422)) && self.says("contact") && is_gone()
    }

    /// Whether GHL gave up on its database: it may have done what was asked.
    #[must_use]
    pub fn has_timed_out(&self) -> bool {
        self.says(TIMED_OUT)
    }

    /// Whether these words are among GHL's.
    fn says(&self, part: &str) -> bool {
        matches!(&self.detail, Reason::Answer(Answer::Ghl { words, .. }) if words.to_lowercase().contains(part))
    }
}

/// What an error answer means (`docs/vendors/ghl.md#errors`; `tests/payloads/ghl/responses/errors.json`). `text`: the
/// body as it came; `body`: the same as JSON, null if it is none.
pub(super) fn classify(
    status: StatusCode,
    headers: &HeaderMap,
    text: &[u8],
    body: &Value,
) -> CallError {
    let words = words(body);
    // A proxy writes pages. GHL itself answers in JSON, or not at all.
    let is_foreign = !body.is_object() && !text.trim_ascii().is_empty();
    let says = |part: &str| words.to_lowercase().contains(part);
    let not_yet = says("no conversation provider found") || says("no message found");
    let dead_grant = says("invalid grant")
        || says("refresh token is invalid")
        || body.get("error").and_then(Value::as_str) == Some("invalid_grant");
    let timed_out = says(TIMED_OUT);
    let advice = match status.as_u16() {
        400 | 401 if dead_grant => Advice::Reinstall,
        429 => Advice::RetryAfter(limits::pause(headers)),
        _ if is_foreign => Advice::Retry,
        401 | 403 if not_yet => Advice::Retry,
        401 if is_expiry(&words.to_lowercase()) => Advice::Reauthorize,
        400 | 403 if says("location is not active") => Advice::Inactive,
        408 | 500.. => Advice::Retry,
        _ if timed_out => Advice::Retry,
        _ => Advice::Reject,
    };
    CallError {
        advice,
        status: Some(status.as_u16()),
        // GHL has given 500, and 400 when its database did not answer, both before and after it acted.
        may_have_arrived: matches!(status.as_u16(), 408 | 500..) || timed_out,
        is_outage: matches!(status.as_u16(), 408 | 500..) || is_foreign && status != 429,
        is_final: advice == Advice::Reject && is_about_content(status.as_u16(), &words),
        detail: describe(status, &words, body),
    }
}

/// Whether a refusal is about the content of the request: a 422 or a 400, except with words about the contact, which is
/// looked up again, or about the app and its version, which a person or a release mends.
fn is_about_content(status: u16, words: &str) -> bool {
    let words = words.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let elsewhere = [
        "contact",
        "location",
        "version",
        "endpoint",
        "no conversationproviderid",
    ];
    matches!(status, 400 | 413 | 415 | 422) && !says(&elsewhere)
}

/// A 401 has many meanings; only these words, or no words, mean that the token has expired.
fn is_expiry(words: &str) -> bool {
    let names_token = words.contains("token") || words.contains("jwt");
    let ended = words.contains("invalid") || words.contains("expired");
    (names_token && ended) || matches!(words, "" | "unauthorized")
}

/// GHL's words in any of its error shapes: `message` as a text or a list, OAuth's `error_description`, v3's
/// `error.message`.
fn words(body: &Value) -> String {
    let places = ["/message", "/error_description", "/error/message", "/error"];
    let found = places
        .iter()
        .filter_map(|place| body.pointer(place))
        .find_map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Array(list) => Some(
                list.iter()
                    .filter_map(Value::as_str)
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
            _ => None,
        });
    found.unwrap_or_default()
}

pub(super) fn describe(status: StatusCode, words: &str, body: &Value) -> Reason {
    Reason::from(Answer::Ghl {
        status: status.as_u16(),
        words: scrub(words),
        trace: trace(body),
    })
}

/// The trace id that GHL's support asks for.
pub(super) fn trace(body: &Value) -> String {
    let id = body.get("traceId").and_then(Value::as_str);
    id.unwrap_or("none")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .take(64)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn classified(status: u16, text: &str) -> CallError {
        let body = serde_json::from_str(text).unwrap_or_default();
        let status = StatusCode::from_u16(status).unwrap();
        classify(status, &HeaderMap::new(), text.as_bytes(), &body)
    }

    fn advice_for(status: u16, body: &Value) -> Advice {
        classified(status, &body.to_string()).advice
    }

    #[test]
    fn an_answer_that_is_not_json_is_a_proxys_and_ends_nothing() {
        for status in [
            301, 400, 401, 403, 404, 405, 409, 413, 421, 422, 423, 451, 502, 530,
        ] {
            for text in ["<html>Just a moment...</html>", "error code: 1020", "[1]"] {
                let error = classified(status, text);
                assert_eq!(error.advice, Advice::Retry, "{status} {text}");
                assert!(error.is_outage && !error.is_final, "{status} {text}");
            }
        }
        assert_eq!(classified(401, "").advice, Advice::Reauthorize);
    }

    #[test]
    fn only_words_about_the_content_are_final() {
        for (status, message, is_final) in [
            (422, json!(["type must be a valid enum value"]), true),
            (422, json!(["attachments must be an array"]), true),
            (400, json!("Attachment type is not supported"), true),
            (400, json!("Incorrect conversationProviderId/type"), true),
            (
                400,
                json!("No conversationProviderId passed in body"),
                false,
            ),
            (400, json!("Contact not found"), false),
            (422, json!("Contact not found"), false),
            (
                401,
                json!("The token is not authorized for this scope."),
                false,
            ),
            (403, json!("Forbidden resource"), false),
            (404, json!("Not found"), false),
            (409, json!("Conflict"), false),
            (423, json!("Locked"), false),
            (500, json!(["type"]), false),
        ] {
            let error = classified(status, &json!({"message": message}).to_string());
            assert_eq!(error.is_final, is_final, "{status} {message}");
        }
    }

    #[test]
    fn every_known_error_has_the_advice_that_the_facts_give() {
        let corpus = include_str!("../../../tests/payloads/ghl/responses/errors.json");
        let cases: Vec<Value> = serde_json::from_str(corpus).unwrap();
        let mut seen = 0;
        for case in cases
            .iter()
            .filter(|case| case["status"].as_u64().unwrap() >= 400)
        {
            let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
            let when = case["when"].as_str().unwrap();
            let expected = match when {
                "expired or invalid access token" => Advice::Reauthorize,
                "burst limit" => Advice::RetryAfter(limits::BURST_WINDOW),
                "location paused / SaaS cancelled" => Advice::Inactive,
                "used / expired refresh token" | "older form of the same" => Advice::Reinstall,
                "status update before the message is downstreamed"
                | "status update for an email / unknown message" => Advice::Retry,
                _ if status >= 500 => Advice::Retry,
                _ => Advice::Reject,
            };
            assert_eq!(advice_for(status, &case["body"]), expected, "{when}");
            seen += 1;
        }
        assert!(seen > 15, "the corpus was read");
    }

    #[test]
    fn only_words_that_mean_expiry_lead_to_a_refresh() {
        for (message, expected) in [
            (
                "Invalid token: access token is invalid",
                Advice::Reauthorize,
            ),
            ("The token has expired", Advice::Reauthorize),
            ("Unauthorized", Advice::Reauthorize),
            (
                "The token is not authorized for this scope.",
                Advice::Reject,
            ),
            ("Token's user type mismatch!", Advice::Reject),
            ("version header was not found.", Advice::Reject),
        ] {
            assert_eq!(
                advice_for(401, &json!({"message": message})),
                expected,
                "{message}"
            );
        }
    }

    #[test]
    fn both_wordings_about_another_location_are_known() {
        let known = |status, message| {
            let body = json!({"message": message}).to_string();
            classified(status, &body).is_of_another_location()
        };
        assert!(known(
            403,
            "The token does not have access to this location."
        ));
        assert!(known(
            401,
            "This location is not accessible from this token!"
        ));
        assert!(!known(403, "Forbidden resource"));
        assert!(!known(400, "Location is not active"));
    }

    #[test]
    fn only_a_refusal_in_words_says_that_nothing_was_done() {
        for (status, may_have_arrived) in [
            (400, false),
            (401, false),
            (408, true),
            (422, false),
            (429, false),
            (500, true),
            (504, true),
        ] {
            let error = classified(status, &json!({"message": "no"}).to_string());
            assert_eq!(error.may_have_arrived, may_have_arrived, "{status}");
        }
        let timed_out = classified(400, r#"{"message":"Command timed out"}"#);
        assert!(timed_out.may_have_arrived && !timed_out.is_final);
        assert_eq!(timed_out.advice, Advice::Retry);
    }

    #[test]
    fn only_words_about_a_contact_say_that_it_is_gone() {
        for (status, message, is_gone) in [
            (400, "Contact not found", true),
            (404, "Contact with id abc not found", true),
            (400, "This contact was merged", true),
            (404, "Not Found", false),
            (404, "Cannot GET /contacts/abc", false),
            (403, "Contact not found", false),
            (400, "Command timed out", false),
        ] {
            let error = classified(status, &json!({"message": message}).to_string());
            assert_eq!(error.says_contact_is_gone(), is_gone, "{status} {message}");
        }
    }
}
