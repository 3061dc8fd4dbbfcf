//! The meaning of each of Waapify's answers (`docs/vendors/waapify.md#answers`); pure.

use serde_json::Value;

use crate::clients::scrub;
use crate::clients::waapify::{CheckError, HoldReason, SendFailure, Trouble};
use crate::model::ids::{WaMessageId, is_id};
use crate::model::reason::Answer;

/// What an answer to a send is judged by, besides itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    /// The answer came too early for a gateway that had begun to work.
    pub was_prompt: bool,
    /// The address, which has the text in it, is longer than every server takes.
    pub is_long: bool,
}

/// The meaning of an answer to a send.
pub(super) fn classify_send(
    status: u16,
    text: &str,
    sent: Sent,
) -> Result<WaMessageId, SendFailure> {
    let Some(answer) = gateways_own(status, text) else {
        return Err(of_a_proxy(status, text, sent));
    };
    match message_id(&answer) {
        Some(id) if !is_refusal(&answer) => Ok(id),
        _ => Err(meaning(&answer)),
    }
}

/// The answer, if the gateway itself gave it: an object that says how the call ended, whatever the HTTP status, or any
/// object with a status of success. A page of a proxy may have JSON in its scripts and is none.
pub(super) fn gateways_own(status: u16, text: &str) -> Option<Value> {
    if is_page(text) {
        return None;
    }
    let answer = whatsapp_events::json::find(text)?;
    let is_success = (200..300).contains(&status);
    let says_how = is_refusal(&answer) || asks_for_login(&answer);
    (answer.is_object() && (says_how || is_success)).then_some(answer)
}

pub(super) fn is_refusal(answer: &Value) -> bool {
    answer.get("status").and_then(Value::as_str) == Some("error")
}

/// Whether a text is a whole page of HTML. PHP's warnings are HTML, too, but no page.
pub(super) fn is_page(text: &str) -> bool {
    let start: String = text
        .trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t'])
        .chars()
        .take(9)
        .collect();
    let start = start.to_ascii_lowercase();
    ["<!doctype", "<html", "<head", "<?xml", "<body"]
        .iter()
        .any(|tag| start.starts_with(tag))
}

/// The meaning of an answer that is not the gateway's (`docs/vendors/waapify.md#proxies`): whether the send can have
/// reached the gateway depends on the HTTP status alone.
fn of_a_proxy(status: u16, text: &str, sent: Sent) -> SendFailure {
    let page = || Answer::WaapifyPage { status }.into();
    let nothing = || Answer::WaapifyNoResult { status }.into();
    match status {
        // It is this message that is too long; a short one meets a proxy that is set up wrongly.
        413 | 414 | 431 if sent.is_long => SendFailure::TooLong,
        429 => SendFailure::GatewayDown(Trouble::of_gateway(Answer::WaapifySlowDown.into())),
        300..=399 => {
            SendFailure::GatewayDown(Trouble::of_gateway(Answer::WaapifyMoved { status }.into()))
        }
        // The proxy gave up waiting: mostly for one instance that hangs.
        408 | 499 | 504 | 522 | 524 => SendFailure::Unknown(Trouble::of_number(nothing())),
        502 if !sent.was_prompt => SendFailure::Unknown(Trouble::of_number(nothing())),
        400..=499 | 501..=503 | 505 | 511 | 521 | 523 | 525..=527 | 530 => {
            SendFailure::GatewayDown(Trouble::of_gateway(page()))
        }
        // The gateway's own sign that its part behind PHP did not answer.
        200..=299 if !is_page(text) => SendFailure::Unknown(Trouble::of_number(nothing())),
        _ => SendFailure::Unknown(Trouble::of_gateway(page())),
    }
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

/// Words of builds that refuse the same text to the same number within five minutes
/// (`docs/vendors/waapify.md#answers`): theirs in Portuguese, and what translations of it say.
const SAME_TEXT: [&str; 14] = [
    "enviada recentemente",
    "enviado recentemente",
    "enviado recientemente",
    "sent recently",
    "recently sent",
    "already sent",
    "already been sent",
    "same text",
    "same message",
    "mesma mensagem",
    "mesmo texto",
    "mismo mensaje",
    "duplicate message",
    "mensagem duplicada",
];

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
        NumberStopped(HoldReason::LinkLost)
    } else if says(&["exceeded the maximum", "subscription"]) {
        NumberStopped(HoldReason::Quota)
    } else if says(&["license", "whoop"]) {
        NumberStopped(HoldReason::Provider)
    } else if says(&["access token", "instance id", "authentication"]) {
        NumberStopped(HoldReason::Credentials)
    } else if is_refusal(answer) && says(&SAME_TEXT) {
        SendFailure::SameText(said_so().into())
    } else if says(&["cannot connect to server", "try again later"]) {
        // Each instance has a server of its own behind PHP.
        SendFailure::GatewayDown(Trouble::of_number(said_so().into()))
    } else if says(&["not supported", "phone number is required", "please enter"]) {
        SendFailure::Rejected(scrub(said))
    } else if is_refusal(answer) {
        SendFailure::AttemptFailed(said_so().into())
    } else {
        SendFailure::Unknown(Trouble::of_number(Answer::WaapifyNoId.into()))
    }
}

