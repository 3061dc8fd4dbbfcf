//! GHL's OAuth routes: code exchange, rotating refresh, location tokens, installed locations. As on the platform, a
//! wrong code and wrong credentials get the same answer.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::call::{Answer, Call};
use crate::ghl::Ghl;
use crate::ghl::gate::{WRONG_LOCATION, invalid, json_body, refuse, unknown_fields};
use crate::ghl::tokens::{Pair, Subject};
use crate::timings::Timings;
use crate::{clock, seed};

/// The fields of `/oauth/token`; others are refused by name.
const TOKEN_FIELDS: [&str; 7] = [
    "client_id",
    "client_secret",
    "grant_type",
    "code",
    "refresh_token",
    "user_type",
    "redirect_uri",
];
/// All scopes of the app, in the platform's order.
const SCOPES: &str = "conversations.readonly conversations.write conversations/message.readonly \
    conversations/message.write contacts.readonly contacts.write locations.readonly \
    oauth.readonly oauth.write";
/// The largest page of `installedLocations`.
const PAGE: usize = 20;

struct Form(Vec<(String, String)>);

impl Form {
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// The value of a field, or the platform's refusal for a missing one.
    fn need(&self, name: &str, told_as: &str) -> Result<&str, Answer> {
        self.get(name)
            .ok_or_else(|| refuse(400, &format!("Missing parameter: {told_as}")))
    }
}

/// `POST /oauth/token`.
pub(super) fn token(ghl: &Ghl, call: &Call) -> Result<Answer, Answer> {
    let form = Form(call.form());
    let wrong = unknown_fields(form.0.iter().map(|(name, _)| name.as_str()), &TOKEN_FIELDS);
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    let client_id = form.need("client_id", "clientId")?;
    let client_secret = form.need("client_secret", "clientSecret")?;
    if form
        .get("user_type")
        .is_some_and(|kind| !["Company", "Location"].contains(&kind))
    {
        return Err(invalid(
            &["user_type must be a valid enum value".to_owned()],
        ));
    }
    let genuine = client_id == ghl.inner.client_id && client_secret == ghl.inner.client_secret;
    match form.need("grant_type", "grantType")? {
        "authorization_code" => exchange(ghl, &form, genuine),
        "refresh_token" => refresh(ghl, &form, genuine),
        _ => Err(refuse(400, "Invalid parameter: grantType")),
    }
}

fn exchange(ghl: &Ghl, form: &Form, genuine: bool) -> Result<Answer, Answer> {
    let code = form.need("code", "code")?;
    form.need("redirect_uri", "redirectUri")?;
    let lifetime = ghl.timings().access_token_lifetime;
    let mut tokens = ghl.inner.tokens.lock();
    let subject = tokens
        .code(code)
        .cloned()
        .filter(|_| genuine)
        .ok_or_else(unauthorized)?;
    tokens.burn_code(code);
    let pair = tokens.mint(&subject, lifetime);
    drop(tokens);
    Ok(Answer::json(200, &token_answer(&subject, &pair, lifetime)))
}

fn refresh(ghl: &Ghl, form: &Form, genuine: bool) -> Result<Answer, Answer> {
    let given = form.need("refresh_token", "refreshToken")?;
    if !genuine {
        return Err(unauthorized());
    }
    let Timings {
        access_token_lifetime: lifetime,
        refresh_grace,
        ..
    } = ghl.timings();
    let subject = ghl
        .inner
        .tokens
        .lock()
        .refresh_subject(given)
        .ok_or_else(stale)?;
    if let Subject::Location { location_id, .. } = &subject {
        ghl.need_active(location_id)?;
    }
    let rotated = ghl
        .inner
        .tokens
        .lock()
        .rotate(given, lifetime, refresh_grace);
    let pair = rotated.ok_or_else(stale)?;
    Ok(Answer::json(200, &token_answer(&subject, &pair, lifetime)))
}

/// `POST /oauth/locationToken`, with a Company token.
pub(super) fn location_token(ghl: &Ghl, call: &Call, company_id: &str) -> Result<Answer, Answer> {
    let mut fields = json_body(call)?;
    fields.extend(
        call.form()
            .into_iter()
            .map(|(name, value)| (name, Value::String(value))),
    );
    let need = |name: &str| fields.get(name).and_then(Value::as_str);
    let (Some(company), Some(location_id)) = (need("companyId"), need("locationId")) else {
        return Err(invalid(&missing_strings(
            &fields,
            &["companyId", "locationId"],
        )));
    };
    let (owner, installed) = match ghl.inner.state.lock().locations.get(location_id) {
        Some(location) => (location.company_id.clone(), location.installed),
        None => return Err(refuse(403, WRONG_LOCATION)),
    };
    if company != company_id || owner != company_id {
        return Err(refuse(403, WRONG_LOCATION));
    }
    ghl.need_active(location_id)?;
    if !installed {
        return Err(refuse(400, "App is not installed on this location"));
    }
    let lifetime = ghl.timings().access_token_lifetime;
    let subject = Subject::Location {
        company_id: company_id.to_owned(),
        location_id: location_id.to_owned(),
    };
    let pair = ghl.inner.tokens.lock().mint(&subject, lifetime);
    let mut body = token_answer(&subject, &pair, lifetime);
    if !ghl.inner.state.lock().location_tokens_refresh
        && let Some(fields) = body.as_object_mut()
    {
        for absent in ["refresh_token", "refreshTokenId", "userType", "companyId"] {
            fields.remove(absent);
        }
    }
    Ok(Answer::json(201, &body))
}

