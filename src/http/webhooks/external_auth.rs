//! `POST /hooks/external-auth/{secret}`: the form that GHL shows during an install, sent to us with what the installer
//! entered (`docs/vendors/ghl.md#external-authentication`). GHL continues the install if the answer is 200, and shows
//! our sentence if it is not.
//!
//! Reads every form of the request. Refuses a request that names different locations in several places, a caller without the address's secret, and credentials that Waapify
//! refuses. [`crate::accounts::connect`] decides what the request may change: never a connected number.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tracing::{info, warn};
use url::form_urlencoded;

use crate::accounts::connect::{ConnectError, Entered};
use crate::clients::waapify::CheckError;
use crate::http::HttpState;
use crate::http::error::HookError;
use crate::http::webhooks::addresses::Hook;
use crate::model::ids::{LocationId, is_id};
use crate::model::language::{Language, Text};

/// Most locations in one form. An agency with more connects the others by their links.
const MAX_LOCATIONS: usize = 500;
/// Accepted names of the form's fields, without case, `_` and `-`. The app's developer names the fields in GHL.
const INSTANCE: &[&str] = &["instanceid", "instance"];
const TOKEN: &[&str] = &["accesstoken", "token", "apikey"];
const NUMBER: &[&str] = &[
    "number",
    "whatsappnumber",
    "phone",
    "phonenumber",
    "whatsapp",
];
const LOCATION: &[&str] = &["locationid", "locationids", "locations"];