/// The answer if it is a success, otherwise what is wrong.
pub(super) fn judged(status: u16, text: &str) -> Result<Value, CheckError> {
    let Some(answer) = gateways_own(status, text) else {
        return Err(no_result(status, text));
    };
    if answer.get("status").and_then(Value::as_str) == Some("success") && !asks_for_login(&answer) {
        return Ok(answer);
    }
    if words(&answer).is_empty() && !asks_for_login(&answer) {
        // Some other server's object: Waapify gives its reasons.
        return Err(no_result(status, text));
    }
    Err(refusal(&answer))
}

/// The error for an answer that is not the gateway's.
pub(super) fn no_result(status: u16, text: &str) -> CheckError {
    CheckError::Unreachable(if is_page(text) || !(200..300).contains(&status) {
        Answer::WaapifyPage { status }.into()
    } else {
        Answer::WaapifyNoResult { status }.into()
    })
}

pub(super) fn refusal(answer: &Value) -> CheckError {
    let said = scrub(words(answer));
    match meaning(answer) {
        _ if said.to_lowercase().contains("can only add up to") => CheckError::Full(said),
        SendFailure::NumberStopped(HoldReason::Credentials) => CheckError::Credentials(said),
        SendFailure::NumberStopped(HoldReason::LinkLost) => CheckError::NotLinked(said),
        // Its pages answer, and the server behind them does not.
        SendFailure::GatewayDown(trouble) => CheckError::Unreachable(trouble.cause),
        _ => CheckError::Refused(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::waapify::Scope;

    /// A prompt answer to a long text.
    const LONG: Sent = Sent {
        was_prompt: true,
        is_long: true,
    };

    fn classify(status: u16, text: &str) -> Result<WaMessageId, SendFailure> {
        classify_send(status, text, LONG)
    }

    /// The index's word for an outcome.
    fn outcome(result: &Result<WaMessageId, SendFailure>) -> &'static str {
        match result {
            Ok(_) => "sent",
            Err(SendFailure::Unknown(_)) => "unknown",
            Err(SendFailure::GatewayDown(_)) => "retryable-not-sent",
            Err(SendFailure::AttemptFailed(_)) => "failed-maybe-retry",
            Err(SendFailure::SameText(_)) => "duplicate",
            Err(SendFailure::Rejected(_) | SendFailure::TooLong) => "request",
            Err(SendFailure::NumberStopped(HoldReason::Credentials)) => "config",
            Err(SendFailure::NumberStopped(HoldReason::LinkLost)) => "disconnected",
            Err(SendFailure::NumberStopped(HoldReason::OtherNumber)) => "no answer means that",
            Err(SendFailure::NumberStopped(HoldReason::Quota)) => "quota",
            Err(SendFailure::NumberStopped(HoldReason::Provider)) => "provider",
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
            let result = classify(http, &body);
            let expected = match case["outcome"].as_str().unwrap() {
                // After a success without an id, the message may have been sent or not.
                "failed-or-unknown" | "sent-no-id" => "unknown",
                other => other,
            };
            assert_eq!(outcome(&result), expected, "{file}");
            if let Some(id) = case["id"].as_str() {
                assert_eq!(result.unwrap().as_str(), id, "{file}");
            }
        }
    }

    #[test]
    fn a_text_that_was_sent_lately_is_no_failure_of_the_message() {
        for words in [
            "Mensagem j\u{e1} enviada recentemente.",
            "MENSAGEM JA ENVIADA RECENTEMENTE",
            "Same text refused within five minutes",
            "Duplicate message. Please try again later",
        ] {
            let answer = serde_json::json!({"status": "error", "message": words});
            let result = classify(200, &answer.to_string());
            assert_eq!(outcome(&result), "duplicate", "{words}");
        }
        let sent = r#"{"status":"success","message":"already sent"}"#;
        assert_eq!(outcome(&classify(200, sent)), "unknown");
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
            assert_eq!(outcome(&classify(200, body)), "unknown", "{body}");
        }
    }

    #[test]
    fn what_the_gateway_says_counts_whatever_its_status() {
        let refused = r#"{"status":"error","message":"Access token does not exist"}"#;
        assert_eq!(outcome(&classify(401, refused)), "config");
        assert_eq!(outcome(&classify(302, "")), "retryable-not-sent");
        assert_eq!(outcome(&classify(414, "<html>")), "request");
        let short = Sent {
            is_long: false,
            ..LONG
        };
        assert_eq!(
            outcome(&classify_send(414, "<html>", short)),
            "retryable-not-sent"
        );
        assert_eq!(outcome(&classify(504, "<html>")), "unknown");
        let unusable = r#"{"status":"success","data":{"key":{"id":"a\u0000"}}}"#;
        assert_eq!(outcome(&classify(200, unusable)), "unknown");
    }

    /// What proxies write: pages, with JSON in a script or without, plain words, JSON of their own, nothing.
    const BODIES: [&str; 6] = [
        "<html>\r\n<head><title>Forbidden</title></head></html>",
        "\n<!DOCTYPE html><script>window.x={\"status\":\"error\",\"message\":\"Relogin required\"}</script>",
        "Bad gateway",
        "error code: 1016",
        r#"{"title":"Error 502","status":502,"cloudflare_error":true}"#,
        "",
    ];

    #[test]
    fn a_proxys_answer_blames_neither_the_number_nor_the_message() {
        for body in BODIES {
            for status in [
                300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 407, 409, 421, 429, 451,
                502, 503, 511, 521, 523, 525, 526, 530,
            ] {
                let result = classify(status, body);
                assert_eq!(outcome(&result), "retryable-not-sent", "{status} {body}");
            }
            for status in [408, 500, 504, 520, 522, 524] {
                let result = classify(status, body);
                assert_eq!(outcome(&result), "unknown", "{status} {body}");
            }
        }
        for body in &BODIES[..4] {
            assert_eq!(outcome(&classify(200, body)), "unknown", "{body}");
        }
    }

    #[test]
    fn a_page_is_the_gateways_trouble_and_a_silence_the_numbers() {
        let scope = |status, body| match classify(status, body) {
            Err(SendFailure::Unknown(trouble) | SendFailure::GatewayDown(trouble)) => {
                Some(trouble.scope)
            }
            _ => None,
        };
        for (status, body) in [(502, ""), (403, "<html>"), (200, "<html>"), (500, "")] {
            assert_eq!(scope(status, body), Some(Scope::Gateway), "{status} {body}");
        }
        let no_server =
            r#"{"status":"error","message":"Cannot connect to server. Please try again later"}"#;
        for (status, body) in [(200, "null"), (504, "<html>"), (524, ""), (200, no_server)] {
            assert_eq!(scope(status, body), Some(Scope::Number), "{status} {body}");
        }
    }

    #[test]
    fn a_late_502_may_have_sent_it() {
        let late = Sent {
            was_prompt: false,
            ..LONG
        };
        assert_eq!(outcome(&classify_send(502, "<html>", late)), "unknown");
        assert_eq!(
            outcome(&classify_send(503, "<html>", late)),
            "retryable-not-sent"
        );
    }

    #[test]
    fn a_warning_of_php_before_the_answer_is_no_page() {
        let body = "<br />\n<b>Warning</b>: x in y on line 1<br />\n{\"status\":\"error\",\"message\":\"Relogin required\"}";
        assert_eq!(outcome(&classify(200, body)), "disconnected");
    }

    proptest::proptest! {
        #[test]
        fn no_answer_makes_the_client_panic(status in 100u16..1000, body: String) {
            let _ = classify(status, &body);
        }
    }
}