/// `GET /locations/{id}`.
pub(super) fn show_location(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    if call.segments().get(1) != Some(&location_id) {
        return Err(refuse(403, WRONG_LOCATION));
    }
    let state = ghl.inner.state.lock();
    let location = state.locations.get(location_id);
    let location = location.ok_or_else(|| refuse(404, "Location not found"))?;
    Ok(Answer::json(
        200,
        &json!({ "location": {
            "id": location_id,
            "companyId": location.company_id,
            "name": location.name,
            "timezone": "Asia/Kuala_Lumpur",
        }}),
    ))
}

/// `GET /oauth/installedLocations`, with a Company token.
pub(super) fn installed_locations(
    ghl: &Ghl,
    call: &Call,
    company_id: &str,
) -> Result<Answer, Answer> {
    let given: Map<String, Value> = call
        .query
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let wrong = missing_strings(&given, &["companyId", "appId"]);
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    if call.query_value("companyId") != Some(company_id) {
        return Err(refuse(
            403,
            "The token does not have access to this company.",
        ));
    }
    let app_id = call.query_value("appId").unwrap_or_default();
    if app_id != ghl.app_id() {
        return Err(refuse(
            404,
            &format!("The requested App '{app_id}' was not found."),
        ));
    }
    let number = |name: &str| {
        call.query_value(name)
            .and_then(|value| value.parse::<usize>().ok())
    };
    let wanted = call.query_value("isInstalled").map(|value| value == "true");
    let state = ghl.inner.state.lock();
    let all: Vec<Value> = state
        .locations
        .iter()
        .filter(|(_, location)| location.company_id == company_id)
        .filter(|(_, location)| wanted.is_none_or(|wanted| location.installed == wanted))
        .filter(|(id, _)| {
            call.query_value("locationId")
                .is_none_or(|wanted| wanted == id.as_str())
        })
        .map(|(id, location)| {
            json!({
                "_id": id,
                "name": location.name,
                "address": "1 Jalan Contoh",
                "isInstalled": location.installed,
            })
        })
        .collect();
    let count = all.len();
    // More than one page is cut off without an error.
    let (skip, limit) = (
        number("skip").unwrap_or(0),
        number("limit").unwrap_or(PAGE).min(PAGE),
    );
    let page: Vec<Value> = all.into_iter().skip(skip).take(limit).collect();
    let body = json!({ "locations": page, "count": count, "installToFutureLocations": true });
    Ok(Answer::json(200, &body))
}

impl Ghl {
    /// The id of the app under test: its client id up to the `-`.
    #[must_use]
    pub fn app_id(&self) -> &str {
        self.inner.client_id.split('-').next().unwrap_or_default()
    }

    fn need_active(&self, location_id: &str) -> Result<(), Answer> {
        let state = self.inner.state.lock();
        let active = state
            .locations
            .get(location_id)
            .is_some_and(|location| location.active);
        if active {
            Ok(())
        } else {
            Err(refuse(400, "Location is not active"))
        }
    }
}

fn missing_strings(fields: &Map<String, Value>, names: &[&str]) -> Vec<String> {
    names
        .iter()
        .filter(|name| !fields.get(**name).is_some_and(Value::is_string))
        .map(|name| format!("{name} must be a string"))
        .collect()
}

fn unauthorized() -> Answer {
    let body =
        json!({ "error": "UnAuthorized!", "error_description": "Authorization code not found" });
    Answer::json(401, &body)
}

fn stale() -> Answer {
    refuse(400, "Invalid grant: refresh token is invalid")
}

fn token_answer(subject: &Subject, pair: &Pair, lifetime: Duration) -> Value {
    let mut body = json!({
        "access_token": pair.access,
        "token_type": "Bearer",
        "expires_in": lifetime.as_millis().div_ceil(1000),
        "refresh_token": pair.refresh,
        "refreshTokenId": clock::hex(24).to_lowercase(),
        "scope": SCOPES,
        "userId": seed::USER_ID,
    });
    let own = match subject {
        Subject::Location {
            company_id,
            location_id,
        } => json!({
            "userType": "Location",
            "companyId": company_id,
            "locationId": location_id,
            "isBulkInstallation": false,
            "traceId": clock::trace_id(),
        }),
        Subject::Company {
            company_id,
            approved,
            bulk: true,
        } => json!({
            "userType": "Company",
            "companyId": company_id,
            "isBulkInstallation": true,
            "approvedLocations": approved,
            "installToFutureLocations": true,
            "approveAllLocations": false,
        }),
        Subject::Company {
            company_id,
            bulk: false,
            ..
        } => json!({
            "userType": "Company",
            "companyId": company_id,
            "isBulkInstallation": false,
        }),
    };
    if let (Some(body), Value::Object(own)) = (body.as_object_mut(), own) {
        body.extend(own);
    }
    body
}
