//! Stored sentences with arguments.

use serde_json::{Value, json};

use super::{Old, old};

/// The sentences with the name of a file or with words of a vendor.
pub fn with(x: &str) -> Vec<Old> {
    [with_name(x), with_words(x), with_words_alone(x)].concat()
}

/// Those with the name of a file.
fn with_name(x: &str) -> Vec<Old> {
    vec![
        old(
            format!(
                "The address of \"{x}\" is too long for WhatsApp. Attach the file from another place and send it again."
            ),
            "file_address_too_long",
            json!({"file": x}),
            Some(format!(
                "Alamat \"{x}\" terlalu panjang untuk WhatsApp. Lampirkan fail itu dari tempat lain dan hantar lagi."
            )),
        ),
        old(
            format!(
                "The address of \"{x}\" does not lead to a public web server, so WhatsApp cannot fetch it. Attach the file itself and send it again."
            ),
            "file_not_public",
            json!({"file": x}),
            Some(format!(
                "Alamat \"{x}\" bukan pelayan web awam, maka WhatsApp tidak dapat memuat turunnya. Lampirkan fail itu sendiri dan hantar lagi."
            )),
        ),
        old(
            format!(
                "The file \"{x}\" is not there any more, or not for everyone to fetch. Attach it again and send it once more."
            ),
            "file_gone",
            json!({"file": x}),
            Some(format!(
                "Fail \"{x}\" sudah tiada, atau tidak boleh dimuat turun oleh semua orang. Lampirkan sekali lagi dan hantar semula."
            )),
        ),
        old(
            format!(
                "The file \"{x}\" is larger than the 100 MB that can be sent. Send a smaller one, or a link to it."
            ),
            "file_too_large",
            json!({"file": x, "megabytes": 100}),
            Some(format!(
                "Fail \"{x}\" melebihi had 100 MB yang boleh dihantar. Hantar fail yang lebih kecil, atau pautan kepadanya."
            )),
        ),
    ]
}

/// Those with words of a vendor, in both languages.
fn with_words(x: &str) -> Vec<Old> {
    vec![
        old(
            format!("Waapify refused this message: {x}. Change it and send it again."),
            "rejected",
            json!({"words": x}),
            Some(format!(
                "Waapify menolak mesej ini: {x}. Ubah mesej dan hantar lagi."
            )),
        ),
        old(
            format!(
                "WhatsApp refused this message (code {x}). The number may be restricted, or may not write to new contacts for now. Wait a while, or ask the customer to write first."
            ),
            "refused_by_whatsapp",
            json!({"number": x}),
            Some(format!(
                "WhatsApp menolak mesej ini (kod {x}). Nombor anda mungkin disekat, atau buat masa ini tidak boleh menulis kepada kenalan baharu. Tunggu seketika, atau minta pelanggan menulis dahulu."
            )),
        ),
        old(
            format!("the token could not be renewed: so: {x}"),
            "renewal_failed",
            json!({"cause": {"code": "other", "args": {"words": format!("so: {x}")}}}),
            Some(format!("token tidak dapat diperbaharui: so: {x}")),
        ),
    ]
}

/// Those with words of a vendor, in English only.
fn with_words_alone(x: &str) -> Vec<Old> {
    vec![
        old(
            format!("WhatsApp's server does not give the file: it: {x}"),
            "media_unreachable",
            json!({"words": format!("it: {x}")}),
            None,
        ),
        old(
            format!("GHL answered 422: {x} (trace abc-1)"),
            "ghl_answered",
            json!({"status": 422, "words": x, "trace": "abc-1"}),
            None,
        ),
        old(
            format!("GHL could not be reached: {x}"),
            "ghl_unreachable",
            json!({"words": x}),
            None,
        ),
        old(
            format!("no answer in time ({x})"),
            "not_in_time",
            json!({"words": x}),
            None,
        ),
        // Sentences without a code.
        old(
            format!("An older version said this of {x}."),
            "other",
            json!({"words": format!("An older version said this of {x}.")}),
            None,
        ),
    ]
}

/// Sentences with numbers only, sentences that contain a reason, and some that only look like the service's.
pub fn numbered() -> Vec<Old> {
    let status = || json!({"status": 503});
    let words = |words: &str| old(words.to_owned(), "other", json!({"words": words}), None);
    let renewal = |inner: &str, cause: Value, malay: &str| {
        old(
            format!("the token could not be renewed: {inner}"),
            "renewal_failed",
            json!({"cause": cause}),
            Some(format!("token tidak dapat diperbaharui: {malay}")),
        )
    };
    vec![
        old(
            "Waapify answered 503".into(),
            "waapify_answered",
            status(),
            None,
        ),
        old(
            "Waapify answered 503, its address has moved".into(),
            "waapify_moved",
            status(),
            None,
        ),
        old(
            "Waapify answered 503 without a result".into(),
            "waapify_no_result",
            status(),
            None,
        ),
        old(
            "it answered 503".into(),
            "file_server_answered",
            status(),
            None,
        ),
        old(
            "WhatsApp's server does not give the file: it answers 503".into(),
            "media_server_answers",
            status(),
            None,
        ),
        old(
            "GHL answered 201: the answer lacks messageId (trace none)".into(),
            "ghl_answer_incomplete",
            json!({"status": 201, "missing": "messageId", "trace": "none"}),
            None,
        ),
        renewal(
            "the app must be installed again in this sub-account",
            json!({"code": "needs_reinstall"}),
            "aplikasi perlu dipasang semula dalam sub-akaun ini",
        ),
        words(
            "The file \"a\" is larger than the 007 MB that can be sent. Send a smaller one, or a link to it.",
        ),
        words(
            "The file \"a\" is larger than the many MB that can be sent. Send a smaller one, or a link to it.",
        ),
        words("GHL answered 99999: no (trace x)"),
        words("Waapify answered 503."),
        words("GHL delivered it "),
        words("ghl delivered it"),
    ]
}