/// Checks what the installer entered, and stores it for the locations.
pub(in crate::http) async fn accept(
    State(state): State<HttpState>,
    language: Language,
    Path(secret): Path<String>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, HookError> {
    state.hook_secrets.check(Hook::ExternalAuth, &secret)?;
    let (parts, body) = request.into_parts();
    let body = state.body_budgets.external_auth.read(body).await?;
    let fields = read(query.as_deref(), &parts.headers, &body.bytes);
    Ok(offer(&state, language, &fields).await)
}

/// Has what was entered checked and kept, and says what came of it.
async fn offer(state: &HttpState, language: Language, fields: &[Field]) -> Response {
    let Some(locations) = locations(fields) else {
        warn!("an install form names different locations in several places");
        return answer(StatusCode::UNPROCESSABLE_ENTITY, &contradiction(), language);
    };
    let find = |names| find(fields, names).unwrap_or_default();
    let entered = Entered {
        instance_id: find(INSTANCE),
        access_token: find(TOKEN).into(),
        number: find(NUMBER),
    };
    match state.connector.offer(&locations, &entered).await {
        Ok(offered) if offered.taken.is_empty() && !offered.kept.is_empty() => {
            info!(
                kept = offered.kept.len(),
                "an install form for connected locations"
            );
            answer(StatusCode::OK, &kept(), language)
        }
        Ok(offered) => {
            info!(
                locations = offered.taken.len(),
                "an install form is accepted"
            );
            state.signals.token_upkeep.notify_one();
            answer(StatusCode::OK, &accepted(), language)
        }
        Err(error) => {
            info!("an install form is refused");
            answer(status(&error), &error.text(), language)
        }
    }
}

/// GHL reports a 4xx as wrong credentials. Our sentence says so if the problem may pass by itself.
const fn status(error: &ConnectError) -> StatusCode {
    match error {
        ConnectError::Check(CheckError::Credentials(_)) => StatusCode::UNAUTHORIZED,
        ConnectError::Check(CheckError::Unreachable(_))
        | ConnectError::Webhook(CheckError::Unreachable(_))
        | ConnectError::Database(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The sentence, under the names that GHL's pages are known to read.
fn answer(status: StatusCode, text: &Text, language: Language) -> Response {
    let said = text.of(language);
    let body = if status.is_success() {
        json!({ "success": true, "message": said })
    } else {
        json!({ "success": false, "message": said, "error": said })
    };
    (status, Json(body)).into_response()
}

fn accepted() -> Text {
    Text::new(
        "Waapify accepted the access token and the instance id.",
        "Waapify menerima token akses dan ID sambungan (Instance ID).",
    )
}

fn kept() -> Text {
    Text::new(
        "Waapify accepted the access token and the instance id. This sub-account is connected already and keeps its number; to change it, open the app's page in GHL.",
        "Waapify menerima token akses dan ID sambungan (Instance ID). Sub-akaun ini sudah disambungkan dan mengekalkan nombornya; untuk menukarnya, buka halaman aplikasi ini dalam GHL.",
    )
}

fn contradiction() -> Text {
    Text::new(
        "This form names different sub-accounts in several places. Nothing was stored.",
        "Borang ini menamakan sub-akaun yang berlainan di beberapa tempat. Tiada apa-apa disimpan.",
    )
}

/// A field of a request.
struct Field {
    /// Where it was: empty for the body itself, the name of an object in the body, or [`QUERY`].
    place: String,
    name: String,
    value: Value,
}

/// The place of the fields of the address. No object in a body has this name that we would read.
const QUERY: &str = "?";

/// The fields of the body (JSON or a form), then those of the query.
fn read(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Vec<Field> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = kind.starts_with("application/x-www-form-urlencoded");
    let pairs = |place: &str, text: &[u8]| -> Vec<Field> {
        form_urlencoded::parse(text)
            .map(|(name, value)| Field {
                place: place.to_owned(),
                name: name.into_owned(),
                value: value.into_owned().into(),
            })
            .collect()
    };
    let mut fields = match whatsapp_events::json::parse(body) {
        Ok(Value::Object(object)) if !is_form => nested(object),
        _ if is_form => pairs("", body),
        _ => Vec::new(),
    };
    fields.extend(pairs(QUERY, query.unwrap_or_default().as_bytes()));
    fields
}

/// The fields of an object and of the objects in it, such as `userData` in GHL's own template.
fn nested(object: serde_json::Map<String, Value>) -> Vec<Field> {
    let field = |place: &str, name, value| Field {
        place: place.to_owned(),
        name,
        value,
    };
    let mut fields = Vec::new();
    for (name, value) in object {
        match value {
            Value::Object(inner) => {
                let inner = inner.into_iter();
                fields.extend(inner.map(|(inner, value)| field(&name, inner, value)));
            }
            value => fields.push(field("", name, value)),
        }
    }
    fields
}

/// A field's name without case, `_` and `-`, and without the brackets with which forms write lists: `locationId[]` or
/// `locationId[0]`.
fn plain(name: &str) -> String {
    let name = name.split('[').next().unwrap_or_default();
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    plain.map(|c| c.to_ascii_lowercase()).collect()
}

fn is_called(name: &str, names: &[&str]) -> bool {
    names.contains(&plain(name).as_str())
}

/// The first field with one of these names that is not blank. Numbers count as text.
fn find(fields: &[Field], names: &[&str]) -> Option<String> {
    let fields = fields.iter().filter(|field| is_called(&field.name, names));
    let mut said = fields.filter_map(|field| whatsapp_events::json::scalar_text(&field.value));
    said.find(|text| !text.trim().is_empty())
        .map(|text| text.trim().to_owned())
}

/// The locations that a request names: in the body itself, in an object of it, or in the address, wherever they are. None
/// if different ones are in two places, under two names, or under one name that is no list but comes twice: somebody put
/// one of them there who is not GHL, and which one cannot be known.
fn locations(fields: &[Field]) -> Option<Vec<LocationId>> {
    let mut named: BTreeMap<(&str, &str, usize), BTreeSet<&str>> = BTreeMap::new();
    let named_so = fields
        .iter()
        .filter(|field| is_called(&field.name, LOCATION));
    for (nth, field) in named_so.enumerate() {
        let (name, is_list) = match field.name.split_once('[') {
            Some((name, _)) => (name, true),
            None => (field.name.as_str(), false),
        };
        let place = (field.place.as_str(), name, if is_list { 0 } else { nth });
        named.entry(place).or_default().extend(ids(&field.value));
    }
    let mut places = named.into_values().filter(|ids| !ids.is_empty());
    let first = places.next().unwrap_or_default();
    if places.any(|other| other != first) {
        return None;
    }
    let ids = first.into_iter().take(MAX_LOCATIONS);
    Some(ids.map(LocationId::from).collect())
}

/// The ids in a list, or in a text, which may hold a list. What is not an id is left out.
fn ids(value: &Value) -> Vec<&str> {
    let found: Vec<&str> = match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        Value::String(text) => text.split([',', ' ', '"', '[', ']', '{', '}']).collect(),
        _ => Vec::new(),
    };
    found.into_iter().filter(|id| is_id(id)).collect()
}
