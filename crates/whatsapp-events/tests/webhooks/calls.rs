//! Calls, in both of their forms.

use super::*;

fn call_event(item: &Value) -> Call {
    call_of(event_of(
        &json!({"instance_id": "I", "data": {"event": "call", "data": [item]}}),
    ))
}

#[test]
fn every_step_of_every_call_is_read() {
    let step = |id: &str, status: &str| json!({"id": id, "from": "60123456789@c.us", "chatId": "60123456789@c.us", "status": status});
    let steps = [
        step("A", "offer"),
        json!(null),
        step("A", "accept"),
        step("B", "timeout"),
        json!({"from": "60123456789@c.us"}),
        step("B", "terminate"),
        step("C", "reject"),
        step("C", "whatever"),
    ];
    for body in [
        json!({"event": "call", "data": steps}),
        json!({"data": {"event": "call", "data": steps}}),
        json!({"event": "calls", "data": {"calls": steps}}),
    ] {
        let events = parse(body.to_string().as_bytes()).unwrap().events;
        assert_eq!(events.len(), steps.len());
        let read: Vec<_> = events
            .into_iter()
            .filter_map(|event| match event {
                Event::Call(call) => Some((call.id, call.outcome)),
                _ => None,
            })
            .collect();
        let expected = [
            ("A", CallOutcome::Offered),
            ("A", CallOutcome::Accepted),
            ("B", CallOutcome::Missed),
            ("B", CallOutcome::Ended),
            ("C", CallOutcome::Declined),
            ("C", CallOutcome::Other),
        ];
        assert_eq!(read, expected.map(|(id, outcome)| (id.to_owned(), outcome)));
    }
}

#[test]
fn a_caller_is_known_by_both_addresses() {
    let aisyah = person(Some("60123456789"), Some("112233445566778"));
    for item in [
        json!({"id": "A", "chatId": "112233445566778@lid", "from": "112233445566778:4@lid", "callerPn": "60123456789@s.whatsapp.net"}),
        json!({"id": "A", "chatId": "60123456789@c.us", "from": "112233445566778@lid", "callerPn": "60123456789@s.whatsapp.net"}),
        json!({"id": "A", "from": "112233445566778@lid", "callerPn": "60123456789@s.whatsapp.net"}),
    ] {
        let call = call_event(&item);
        assert!(call.from.as_ref() == Some(&aisyah), "{item}");
        assert!(call.chat == Chat::Person(aisyah.clone()), "{item}");
    }
    let other =
        call_event(&json!({"id": "A", "chatId": "6591234567@c.us", "from": "60123456789@c.us"}));
    assert!(other.chat == Chat::Person(person(Some("6591234567"), None)));
    let group = call_event(&json!({"id": "A", "chatId": "1@g.us", "from": "60123456789@c.us"}));
    assert!(group.is_group && group.chat == Chat::Group("1@g.us".to_owned()));
    let nobody = call_event(&json!({"id": "A"}));
    assert!(nobody.from.is_none() && nobody.chat == Chat::Other);
}

#[test]
fn the_line_after_a_missed_call_is_a_missed_call() {
    for (stub, line) in [
        (json!(40), "[Missed WhatsApp voice call]"),
        (json!("CALL_MISSED_VOICE"), "[Missed WhatsApp voice call]"),
        (json!("41"), "[Missed WhatsApp video call]"),
        (json!("CALL_MISSED_VIDEO"), "[Missed WhatsApp video call]"),
        (json!(45), "[Missed WhatsApp group voice call]"),
        (
            json!("CALL_MISSED_GROUP_VIDEO"),
            "[Missed WhatsApp group video call]",
        ),
    ] {
        let mut item = item(&json!(null));
        item["messageStubType"] = stub;
        let call = call_of(event_of(&upsert(&item)));
        assert_eq!(
            (call.id.as_str(), call.outcome),
            ("A1", CallOutcome::Missed)
        );
        assert!(call.from == Some(person(Some("60123456789"), None)));
        assert_eq!(call.at.unwrap().unix_timestamp(), 1_767_250_000);
        assert_eq!(call_text(&call), line);
        item["key"]["fromMe"] = json!(true);
        let ours = call_of(event_of(&upsert(&item)));
        assert_eq!((ours.outcome, ours.from), (CallOutcome::Unanswered, None));
    }
}

#[test]
fn every_outcome_has_a_line() {
    for (status, line) in [
        ("offer", "[Incoming WhatsApp video call]"),
        ("accept", "[Answered WhatsApp video call]"),
        ("reject", "[Declined WhatsApp video call]"),
        ("timeout", "[Missed WhatsApp video call]"),
        ("terminate", "[Ended WhatsApp video call]"),
        ("", "[WhatsApp video call]"),
    ] {
        let call = call_event(&json!({"id": "A", "status": status, "isVideo": true}));
        assert_eq!(call_text(&call), line);
    }
}

#[test]
fn a_date_is_read_as_text_or_seconds_or_not_at_all() {
    for (date, seconds) in [
        (json!("2026-01-01T06:58:27.000Z"), Some(1_767_250_707)),
        (json!("2026-01-01T14:58:27+08:00"), Some(1_767_250_707)),
        (json!(1_767_250_707), Some(1_767_250_707)),
        (json!("yesterday"), None),
        (json!("0001-01-01T00:00:00Z"), None),
        (json!({}), None),
        (json!(null), None),
    ] {
        let at = call_event(&json!({"id": "A", "date": date})).at;
        assert_eq!(
            at.map(time::OffsetDateTime::unix_timestamp),
            seconds,
            "{date}"
        );
    }
}
