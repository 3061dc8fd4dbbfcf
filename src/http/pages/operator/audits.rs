//! `/operator/audit`: who did what, newest first.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use crate::db::history::audit;
use crate::db::history::audit::Entry;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::operator::{Operator, Place, components};
use crate::model::audit::{Outcome, shown_actor};
use crate::model::ids::LocationId;
use crate::model::language::Language;

pub(super) const PATH: &str = "/operator/audit";

#[derive(Deserialize)]
pub(super) struct Which {
    /// The last entry of the previous page.
    before: Option<i64>,
    /// Only what was done in this location.
    location: Option<String>,
}

impl Which {
    /// In which location; none: anywhere.
    pub(super) fn location(&self) -> Option<LocationId> {
        components::entered(self.location.as_ref()).map(LocationId)
    }
}

pub(super) async fn list(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(which): Query<Which>,
) -> Result<Markup, PageError> {
    let location = which.location();
    let before = which.before.unwrap_or(i64::MAX);
    let rows = audit::list(&state.pool, location.as_ref(), before, components::limit()).await?;
    let shown = &rows[..rows.len().min(components::PAGE)];
    let last = shown.last().filter(|_| rows.len() > components::PAGE);
    let id = location.as_ref().map(LocationId::as_str);
    let next = last.map(|last| {
        let parts = [("location", id), ("before", Some(&*last.id.to_string()))];
        components::with_query(PATH, &parts)
    });
    let export = components::with_query("/operator/audit.csv", &[("location", id)]);
    let by = [(
        language.pick("sub-account", "sub-akaun"),
        components::owner(&state.pool, id).await?,
    )];
    let body = html! {
        section.panel {
            (components::filtered(language, &by, PATH))
            p.hint { (language.pick("What people did on these pages, inside GHL and at the command line, for a year.", "Apa yang dilakukan orang di halaman ini, dalam GHL dan pada baris arahan, selama setahun.")) }
            (table(language, shown))
            (components::next(language, next))
            p { a href=(export) { (language.pick("All of these as CSV", "Semua ini sebagai CSV")) } }
        }
    };
    let title = language.pick("Who did what", "Siapa buat apa");
    Ok(operator.page(language, Place::Audit, title, &body))
}

fn table(language: Language, rows: &[Entry]) -> Markup {
    let names = language.pick(
        ["When", "Who", "What", "Where", "On what", "How it ended"],
        ["Bila", "Siapa", "Apa", "Di mana", "Pada apa", "Hasil"],
    );
    let rows = rows.iter().map(|row| {
        let tone = match row.outcome {
            Outcome::Done => "good",
            Outcome::Refused => "warn",
            Outcome::Failed => "bad",
        };
        html! {
            tr {
                td data-label=(names[0]) { (components::moment(row.at)) }
                td data-label=(names[1]) { (row.actor_kind.label(language)) @if let Some(name) = &row.actor_name { " " bdi { (name) } } @if let Some(actor) = &row.actor { " " span.id { (shown_actor(language, actor)) } } }
                td data-label=(names[2]) { (row.action.label(language)) }
                td data-label=(names[3]) {
                    @if row.location_id.as_str().is_empty() { "–" }
                    @else { (components::named_location(&row.location_id, row.location_name.as_deref())) }
                }
                td data-label=(names[4]) { (row.place.as_deref().unwrap_or("–")) @if let Some(count) = row.count { " (" (count) ")" } }
                td data-label=(names[5]) { span.pill.(tone) { (row.outcome.label(language)) } }
            }
        }
    });
    components::table(language, &names, rows)
}
