//! Every reason: its code, its arguments, its sentences, and what is kept of it.

use std::collections::HashSet;

use serde_json::json;

use super::*;

fn table() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    TABLES.into_iter().flatten().copied()
}

/// The names in braces, in alphabetical order.
fn blanks(sentence: &str) -> Vec<&str> {
    let mut names: Vec<_> = sentence
        .split('{')
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('}')?.0))
        .collect();
    names.sort_unstable();
    names
}

/// A reason with this code and difficult arguments.
fn reason(code: &str, sentence: &str) -> Reason {
    // The error code for GHL is in no sentence.
    let error = (code == "other_failure").then_some("error");
    let args: serde_json::Map<_, _> = blanks(sentence)
        .into_iter()
        .chain(error)
        .map(|name| {
            let arg = match name {
                "status" | "megabytes" | "used" | "cap" => json!(422),
                "cause" => json!({"code": "media_server_answers", "args": {"status": 500}}),
                _ => json!("a \"kedai\" {file} {} \\ \u{1f642}"),
            };
            (name.to_owned(), arg)
        })
        .collect();
    let args = (!args.is_empty()).then_some(Value::Object(args));
    Reason::from_json(&json!({"code": code, "args": args}))
}

#[test]
fn no_two_reasons_have_one_code_and_each_is_known_by_its_own() {
    let mut seen = HashSet::new();
    for (code, english, _) in table() {
        assert!(seen.insert(code), "twice: {code}");
        let legal = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(code.chars().all(legal), "{code}");
        let reason = reason(code, english);
        assert!(!matches!(reason, Reason::Unknown { .. }), "{code}");
        assert_eq!(reason.code(), code);
        let kept = serde_json::to_value(&reason).unwrap();
        assert_eq!(Reason::from_json(&kept), reason, "{code}");
    }
}

#[test]
fn both_sentences_of_a_reason_have_the_same_arguments_and_show_them_all() {
    for (code, english, malay) in table() {
        assert!(!english.is_empty() && !malay.is_empty(), "{code}");
        assert_eq!(blanks(english), blanks(malay), "{code}");
        let reason = reason(code, english);
        let args = &serde_json::to_value(&reason).unwrap()["args"];
        let count = args.as_object().map_or(0, serde_json::Map::len);
        let shown = blanks(english).len();
        assert!(shown == count || code == "other_failure", "{code}");
        for language in [Language::English, Language::Malay] {
            let text = reason.text(language);
            assert!(!text.contains("null"), "{code}: {text}");
        }
        let english = reason.text(Language::English);
        assert_eq!(reason.to_string(), english, "as logs have it");
        let both = Text::new(english, reason.text(Language::Malay));
        assert_eq!(reason.texts(), both);
    }
}

#[test]
fn what_stands_in_an_argument_is_shown_as_it_is() {
    for file in [
        "",
        "{file}",
        "{",
        "}",
        "a\" is larger than the {megabytes}",
        "é🙂",
    ] {
        let reason = Reason::from(Failure::FileTooLarge {
            file: file.to_owned(),
            megabytes: 100,
        });
        let text = reason.text(Language::Malay);
        assert!(
            text.starts_with(&format!("Fail \"{file}\" melebihi had 100 MB")),
            "{text}"
        );
    }
}

#[test]
fn a_reason_within_a_reason_is_told_in_the_readers_language() {
    let inner = Reason::from(Wait::NoRefreshToken);
    let outer = Reason::from(Wait::Renewal {
        cause: Box::new(inner.clone()),
    });
    for language in [Language::English, Language::Malay] {
        assert!(outer.text(language).ends_with(&inner.text(language)));
    }
}

