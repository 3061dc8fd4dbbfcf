//! The meaning of each of Waapify's answers (`docs/vendors/waapify.md#answers`); pure.

use serde_json::Value;

use crate::clients::scrub;
use crate::clients::waapify::{SendFailure, Stop};
use crate::model::ids::{WaMessageId, is_id};
use crate::model::reason::Answer;

/// The meaning of an answer to a send.
pub(super) fn classify_send(status: u16, text: &str) -> Result<WaMessageId, SendFailure> {
    let answer = whatsapp_events::json::find(text).unwrap_or_default();
    let refused = answer.get("status").and_then(Value::as_str) == Some("error");
    match message_id(&answer) {
        Some(id) if !refused => return Ok(id),
        _ => {}
    }
    Err(match status {
        429 => SendFailure::GatewayDown(Answer::WaapifySlowDown.into()),
        // The body says what happened, whatever the HTTP status.
        _ if answer.is_object() && (refused || (200..300).contains(&status)) => meaning(&answer),
        300..=399 => SendFailure::GatewayDown(Answer::WaapifyMoved { status }.into()),
        400..=407 | 409..=499 => SendFailure::AttemptFailed(Answer::Waapify { status }.into()),
        _ => SendFailure::Unknown(Answer::WaapifyNoResult { status }.into()),
    })
}

/// The id, which is in one of four places, depending on the gateway's build.
pub(super) fn message_id(answer: &Value) -> Option<WaMessageId> {
    [
        "/data/key/id",
        "/message/key/id",
        "/data/message/key/id",
        "/key/id",
    ]
    .iter()
    .filter_map(|place| answer.pointer(place)?.as_str())
    .find(|id| is_id(id))
    .map(WaMessageId::from)
}

pub(super) fn words(answer: &Value) -> &str {
    answer
        .get("message")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

pub(super) fn asks_for_login(answer: &Value) -> bool {
    matches!(answer.get("relogin"), Some(Value::Bool(true)))
        || answer.get("relogin").and_then(Value::as_str) == Some("true")
}

/// The meaning of the gateway's words; the first match counts (`docs/vendors/waapify.md#answers`).
pub(super) fn meaning(answer: &Value) -> SendFailure {
    use SendFailure::NumberStopped;
    let said = words(answer);
    let said_so = || Answer::WaapifySaid { words: scrub(said) };
    let lower = said.to_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| lower.contains(part));
    if asks_for_login(answer)
        || says(&[
            "relogin",
            "login required",
            "not been activated",
            "account does not exist",
            "cannot connect to whatsapp",
        ])
    {
        NumberStopped(Stop::LinkLost)
    } else if says(&["exceeded the maximum", "subscription"]) {
        NumberStopped(Stop::Quota)
    } else if says(&["license", "whoop"]) {
        NumberStopped(Stop::Provider)
    } else if says(&["access token", "instance id", "authentication"]) {
        NumberStopped(Stop::Credentials)
    } else if says(&["cannot connect to server", "try again later"]) {
        SendFailure::GatewayDown(said_so().into())
    } else if says(&["not supported", "phone number is required", "please enter"]) {
        SendFailure::Rejected(scrub(said))
    } else if answer.get("status").and_then(Value::as_str) == Some("error") {
        SendFailure::AttemptFailed(said_so().into())
    } else {
        SendFailure::Unknown(Answer::WaapifyNoId.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The index's word for an outcome.
    fn outcome(result: &Result<WaMessageId, SendFailure>) -> &'static str {
        match result {
            Ok(_) => "sent",
            Err(SendFailure::Unknown(_)) => "unknown",
            Err(SendFailure::GatewayDown(_)) => "retryable-not-sent",
            Err(SendFailure::AttemptFailed(_)) => "failed-maybe-retry",
            Err(SendFailure::Rejected(_)) => "request",
            Err(SendFailure::NumberStopped(Stop::Credentials)) => "config",
            Err(SendFailure::NumberStopped(Stop::LinkLost)) => "disconnected",
            Err(SendFailure::NumberStopped(Stop::OtherNumber)) => "no answer means that",
            Err(SendFailure::NumberStopped(Stop::Quota)) => "quota",
            Err(SendFailure::NumberStopped(Stop::Provider)) => "provider",
        }
    }

    #[test]
    fn every_answer_of_the_corpus_means_what_its_index_says() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/payloads/waapify");
        let index = std::fs::read(format!("{folder}/responses-index.json")).unwrap();
        let cases: Vec<Value> = serde_json::from_slice(&index).unwrap();
        assert!(cases.len() >= 29);
        for case in cases {
            let file = case["file"].as_str().unwrap();
            let body = std::fs::read_to_string(format!("{folder}/responses/{file}")).unwrap();
            let http = u16::try_from(case["http"].as_u64().unwrap()).unwrap();
            let result = classify_send(http, &body);
            let expected = match case["outcome"].as_str().unwrap() {
                // After a success without an id, the message may have been sent or not.
                "failed-or-unknown" | "sent-no-id" => "unknown",
                // Some builds refuse the same text within five minutes, and accept it later.
                "duplicate" => "failed-maybe-retry",
                other => other,
            };
            assert_eq!(outcome(&result), expected, "{file}");
            if let Some(id) = case["id"].as_str() {
                assert_eq!(result.unwrap().as_str(), id, "{file}");
            }
        }
    }

    #[test]
    fn a_success_without_an_id_is_no_success() {
        for body in [
            "{}",
            "[]",
            "",
            "null",
            r#"{"status":"success","data":{"key":{"id":""}}}"#,
        ] {
            assert_eq!(outcome(&classify_send(200, body)), "unknown", "{body}");
        }
    }

    #[test]
    fn what_the_gateway_says_counts_whatever_its_status() {
        let refused = r#"{"status":"error","message":"Access token does not exist"}"#;
        assert_eq!(outcome(&classify_send(401, refused)), "config");
        assert_eq!(outcome(&classify_send(302, "")), "retryable-not-sent");
        assert_eq!(outcome(&classify_send(414, "<html>")), "failed-maybe-retry");
        assert_eq!(outcome(&classify_send(504, "<html>")), "unknown");
        let unusable = r#"{"status":"success","data":{"key":{"id":"a\u0000"}}}"#;
        assert_eq!(outcome(&classify_send(200, unusable)), "unknown");
    }

    proptest::proptest! {
        #[test]
        fn no_answer_makes_the_client_panic(status in 100u16..1000, body: String) {
            let _ = classify_send(status, &body);
        }
    }
}
