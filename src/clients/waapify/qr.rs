//! Waapify's answers to `getqrcode.php`, which differ between builds: the bytes of a picture, or JSON with the picture
//! in it; pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use crate::clients::waapify::answer::{gateways_own, is_page, meaning, no_result, refusal, words};
use crate::clients::waapify::{CheckError, HoldReason, OTHER_INSTANCE, SendFailure, is_of_another};

/// The first bytes of every PNG.
const PNG_SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// A QR code is a picture of some kilobytes; a larger one is no QR code.
const MAX_PNG_BYTES: usize = 256 * 1024;
/// The text that some builds write before the base64 of a picture.
const DATA_PREFIX: &str = "data:image/png;base64,";

/// The QR code of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QrCode {
    /// A picture, PNG.
    Png(Bytes),
    /// WhatsApp has not given one yet: ask again in some seconds.
    NotReady,
    /// The instance is linked, or was; `reconnect` says which.
    InUse,
}

/// Reads an answer of any build about this instance.
pub(super) fn read(status: u16, body: &Bytes, instance_id: &str) -> Result<QrCode, CheckError> {
    // PHP may print newlines before the answer.
    let start = body.iter().position(|byte| !byte.is_ascii_whitespace());
    let body = body.slice(start.unwrap_or(body.len())..);
    if body.starts_with(PNG_SIGNATURE) {
        return picture(body);
    }
    let text = String::from_utf8_lossy(&body);
    let Some(answer) = gateways_own(status, &text) else {
        // With an empty answer or `null`, the gateway says that its own server has no code yet.
        return if (200..300).contains(&status) && !is_page(&text) {
            Ok(QrCode::NotReady)
        } else {
            Err(no_result(status, &text))
        };
    };
    if is_of_another(&answer, instance_id) {
        return Err(CheckError::Refused(OTHER_INSTANCE.to_owned()));
    }
    if let Some(text) = answer.get("base64").and_then(Value::as_str) {
        let text = text.strip_prefix(DATA_PREFIX).unwrap_or(text);
        let bytes = STANDARD.decode(text.trim()).unwrap_or_default();
        return picture(bytes.into());
    }
    if words(&answer).to_lowercase().contains("has been used") {
        return Ok(QrCode::InUse);
    }
    match meaning(&answer) {
        SendFailure::NumberStopped(
            HoldReason::Credentials
            | HoldReason::OtherNumber
            | HoldReason::Quota
            | HoldReason::Provider,
        ) => Err(refusal(&answer)),
        _ => Ok(QrCode::NotReady),
    }
}

/// A picture, if it is a PNG; otherwise there may be one the next time.
fn picture(bytes: Bytes) -> Result<QrCode, CheckError> {
    if bytes.len() > MAX_PNG_BYTES {
        return Err(CheckError::Refused(
            "a QR code of an impossible size".to_owned(),
        ));
    }
    if bytes.starts_with(PNG_SIGNATURE) {
        Ok(QrCode::Png(bytes))
    } else {
        Ok(QrCode::NotReady)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "609ACF283A1B2";

    fn read_text(text: &str) -> Result<QrCode, CheckError> {
        read(200, &Bytes::copy_from_slice(text.as_bytes()), ID)
    }

    #[test]
    fn a_picture_is_found_in_the_forms_of_all_builds() {
        let png = [PNG_SIGNATURE, b"rest"].concat();
        let expected = QrCode::Png(Bytes::from(png.clone()));
        let raw = [b"\n\n", png.as_slice()].concat();
        assert_eq!(read(200, &raw.into(), ID), Ok(expected.clone()));
        let base64 = STANDARD.encode(&png);
        for text in [
            format!(
                r#"{{"status":"success","message":"Success","base64":"{DATA_PREFIX}{base64}"}}"#
            ),
            format!("\n\n{{\"base64\":\"{base64}\"}}"),
            format!(r#"{{"base64":"{}"}}"#, base64.replace('/', "\\/")),
        ] {
            assert_eq!(read_text(&text), Ok(expected.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_no_picture_yet_is_asked_for_again() {
        for text in [
            "",
            "\n\nnull",
            "[]",
            "{}",
            r#"{"base64":null}"#,
            r#"{"base64":"data:image/png;base64,PHNjcmlwdD4="}"#,
            r#"{"base64":"not base64"}"#,
            r#"{"status":"error","message":"The system cannot generate a WhatsApp QR code"}"#,
        ] {
            assert_eq!(read_text(text), Ok(QrCode::NotReady), "{text}");
        }
    }

    #[test]
    fn refusals_keep_their_meaning() {
        for text in [
            "This Instance ID has been used",
            "Instance ID has been used",
        ] {
            let body = format!("\n\n{{\"status\":\"error\",\"message\":\"{text}\"}}");
            assert_eq!(read_text(&body), Ok(QrCode::InUse));
        }
        let body = r#"{"status":"error","message":"Instance ID Invalidated"}"#;
        assert!(matches!(read_text(body), Err(CheckError::Credentials(_))));
        for status in [200, 302, 401, 403, 404, 502] {
            let page = read(status, &Bytes::from_static(b"<html>{}</html>"), ID);
            assert!(matches!(page, Err(CheckError::Unreachable(_))), "{status}");
        }
        let another = r#"{"status":"success","instance_id":"ANOTHER","base64":"x"}"#;
        assert!(matches!(read_text(another), Err(CheckError::Refused(_))));
        let huge = [PNG_SIGNATURE, &vec![0; MAX_PNG_BYTES]].concat();
        assert!(matches!(
            read(200, &huge.into(), ID),
            Err(CheckError::Refused(_))
        ));
    }
}
