//! GHL's contact routes. A contact belongs to one location and is not shown to the token of another. Phones are
//! compared as they are written: as in reality, a number without its `+` finds no contact.

use serde_json::{Map, Value, json};

use crate::call::{Answer, Call};
use crate::clock;
use crate::ghl::Ghl;
use crate::ghl::gate::{WRONG_LOCATION, invalid, json_body, refuse, unknown_fields};
use crate::ghl::state::Contact;

/// The fields of an upsert, from the platform's `OpenAPI` description.
const UPSERT_FIELDS: [&str; 24] = [
    "firstName",
    "lastName",
    "name",
    "email",
    "locationId",
    "gender",
    "phone",
    "address1",
    "city",
    "state",
    "postalCode",
    "website",
    "timezone",
    "dnd",
    "dndSettings",
    "inboundDndSettings",
    "tags",
    "customFields",
    "source",
    "dateOfBirth",
    "country",
    "companyName",
    "assignedTo",
    "createNewIfDuplicateAllowed",
];

/// `POST /contacts/upsert`: finds by phone, then by e-mail. 200 for an existing contact, 201 for a new one.
pub(super) fn upsert(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let body = json_body(call)?;
    let mut wrong = unknown_fields(body.keys().map(String::as_str), &UPSERT_FIELDS);
    if !body.get("locationId").is_some_and(Value::is_string) {
        wrong.push("locationId must be a string".to_owned());
    }
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    if text(&body, "locationId") != Some(location_id) {
        return Err(refuse(403, WRONG_LOCATION));
    }
    let phone = text(&body, "phone").map(normalised);
    let email = text(&body, "email").map(str::to_lowercase);
    let name = given_name(&body);
    let mut state = ghl.inner.state.lock();
    let known = state.contacts.iter_mut().find(|contact| {
        contact.location_id == location_id
            && (phone.is_some() && contact.phone == phone
                || email.is_some() && contact.email == email)
    });
    let (new, contact) = if let Some(contact) = known {
        if let Some(name) = name {
            contact.name = name;
        }
        contact.phone = phone.or_else(|| contact.phone.take());
        contact.email = email.or_else(|| contact.email.take());
        (false, contact.to_json())
    } else {
        let contact = Contact {
            id: clock::letters(20),
            location_id: location_id.to_owned(),
            name: name.unwrap_or_default(),
            phone,
            email,
            dnd: Map::new(),
            tags: Vec::new(),
        };
        let shown = contact.to_json();
        state.contacts.push(contact);
        (true, shown)
    };
    let body = json!({ "new": new, "contact": contact, "traceId": clock::trace_id() });
    Ok(Answer::json(if new { 201 } else { 200 }, &body))
}

/// `POST /contacts/`: changes no contact. If there is one with this phone, the call is refused with its id.
pub(super) fn create(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let body = json_body(call)?;
    let wrong = unknown_fields(body.keys().map(String::as_str), &UPSERT_FIELDS);
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    if text(&body, "locationId") != Some(location_id) {
        return Err(refuse(403, WRONG_LOCATION));
    }
    let phone = text(&body, "phone").map(normalised);
    let mut state = ghl.inner.state.lock();
    let known = state.contacts.iter().find(|contact| {
        contact.location_id == location_id && phone.is_some() && contact.phone == phone
    });
    if let Some(known) = known {
        let body = json!({
            "statusCode": 400,
            "message": "This location does not allow duplicated contacts.",
            "meta": {"contactId": known.id, "matchingField": "phone"},
        });
        return Err(Answer::json(400, &body));
    }
    let contact = Contact {
        id: clock::letters(20),
        location_id: location_id.to_owned(),
        name: given_name(&body).unwrap_or_default(),
        phone,
        email: text(&body, "email").map(str::to_lowercase),
        dnd: Map::new(),
        tags: Vec::new(),
    };
    let shown = contact.to_json();
    state.contacts.push(contact);
    Ok(Answer::json(201, &json!({ "contact": shown })))
}

pub(super) fn find_duplicate(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let Some(asked) = call.query_value("locationId") else {
        return Err(invalid(&["locationId must be a string".to_owned()]));
    };
    if asked != location_id {
        return Err(refuse(403, WRONG_LOCATION));
    }
    let (number, email) = (call.query_value("number"), call.query_value("email"));
    if number.is_none() && email.is_none() {
        return Err(invalid(&["number or email should not be empty".to_owned()]));
    }
    let state = ghl.inner.state.lock();
    let contact = state.contacts.iter().find(|contact| {
        contact.location_id == location_id
            && (number.is_some() && contact.phone.as_deref() == number
                || email.is_some() && contact.email.as_deref() == email)
    });
    let shown = contact.map(Contact::to_json);
    Ok(Answer::json(
        200,
        &json!({ "contact": shown, "traceId": clock::trace_id() }),
    ))
}

pub(super) fn show(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let segments = call.segments();
    let id = segments.last().copied().unwrap_or_default();
    let state = ghl.inner.state.lock();
    match state.contact(id) {
        None => Err(refuse(400, &format!("Contact with id {id} not found"))),
        Some(contact) if contact.location_id != location_id => Err(refuse(403, WRONG_LOCATION)),
        Some(contact) => {
            let body = json!({ "contact": contact.to_json(), "traceId": clock::trace_id() });
            Ok(Answer::json(200, &body))
        }
    }
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

fn given_name(body: &Map<String, Value>) -> Option<String> {
    text(body, "name").map(str::to_owned).or_else(|| {
        let parts: Vec<&str> = ["firstName", "lastName"]
            .iter()
            .filter_map(|name| text(body, name))
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    })
}

/// A phone number without the spaces, dashes and brackets that people type.
fn normalised(phone: &str) -> String {
    phone
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '+')
        .collect()
}
