//! `/operator/agencies`: every agency with its sub-accounts, by which the other lists are filtered.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use crate::db::views::agencies;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::operator::{Operator, Place, components};
use crate::model::language::Language;
use crate::model::states::TokenProblem;

const PATH: &str = "/operator/agencies";

#[derive(Deserialize)]
pub(super) struct Which {
    /// The last agency of the previous page.
    after: Option<String>,
    /// Only those with this problem of their token.
    token: Option<String>,
}

pub(super) async fn list(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(which): Query<Which>,
) -> Result<Markup, PageError> {
    let after = components::entered(which.after.as_ref()).unwrap_or_default();
    let token = components::entered(which.token.as_ref());
    let token = token.as_deref().and_then(TokenProblem::find);
    let rows = agencies::list(&state.pool, &after, token, components::limit()).await?;
    let shown = &rows[..rows.len().min(components::PAGE)];
    let last = shown.last().filter(|_| rows.len() > components::PAGE);
    let next = last.map(|last| {
        let parts = [
            ("after", Some(last.company_id.as_str())),
            ("token", token.map(TokenProblem::as_str)),
        ];
        components::with_query(PATH, &parts)
    });
    let by = [(
        language.pick("token", "token"),
        token.map(|one| one.label(language).to_owned()),
    )];
    let body = html! {
        section.panel {
            (components::filtered(language, &by, PATH))
            (table(language, shown))
            (components::next(language, next))
        }
    };
    let title = language.pick("Agencies", "Agensi");
    Ok(operator.page(language, Place::Locations, title, &body))
}

fn table(language: Language, rows: &[agencies::Agency]) -> Markup {
    let names = language.pick(
        ["Agency", "Sub-accounts", "Token", "Its lists"],
        ["Agensi", "Sub-akaun", "Token", "Senarainya"],
    );
    let rows = rows.iter().map(|row| {
        let id = row.company_id.as_str();
        let list = |path| components::with_query(path, &[("agency", Some(id))]);
        html! {
            tr {
                td data-label=(names[0]) { @if let Some(name) = &row.name { bdi { (name) } " " } span.id { (id) } }
                td.number data-label=(names[1]) { a href=(list("/operator/locations")) { (row.locations) } }
                td data-label=(names[2]) { @match row.problem { Some(problem) => span.pill.warn { (problem.label(language)) }, None => "–" } }
                td data-label=(names[3]) {
                    a href=(list("/operator/numbers")) { (language.pick("Numbers", "Nombor")) } " · "
                    a href=(list("/operator/failures")) { (language.pick("Failures", "Kegagalan")) }
                }
            }
        }
    });
    components::table(language, &names, rows)
}
