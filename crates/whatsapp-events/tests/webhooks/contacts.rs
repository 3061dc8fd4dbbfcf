//! Address book and group events.

use super::*;

fn news(event: &str, data: &Value) -> Vec<Event> {
    let body = json!({"instance_id": "I", "data": {"event": event, "data": data}});
    parse(body.to_string().as_bytes()).unwrap().events
}

#[test]
fn a_pair_of_addresses_or_a_name_is_news_in_either_generation() {
    let (phone, lid) = (Some("60123456789"), Some("1122334"));
    for (entry, expected, name) in [
        (
            json!({"id": "60123456789@s.whatsapp.net", "lid": "1122334@lid", "name": "Aisyah"}),
            person(phone, lid),
            Some("Aisyah"),
        ),
        (
            json!({"id": "1122334@lid", "jid": "60123456789@s.whatsapp.net"}),
            person(phone, lid),
            None,
        ),
        (
            json!({"id": "1122334@lid", "phoneNumber": "60123456789@s.whatsapp.net", "notify": "A"}),
            person(phone, lid),
            Some("A"),
        ),
        (
            json!({"id": "1122334@lid", "phoneNumber": "60123456789"}),
            person(phone, lid),
            None,
        ),
        (
            json!({"id": "1122334:5@lid", "senderPn": "60123456789:2@s.whatsapp.net"}),
            person(phone, lid),
            None,
        ),
        (
            json!({"lid": "1122334@lid", "pn": "60123456789@s.whatsapp.net"}),
            person(phone, lid),
            None,
        ),
        (
            json!({"id": "60123456789@c.us", "name": " Kak\n\u{202E}Aisyah ", "notify": "A"}),
            person(phone, None),
            Some("Kak Aisyah"),
        ),
        (
            json!({"id": "1122334@lid", "verifiedName": "Shop"}),
            person(None, lid),
            Some("Shop"),
        ),
    ] {
        for event in [
            "contacts.upsert",
            "contacts.update",
            "contact.update",
            "lid-mapping.update",
        ] {
            for data in [json!([entry]), entry.clone(), json!({"contacts": [entry]})] {
                let events = news(event, &data);
                let [Event::Contact(contact)] = events.as_slice() else {
                    panic!("{data}: {events:?}")
                };
                assert!(contact.person == expected, "{data}");
                assert_eq!(contact.name.as_deref(), name, "{data}");
            }
        }
    }
}

#[test]
fn what_tells_nothing_is_ignored_once() {
    let nothing = json!([
        {"id": "60123456789@s.whatsapp.net", "imgUrl": "changed"},
        {"id": "status@broadcast", "name": "x"},
        {"name": "x"}, {"id": 7}, null, "x", [],
    ]);
    let ignored = |what| vec![Event::Ignored { what, id: None }];
    assert_eq!(news("contacts.update", &nothing), ignored(Reason::Contacts));
    assert_eq!(news("groups.update", &nothing), ignored(Reason::Groups));
    assert_eq!(
        news(
            "group-participants.update",
            &json!({"id": "1@g.us", "participants": []})
        ),
        ignored(Reason::Groups)
    );
    assert_eq!(
        news("contacts.upsert", &json!([])),
        ignored(Reason::Contacts)
    );
}

#[test]
fn a_group_is_called_what_its_news_say() {
    for event in ["groups.update", "groups.upsert"] {
        let events = news(
            event,
            &json!([{"id": "1@g.us", "subject": "Club"}, {"id": "2@g.us", "desc": "x"}]),
        );
        let [Event::Group(group)] = events.as_slice() else {
            panic!("{events:?}")
        };
        assert_eq!(
            (group.group.as_str(), group.subject.as_str()),
            ("1@g.us", "Club")
        );
    }
}

#[test]
fn a_first_login_s_ten_thousand_contacts_are_read_at_once() {
    let entry = |number: u64| json!({"id": format!("{}@s.whatsapp.net", 60_100_000_000 + number), "lid": format!("{}@lid", 1_000_000 + number), "name": "Somebody"});
    let data: Vec<Value> = (0..10_000).map(entry).collect();
    let body = json!({"event": "contacts.upsert", "data": data}).to_string();
    let began = std::time::Instant::now();
    let events = parse(body.as_bytes()).unwrap().events;
    let took = began.elapsed();
    assert_eq!(events.len(), 10_000);
    assert!(
        events
            .iter()
            .all(|event| matches!(event, Event::Contact(_)))
    );
    // Several times the usual duration of an unoptimised build; quadratic work would take longer.
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
}
