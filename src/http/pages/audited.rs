//! Records who did what on the pages, for every form of the operator's and of those inside GHL, also where it was refused.
//!
//! One layer for all of them, so that no handler can forget it. It knows a form by its route; what it cannot know, a handler
//! tells with [`Audited`]. Nobody who proved nothing is recorded, so that strangers cannot fill the table. What is done with a
//! connect link is recorded by its own pages.

use std::convert::Infallible;

use axum::RequestExt as _;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponseParts, Response, ResponseParts};
use tracing::warn;

use crate::db::history::audit;
use crate::db::history::audit::NewEntry;
use crate::http::HttpState;
use crate::http::pages::location;
use crate::model::audit::{Action, ActorKind, Outcome};
use crate::model::ids::{CompanyId, LocationId};

/// Where whoever has no session of the operator's is led.
const SIGN_IN: &str = "/operator/sign-in";
/// The forms, by their routes.
const ACTIONS: [(&str, Action); 20] = [
    (SIGN_IN, Action::SignIn),
    ("/operator/sign-out", Action::SignOut),
    ("/operator/messages/{id}/replay", Action::Replay),
    ("/operator/replay", Action::ReplayMany),
    ("/app/{session}/messages/{id}/retry", Action::Replay),
    ("/app/{session}/numbers/{number}", Action::Settings),
    (
        "/app/{session}/numbers/{number}/default",
        Action::DefaultNumber,
    ),
    (
        "/app/{session}/numbers/{number}/protection",
        Action::Protection,
    ),
    ("/app/{session}/numbers/{number}/go-on", Action::GoOn),
    (
        "/operator/locations/{location}/numbers/{number}/go-on",
        Action::GoOn,
    ),
    ("/app/{session}/numbers/{number}/remove", Action::Disconnect),
    ("/app/{session}/numbers/{number}/relink", Action::Relink),
    ("/app/{session}/old-messages/show", Action::ShowOld),
    ("/app/{session}/old-messages/forget", Action::ForgetOld),
    ("/app/{session}/opt-out", Action::OptOut),
    ("/app/{session}/number-rules", Action::NumberRules),
    ("/app/{session}/alerts", Action::SetAlerts),
    ("/app/{session}/alerts/remove", Action::RemoveAlerts),
    ("/app/agency/{session}/token", Action::KeepToken),
    ("/app/agency/{session}/token/remove", Action::RemoveToken),
];

/// The forms that only lead to the form of a connect link: what is done there is recorded where it is done, with the user for
/// whom the link was made. Here only a refusal is news.
const WAYS_TO_CONNECT: [&str; 2] = ["/app/{session}/connect", "/app/agency/{session}/connect"];

/// What only the handler knows. It is a part of its answer.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Audited {
    /// Whose the message or the number is.
    pub location: Option<LocationId>,
    /// On what.
    pub place: Option<String>,
    /// On how many rows.
    pub count: Option<i32>,
}

impl IntoResponseParts for Audited {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.extensions_mut().insert(self);
        Ok(parts)
    }
}

/// The person behind a request.
struct Actor {
    kind: ActorKind,
    name: Option<String>,
    location: Option<LocationId>,
    /// The agency, where the page is one of an agency's.
    company: Option<CompanyId>,
}

impl Actor {
    const fn operator() -> Self {
        Self {
            kind: ActorKind::Operator,
            name: None,
            location: None,
            company: None,
        }
    }

    fn of_location(state: &HttpState, headers: &HeaderMap, id: &str) -> Self {
        let (location, session) = location::find_session(state, headers, id).unzip();
        Self {
            kind: ActorKind::User,
            name: session.and_then(|session| session.user),
            location,
            company: None,
        }
    }

    fn of_agency(state: &HttpState, headers: &HeaderMap, id: &str) -> Self {
        let (company, session) = location::find_agency_session(state, headers, id).unzip();
        Self {
            kind: ActorKind::User,
            name: session.and_then(|session| session.user),
            location: None,
            company,
        }
    }
}