#[test]
fn a_code_that_is_not_known_is_shown_as_it_is_and_kept() {
    for kept in [
        json!({"code": "of_a_later_version", "args": {"n": 1}}),
        json!({"code": "of_a_later_version", "args": null}),
        json!({"code": "file_gone", "args": null}),
        json!({"code": "file_gone", "args": {"name": "a"}}),
        json!({"code": "file_too_large", "args": {"file": "a", "megabytes": "many"}}),
    ] {
        let reason = Reason::from_json(&kept);
        assert!(matches!(reason, Reason::Unknown { .. }), "{kept}");
        assert_eq!(reason.english(), kept["code"].as_str().unwrap());
        assert_eq!(reason.code(), reason.error_code());
        let again = serde_json::to_value(&reason).unwrap();
        assert_eq!(again["code"], kept["code"]);
        assert_eq!(again["args"], kept["args"]);
    }
    assert_eq!(Reason::from_json(&json!(7)).english(), "");
}

#[test]
fn ghl_is_told_the_codes_that_it_always_was() {
    let file = || "a".to_owned();
    for (reason, code) in [
        (Reason::from(Failure::PhoneIncomplete), "invalid_phone"),
        (Failure::PhoneWithExtension.into(), "invalid_phone"),
        (Failure::NoPhone.into(), "no_phone"),
        (Failure::NoFileAddress.into(), "bad_attachment"),
        (
            Failure::FileNotPublic { file: file() }.into(),
            "bad_attachment",
        ),
        (
            Failure::FileAddressTooLong { file: file() }.into(),
            "bad_attachment",
        ),
        (Failure::FileGone { file: file() }.into(), "file_gone"),
        (Failure::TextNotTaken.into(), "not_taken"),
        (Failure::FileNotTaken.into(), "not_taken"),
        (Failure::Uninstalled.into(), "uninstalled"),
        (Wait::EndedByUninstall.into(), "uninstalled"),
        (Hold::Quota.into(), "number_stopped"),
        (Hold::Sealed.into(), "number_stopped"),
    ] {
        assert_eq!(reason.error_code(), code);
    }
}

#[test]
fn only_the_words_of_others_are_foreign() {
    let words = || "Contact not found".to_owned();
    assert!(Reason::from(Answer::WaapifySaid { words: words() }).is_foreign());
    assert!(Reason::from(Other::Words { words: words() }).is_foreign());
    assert!(!Reason::from(Failure::Rejected { words: words() }).is_foreign());
    assert!(!Reason::from(Step::Poison).is_foreign());
}

#[test]
#[cfg_attr(feature = "changed-wording", ignore = "asserts the wording")]
fn wording_of_one_reason_of_each_kind() {
    for (reason, english, malay) in [
        (
            Reason::from(Failure::FileGone {
                file: "harga.pdf".to_owned(),
            }),
            "The file \"harga.pdf\" is not there any more, or not for everyone to fetch. Attach it again and send it once more.",
            "Fail \"harga.pdf\" sudah tiada, atau tidak boleh dimuat turun oleh semua orang. Lampirkan sekali lagi dan hantar semula.",
        ),
        (
            Hold::Quota.into(),
            "The message limit of the Waapify plan is used up, or the plan has ended. Renew it in Waapify.",
            "Had mesej pelan Waapify sudah habis, atau pelan sudah tamat. Perbaharui dalam Waapify.",
        ),
        (
            Wait::Renewal {
                cause: Box::new(Wait::NoRefreshToken.into()),
            }
            .into(),
            "the token could not be renewed: the token came without a refresh token",
            "token tidak dapat diperbaharui: token diterima tanpa token pembaharuan",
        ),
        (
            Step::GhlDelivered.into(),
            "GHL delivered it",
            "GHL menghantarnya kepada kami",
        ),
        (
            Media::Gone.into(),
            "WhatsApp does not keep the file any more",
            "WhatsApp tidak lagi menyimpan fail itu",
        ),
        (
            Answer::Ghl {
                status: 422,
                words: "Contact not found".to_owned(),
                trace: "abc-1".to_owned(),
            }
            .into(),
            "GHL answered 422: Contact not found (trace abc-1)",
            "GHL menjawab 422: Contact not found (trace abc-1)",
        ),
    ] {
        assert_eq!(reason.english(), english);
        assert_eq!(reason.text(Language::Malay), malay);
    }
}
