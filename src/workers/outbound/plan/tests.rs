//! What a delivery becomes on WhatsApp: the corpus, and the rules behind it. `numbers` is about phones.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::model::reason::Failure;
use crate::workers::outbound::plan::attachments::File;
use crate::workers::outbound::plan::{Country, Part, Plan, plan as plan_with};

mod numbers;

/// A file of the corpus.
fn payload(path: &str) -> Vec<u8> {
    let path = format!("{}/tests/payloads/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).expect(&path)
}

/// The plan for a Malaysian location. The files' servers are not asked.
fn plan(body: &[u8]) -> Plan {
    match plan_with(body, Some(Country::MY), None) {
        Plan::Ask(addresses) => {
            let files: Vec<File> = addresses.iter().map(File::by_address).collect();
            plan_with(body, Some(Country::MY), Some(&files))
        }
        plan => plan,
    }
}

fn of(body: &Value) -> Plan {
    plan(&serde_json::to_vec(body).unwrap())
}

fn message(fields: &Value) -> Value {
    let mut body = json!({"contactId": "c", "locationId": "l", "messageId": "m", "type": "SMS", "phone": "+60123456789"});
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn parts(body: &Value) -> Vec<Part> {
    match of(body) {
        Plan::Send { parts, .. } => parts,
        other => panic!("{other:?}"),
    }
}

fn failure(body: &Value) -> &'static str {
    match of(body) {
        Plan::Fail(failure) => failure.error_code(),
        other => panic!("{other:?}"),
    }
}

fn text(plan: Plan) -> String {
    match plan {
        Plan::Send { mut parts, .. } if parts.len() == 1 => parts.remove(0).text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_delivery_of_the_corpus_becomes_what_the_facts_say() {
    let greeting = "Selamat datang! Pesanan anda telah diterima.";
    for (file, expected) in [
        ("sms_text", greeting),
        ("sms_text_with_timestamp_webhookid", greeting),
        ("sms_default_with_conversation_id", greeting),
        ("sms_custom_channel", greeting),
        ("type_custom", greeting),
        ("sms_no_attachments_key", greeting),
        ("sms_phone_formatted", greeting),
        ("sms_phone_national", greeting),
        ("sms_redelivery_1", greeting),
        ("other_location", greeting),
        ("sms_workflow_no_user", "Peringatan temujanji esok 10 pagi"),
        ("sms_user_retry", "Cuba lagi"),
        ("sms_double_custom", "Satu mesej, dua penghantaran"),
        ("sms_escaped_unicode", "Hai 👋 café / 1.0"),
        ("sms_lone_surrogate", "potong \u{fffd} di tengah"),
    ] {
        let plan = plan(&payload(&format!(
            "ghl/webhooks/provider_outbound_{file}.json"
        )));
        assert!(
            matches!(&plan, Plan::Send { chat, .. } if chat == "60123456789"),
            "{file}: {plan:?}"
        );
        assert_eq!(text(plan), expected, "{file}");
    }
    let unicode = text(plan(&payload(
        "ghl/webhooks/provider_outbound_sms_unicode.json",
    )));
    assert!(
        unicode.contains("👩‍👩‍👧‍👦") && unicode.contains("العربية") && unicode.contains("\n\n"),
        "{unicode}"
    );
    let empty = payload("ghl/webhooks/provider_outbound_sms_empty.json");
    assert_eq!(failure(&serde_json::from_slice(&empty).unwrap()), "empty");
    let national = payload("ghl/webhooks/provider_outbound_sms_phone_national.json");
    let homeless = plan_with(&national, None, None);
    assert!(
        matches!(homeless, Plan::Fail(failure) if failure == Failure::PhoneIncomplete),
        "no country says which number is meant"
    );
    let email = plan(&payload("ghl/webhooks/provider_outbound_email.json"));
    assert_eq!(email, Plan::Fail(Failure::Email));
}

#[test]
fn attachments_go_out_in_order_as_addresses_with_names() {
    let Plan::Send { parts, .. } = plan(&payload(
        "ghl/webhooks/provider_outbound_sms_attachments_many.json",
    )) else {
        panic!("not sent")
    };
    let files: Vec<_> = parts
        .iter()
        .map(|part| part.media.as_ref().unwrap().file.name.as_str())
        .collect();
    assert_eq!(files, ["a.jpg", "b c.mp4", "wAapDoc000000000001"]);
    let texts: Vec<_> = parts.iter().map(|part| part.text.as_str()).collect();
    assert_eq!(
        texts,
        ["Tiga fail", "", ""],
        "the first picture carries the text"
    );
    assert!(
        parts[1]
            .media
            .as_ref()
            .unwrap()
            .url
            .ends_with("/media/b%20c.mp4")
    );
}

#[test]
fn a_file_that_takes_no_caption_comes_after_the_text() {
    let parts = parts(&message(
        &json!({"message": "dengar ini", "attachments": ["https://x.example/voice.ogg"]}),
    ));
    assert_eq!(parts.len(), 2);
    assert_eq!(
        (parts[0].text.as_str(), parts[0].media.is_none()),
        ("dengar ini", true)
    );
    let voice = parts[1].media.as_ref().unwrap();
    assert_eq!(
        (voice.alias, voice.file.media_type.as_str()),
        (Some("mp3"), "audio/ogg"),
        "as .ogg the gateway would send a video"
    );
    let only = plan(&payload(
        "ghl/webhooks/provider_outbound_sms_empty_message_with_attachment.json",
    ));
    assert!(
        matches!(only, Plan::Send { parts, .. } if parts.len() == 1 && parts[0].media.is_some())
    );
}

#[test]
fn a_caption_that_does_not_fit_beside_its_files_address_goes_alone() {
    let long = format!("https://files.example/{}.jpg", "x".repeat(3_000));
    let parts = parts(&message(
        &json!({"message": "中".repeat(400), "attachments": [long]}),
    ));
    assert_eq!(parts.len(), 2);
    assert!(parts[0].media.is_none() && parts[1].text.is_empty());
}

#[test]
fn a_message_may_be_null_a_number_or_missing() {
    assert_eq!(
        parts(&message(&json!({"message": 12_345})))[0].text,
        "12345"
    );
    assert_eq!(parts(&message(&json!({"message": true})))[0].text, "true");
    for nothing in [
        json!({"message": null}),
        json!({}),
        json!({"message": "", "attachments": null}),
        json!({"message": " \n ", "attachments": [null]}),
        json!({"message": []}),
        json!({"message": "", "attachments": {"0": ""}}),
        json!({"message": "", "attachments": {"0": null, "1": [" ", {"url": ""}]}}),
        json!({"message": "", "attachments": [[[""], {}], [null, [[]]]]}),
        json!({"message": "", "attachments": "\u{200b}"}),
        json!({"message": "", "attachments": ["\u{200b}\u{feff} "]}),
        json!({"message": "", "attachments": "{\"0\":\"\"}"}),
    ] {
        assert_eq!(failure(&message(&nothing)), "empty", "{nothing}");
    }
}

#[test]
fn an_attachment_without_a_usable_address_fails_readably() {
    for address in [
        "file:///etc/passwd",
        "ftp://files.example/a.pdf",
        "http://",
        "https:///",
        "javascript:alert(1)",
        "not an address",
    ] {
        let body = message(&json!({"message": "x", "attachments": [address]}));
        assert_eq!(failure(&body), "bad_attachment", "{address}");
    }
    for names_a_file in [
        json!([{"name": "menu.pdf", "url": ""}]),
        json!({"name": "menu.pdf"}),
    ] {
        let body = message(&json!({"message": "x", "attachments": names_a_file}));
        assert_eq!(failure(&body), "bad_attachment", "{names_a_file}");
    }
}

#[test]
fn a_list_may_be_written_as_numbered_fields_or_in_another_list() {
    let (a, b) = ("https://x.example/a.pdf", "https://x.example/b.pdf");
    for list in [
        json!({"0": a, "1": "", "2": {"url": b}}),
        json!([[a], "", [[b]]]),
        json!({"url": a}),
    ] {
        let body = message(&json!({"message": "x", "attachments": list}));
        let body = serde_json::to_vec(&body).unwrap();
        let Plan::Ask(addresses) = plan_with(&body, None, None) else {
            panic!("not asked: {list}")
        };
        let addresses: Vec<_> = addresses.iter().map(url::Url::as_str).collect();
        assert_eq!(addresses, [a, b][..addresses.len()], "{list}");
        assert!(addresses.len() == 2 || list.get("url").is_some());
    }
}

#[test]
fn text_that_the_gateway_would_rewrite_is_made_safe() {
    for (written, read) in [
        ("{$&} {a|b} [date] {{name}}", "($&) (a|b) (date) ((name))"),
        ("{x} {} {a\nb} {\"a\"|b}", "(x) () (a\nb) (\"a\"|b)"),
        ("}{ ][", ")( )("),
        ("%name% $1 \\n a+b & c=d #", "%name% $1 \\n a+b & c=d #"),
    ] {
        let parts = parts(&message(&json!({"message": written})));
        assert_eq!(parts[0].text, read);
    }
}

#[test]
fn no_character_as_people_see_it_is_cut() {
    let family = "👩‍👩‍👧‍👦";
    for part in parts(&message(&json!({"message": family.repeat(300)}))) {
        assert_eq!(part.text.replace(family, ""), "");
    }
}

#[test]
fn files_are_asked_about_before_anything_else_is_planned() {
    let body = message(
        &json!({"message": "x", "attachments": ["https://x.example/a", null, {"url": "https://x.example/b"}]}),
    );
    let body = serde_json::to_vec(&body).unwrap();
    let Plan::Ask(addresses) = plan_with(&body, None, None) else {
        panic!("not asked")
    };
    let addresses: Vec<_> = addresses.iter().map(url::Url::as_str).collect();
    assert_eq!(addresses, ["https://x.example/a", "https://x.example/b"]);
    let text = serde_json::to_vec(&message(&json!({"message": "x"}))).unwrap();
    assert!(matches!(plan_with(&text, None, None), Plan::Send { .. }));
}

#[test]
fn an_address_that_fits_nowhere_fails_with_the_files_name() {
    let long = format!("https://x.example/menu.pdf?{}", "a=1&".repeat(1_500));
    let body = message(&json!({"message": "x", "attachments": [long]}));
    assert_eq!(failure(&body), "bad_attachment");
    let file = "menu.pdf".to_owned();
    assert_eq!(of(&body), Plan::Fail(Failure::FileAddressTooLong { file }));
    // Too long in its own form, because each sign is encoded; short enough as an address of the service.
    let signed = format!("https://x.example/menu.pdf?{}", "a=1&".repeat(800));
    let sent = parts(&message(&json!({"message": "x", "attachments": [signed]})));
    assert_eq!(sent[1].media.as_ref().unwrap().alias, Some("bin"));
}

#[test]
fn address_name_and_caption_share_what_fits_into_one_send() {
    // 26 bytes of an address up to the `a`s, 8 from there on, 5 of the file's name.
    let padded = |letters: usize| format!("https://x.example/{}/n.pdf", "a".repeat(letters));
    let attached = |url: String| of(&message(&json!({"attachments": [url]})));
    let Plan::Send { parts: fits, .. } = attached(padded(5_461)) else {
        panic!("not sent")
    };
    assert_eq!(fits[0].media.as_ref().unwrap().alias, None);
    let file = "n.pdf".to_owned();
    let too_long = attached(padded(5_462));
    assert_eq!(too_long, Plan::Fail(Failure::FileAddressTooLong { file }));
    // 31 bytes of this address, 5 of its name.
    let shown = |letters: usize| {
        let body =
            json!({"message": "a".repeat(letters), "attachments": ["https://x.example/n.jpg"]});
        parts(&message(&body)).len()
    };
    assert_eq!((shown(5_464), shown(5_465)), (1, 2));
}

#[test]
fn a_long_text_is_split_at_sentences_and_nothing_is_lost() {
    let body = payload("ghl/webhooks/provider_outbound_sms_long.json");
    let original: Value = serde_json::from_slice(&body).unwrap();
    let Plan::Send { parts, .. } = plan(&body) else {
        panic!("not sent")
    };
    assert!(parts.len() > 1);
    let joined = parts
        .iter()
        .map(|part| part.text.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    assert_eq!(joined, original["message"].as_str().unwrap().trim());
}

#[test]
fn a_body_that_cannot_be_read_any_more_fails_readably() {
    assert!(matches!(plan(b"{"), Plan::Fail(failure) if failure == Failure::Unreadable));
}

fn encoded(text: &str) -> usize {
    form_urlencoded::byte_serialize(text.as_bytes())
        .map(str::len)
        .sum()
}

proptest! {
    #[test]
    fn no_bytes_make_the_planner_panic(body: Vec<u8>) {
        let _ = plan(&body);
    }

    #[test]
    fn every_part_fits_the_gateway_and_no_character_is_lost(text in "(\\PC|[\n 👩‍👩‍👧‍👦中a]){0,4000}") {
        let body = message(&json!({"message": text}));
        if let Plan::Send { parts, .. } = of(&body) {
            for part in &parts {
                prop_assert!(encoded(&part.text) <= 5_500);
                prop_assert!(!part.text.is_empty());
            }
            let shown = |text: &str| -> String {
                text.chars().filter(|c| !c.is_whitespace()).map(|c| match c { '{' | '[' => '(', '}' | ']' => ')', c => c }).collect()
            };
            let sent: String = parts.iter().map(|part| shown(&part.text)).collect();
            prop_assert_eq!(sent, shown(&text));
        }
    }

    #[test]
    fn the_same_bytes_always_give_the_same_plan(text: String, phone: String, count in any::<u8>()) {
        let files: Vec<String> = (0..count % 12).map(|n| format!("https://x.example/{n}.png")).collect();
        let body = message(&json!({"message": text, "phone": phone, "attachments": files}));
        prop_assert_eq!(of(&body), of(&body));
    }

    #[test]
    fn what_the_customer_reads_is_what_the_agent_wrote(words in proptest::collection::vec("[a-z{}\\[\\]|%$&👍🏽é中]{1,60}", 1..400)) {
        let text = words.join(" ");
        let read: Vec<String> = parts(&message(&json!({"message": text}))).into_iter().map(|part| part.text).collect();
        let safe = text.replace(['{', '['], "(").replace(['}', ']'], ")");
        prop_assert_eq!(read.join(" "), safe, "only spaces at cuts may differ");
    }
}