/// The layer.
pub(in crate::http) async fn record(
    State(state): State<HttpState>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some((action, is_way)) = action(&request) else {
        return next.run(request).await;
    };
    let params = request.extract_parts::<RawPathParams>().await.ok();
    let find = |name: &str| {
        let found = params.iter().flatten().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.to_owned())
    };
    let session = find("session");
    let is_agency = request.uri().path().starts_with(location::AGENCY_PATH);
    let actor = match session.as_deref() {
        None => Actor::operator(),
        Some(id) if is_agency => Actor::of_agency(&state, request.headers(), id),
        Some(id) => Actor::of_location(&state, request.headers(), id),
    };
    let agency = actor.company.as_ref().map(ToString::to_string);
    let place = find("number").or_else(|| find("id")).or(agency);
    let response = next.run(request).await;
    let told = response.extensions().get::<Audited>().cloned();
    let is_look = is_way && outcome(response.status()) != Outcome::Refused;
    if is_look || !is_proven(&response, &actor, action, told.is_some()) {
        return response;
    }
    let told = told.unwrap_or_default();
    let entry = NewEntry {
        actor_kind: actor.kind,
        actor: actor.name.as_deref(),
        action,
        location: told.location.as_ref().or(actor.location.as_ref()),
        place: told.place.as_deref().or(place.as_deref()),
        count: told.count,
        outcome: outcome(response.status()),
    };
    if let Err(error) = audit::record(&state.pool, entry, state.clock.now()).await {
        warn!(%error, action = action.as_str(), "what a person did could not be recorded");
    }
    response
}

/// What a form does, and whether it only leads to where that is done.
fn action(request: &Request) -> Option<(Action, bool)> {
    if request.method() != Method::POST {
        return None;
    }
    let path = request.extensions().get::<MatchedPath>()?.as_str();
    if WAYS_TO_CONNECT.contains(&path) {
        return Some((Action::Connect, true));
    }
    let found = ACTIONS.iter().find(|(route, _)| *route == path);
    found.map(|(_, action)| (*action, false))
}

/// Whether whoever asked is who may ask. A refusal for want of a session is an answer to a stranger.
fn is_proven(response: &Response, actor: &Actor, action: Action, is_told: bool) -> bool {
    let leads_to_sign_in = response
        .headers()
        .get(LOCATION)
        .is_some_and(|to| to.as_bytes() == SIGN_IN.as_bytes());
    match (actor.kind, action) {
        (ActorKind::User, _) => actor.location.is_some() || actor.company.is_some(),
        (_, Action::SignIn | Action::SignOut) => is_told,
        _ => {
            let is_stranger = [
                StatusCode::UNAUTHORIZED,
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::NOT_FOUND,
            ];
            !leads_to_sign_in && !is_stranger.contains(&response.status())
        }
    }
}

fn outcome(status: StatusCode) -> Outcome {
    match status {
        status if status.is_server_error() => Outcome::Failed,
        status if status.is_client_error() => Outcome::Refused,
        _ => Outcome::Done,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_form_of_these_pages_has_an_action() {
        let routes = include_str!("../openapi.json");
        let routes: Value = serde_json::from_str(routes).unwrap();
        let paths = routes["paths"].as_object().unwrap().iter();
        let forms = paths
            .filter(|(path, methods)| {
                let is_ours = path.starts_with("/operator") || path.starts_with("/app/");
                let only_opens = ["/app/session", "/app/agency/{session}/open"];
                is_ours && methods.get("post").is_some() && !only_opens.contains(&path.as_str())
            })
            .map(|(path, _)| path.as_str());
        for path in forms {
            let is_known = ACTIONS.iter().any(|(route, _)| *route == path);
            assert!(is_known || WAYS_TO_CONNECT.contains(&path), "{path}");
        }
    }
}
