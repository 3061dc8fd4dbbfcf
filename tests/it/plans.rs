//! What a delivery becomes on WhatsApp: the corpus, and the rules behind it.

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use url::form_urlencoded;
use waapify_ghl::relay::plan::{Part, Plan, plan};

use crate::harness::payload;

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
        Plan::Fail(failure) => {
            assert!(
                failure.message.ends_with('.') && failure.message.len() > 40,
                "{}",
                failure.message
            );
            failure.code
        }
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
    for (file, code) in [
        ("sms_empty", "empty"),
        ("sms_phone_national", "invalid_phone"),
    ] {
        let body: Value = serde_json::from_slice(&payload(&format!(
            "ghl/webhooks/provider_outbound_{file}.json"
        )))
        .unwrap();
        assert_eq!(failure(&body), code, "{file}");
    }
    let email = plan(&payload("ghl/webhooks/provider_outbound_email.json"));
    assert!(matches!(email, Plan::Ignore(_)), "{email:?}");
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
        .map(|part| part.media.as_ref().unwrap().filename.as_str())
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
    assert!(parts[1].media.is_some());
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
    ] {
        assert_eq!(failure(&message(&nothing)), "empty", "{nothing}");
    }
}

#[test]
fn a_phone_without_its_country_code_is_never_guessed() {
    for phone in [
        json!("0123456789"),
        json!("60123456789"),
        json!(60_123_456_789_u64),
        json!("012-345 6789"),
        json!("+0123456789"),
        json!("+60"),
        json!("+601234567890123456"),
        json!("abc"),
        json!("+999999999999"),
    ] {
        assert_eq!(
            failure(&message(&json!({"message": "x", "phone": phone}))),
            "invalid_phone",
            "{phone}"
        );
    }
    for phone in [json!(null), json!(""), json!("  "), json!([])] {
        assert_eq!(
            failure(&message(&json!({"message": "x", "phone": phone}))),
            "no_phone",
            "{phone}"
        );
    }
    for (phone, digits) in [
        ("+60 12-345 6789", "60123456789"),
        ("+65 9123 4567", "6591234567"),
        (" +1 (202) 555-0123 ", "12025550123"),
    ] {
        let plan = of(&message(&json!({"message": "x", "phone": phone})));
        assert!(
            matches!(&plan, Plan::Send { chat, .. } if chat == digits),
            "{phone}: {plan:?}"
        );
    }
}

#[test]
fn an_attachment_without_a_usable_address_fails_readably() {
    for address in [
        "",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "not an address",
    ] {
        let body = message(&json!({"message": "x", "attachments": [address]}));
        assert_eq!(failure(&body), "bad_attachment", "{address}");
    }
}

#[test]
fn text_that_the_gateway_would_rewrite_is_made_safe() {
    let parts = parts(&message(&json!({"message": "{$&} {a|b} [date] {{name}}"})));
    assert_eq!(parts[0].text, "($&) (a|b) (date) ((name))");
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
    assert!(matches!(plan(b"{"), Plan::Fail(failure) if failure.code == "unreadable"));
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
}
