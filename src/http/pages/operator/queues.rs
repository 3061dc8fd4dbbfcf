//! `/operator/queues`: whose rows wait in a queue.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::db::views::queue_places;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::charts;
use crate::http::pages::operator::{Operator, Place, components, labels};
use crate::model::language::Language;
use crate::model::states::{Queue, QueueState};

const PATH: &str = "/operator/queues";
/// Sub-accounts that are shown, those with the most first: more are one matter.
const SHOWN: usize = 200;

#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    queue: String,
    #[serde(default)]
    state: String,
}

/// The address of a queue's list.
pub(super) fn address(queue: Queue, state: QueueState) -> String {
    format!("{PATH}?queue={queue}&state={state}")
}

pub(super) async fn list(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(which): Query<Which>,
) -> Result<Response, PageError> {
    let found = Queue::find(&which.queue).zip(QueueState::find(&which.state));
    let Some((queue, queue_state)) = found else {
        return Ok(Redirect::to(super::PATH).into_response());
    };
    let rows = queue_places::list(&state.pool, queue, queue_state).await?;
    let names = language.pick(
        ["Sub-account", "How many", "Oldest"],
        ["Sub-akaun", "Bilangan", "Paling lama"],
    );
    let shown = rows.iter().take(SHOWN).map(|row| {
        html! {
            tr {
                td data-label=(names[0]) {
                    @if row.location_id.as_str().is_empty() { (language.pick("not known yet", "belum diketahui")) }
                    @else { (components::named_location(&row.location_id, row.name.as_deref())) }
                }
                td.number data-label=(names[1]) { (row.count) }
                td.number data-label=(names[2]) { (age(language, Some(row.oldest), state.clock.now())) }
            }
        }
    });
    let body = html! {
        section.panel {
            (components::table(language, &names, shown.collect::<Vec<_>>().into_iter()))
            @if rows.len() > SHOWN { p.hint { (rows.len() - SHOWN) " " (language.pick("more sub-accounts have fewer.", "sub-akaun lain mempunyai kurang.")) } }
        }
    };
    let title = labels::queue(language, queue, queue_state);
    Ok(operator
        .page(language, Place::Overview, &title, &body)
        .into_response())
}

/// How old something is, in figures and as a picture.
pub(super) fn age(
    language: Language,
    oldest: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Markup {
    let Some(oldest) = oldest.filter(|oldest| *oldest < now) else {
        return html! { "–" };
    };
    let age = now - oldest;
    let text = match age.whole_seconds() {
        0..60 => format!("{} {}", age.whole_seconds(), language.pick("s", "saat")),
        60..3600 => format!("{} min", age.whole_minutes()),
        3600..172_800 => format!("{} {}", age.whole_hours(), language.pick("h", "jam")),
        _ => format!("{} {}", age.whole_days(), language.pick("days", "hari")),
    };
    html! { (text) (charts::age(age.whole_seconds())) }
}
