//! `/operator/search`: finds a sub-account, an agency, a number, a message or a reason by whatever a person has at hand.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::db::accounts::installs::InstallRow;
use crate::db::views::failures::Failed;
use crate::db::views::messages::MessageRow;
use crate::db::views::{messages, operator};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::operator::{Operator, Place, components};
use crate::model::ids::{GhlMessageId, MessageId};
use crate::model::language::Language;
use crate::model::reason::{TABLES, codes_of};

/// Sub-accounts that are shown: who sees more than these narrows the search, or opens the list.
const SHOWN: usize = 10;
/// Shortest part of a reason's code that is looked for.
const MIN_CODE: usize = 3;

#[derive(Deserialize)]
pub(super) struct Asked {
    q: Option<String>,
}

/// What was found.
struct Found {
    locations: Vec<InstallRow>,
    message: Option<MessageRow>,
    /// Codes of reasons with the number of failures, where there are any.
    reasons: Vec<(String, i64)>,
}

pub(super) async fn show(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let Some(text) = components::entered(asked.q.as_ref()) else {
        return Ok(Redirect::to("/operator").into_response());
    };
    let found = find(&state, &text).await?;
    match (&found.locations[..], &found.message, &found.reasons[..]) {
        ([], Some(message), []) => {
            return Ok(Redirect::to(&format!("/operator/messages/{}", message.id)).into_response());
        }
        ([only], None, []) => {
            return Ok(Redirect::to(&components::address(&only.location_id)).into_response());
        }
        _ => {}
    }
    let title = language.pick("What was found", "Hasil carian");
    let page = operator.page(
        language,
        Place::Overview,
        title,
        &body(language, &text, &found),
    );
    Ok(page.into_response())
}

async fn find(state: &HttpState, text: &str) -> sqlx::Result<Found> {
    let pool = &state.pool;
    let which = operator::Which {
        search: Some(text),
        ..operator::Which::default()
    };
    let limit = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
    let locations = operator::list_locations(pool, "", which, limit).await?;
    let by_number = match text.parse() {
        Ok(id) => messages::find_message(pool, MessageId(id)).await?,
        Err(_) => None,
    };
    let message = match by_number {
        Some(message) => Some(message),
        None => messages::find_by_ghl_id(pool, &GhlMessageId::from(text)).await?,
    };
    let mut reasons = Vec::new();
    for code in codes_like(text) {
        let failed = Failed {
            reasons: Some(codes_of(code)),
            ..Failed::default()
        };
        let counts = failed.scope(pool).await?.count_reasons(pool).await?;
        let count = counts.iter().map(|one| one.count).sum();
        if count > 0 {
            reasons.push((code.to_owned(), count));
        }
    }
    Ok(Found {
        locations,
        message,
        reasons,
    })
}

/// The codes of failures that a text is a part of.
fn codes_like(text: &str) -> Vec<&'static str> {
    if text.len() < MIN_CODE {
        return Vec::new();
    }
    let text = text.to_lowercase().replace(' ', "_");
    let all = TABLES.into_iter().flatten().map(|(code, ..)| *code);
    all.filter(|code| code.contains(&text)).collect()
}

fn body(language: Language, text: &str, found: &Found) -> Markup {
    let is_nothing =
        found.locations.is_empty() && found.message.is_none() && found.reasons.is_empty();
    let all = components::with_query("/operator/locations", &[("find", Some(text))]);
    html! {
        (form(language, text))
        @if is_nothing { section.panel { p { (language.pick("Nothing has this name, number, id or reason.", "Tiada yang mempunyai nama, nombor, ID atau sebab ini.")) } } }
        @if let Some(message) = &found.message {
            section.panel { h2 { (language.pick("A message", "Mesej")) } (components::messages(language, std::slice::from_ref(message))) }
        }
        @if !found.locations.is_empty() {
            section.panel {
                h2 { (language.pick("Sub-accounts", "Sub-akaun")) }
                ul.links { @for row in found.locations.iter().take(SHOWN) { li {
                    (components::named_location(&row.location_id, row.name.as_deref()))
                    @if let Some(number) = &row.number { " +" (number) }
                    @if let Some(agency) = &row.company_name { " · " bdi { (agency) } }
                } } }
                @if found.locations.len() > SHOWN { p { a href=(all) { (language.pick("All that were found", "Semua yang ditemui")) } } }
            }
        }
        @if !found.reasons.is_empty() {
            section.panel {
                h2 { (language.pick("Reasons of failures", "Sebab kegagalan")) }
                ul.links { @for (code, count) in &found.reasons { li {
                    a.id href=(components::with_query("/operator/failures", &[("reason", Some(code))])) { (code) } " (" (count) ")"
                } } }
            }
        }
    }
}

/// The box, which stands on the overview too.
pub(super) fn form(language: Language, text: &str) -> Markup {
    html! {
        section.panel data-key="search" {
            form method="get" action="/operator/search" role="search" {
                label for="q" { (language.pick("Find", "Cari")) }
                input #q name="q" type="search" autocomplete="off" value=(text) placeholder=(language.pick("name, number, id or reason", "nama, nombor, ID atau sebab"));
                div.actions { button.quiet.small type="submit" { (language.pick("Find", "Cari")) } }
            }
        }
    }
}
