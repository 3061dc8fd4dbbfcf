//! `/operator/queues`: whose rows wait in a queue.

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::views::queue_places;
use crate::db::views::queue_places::Part;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::charts;
use crate::http::pages::operator::{Operator, Place, components, labels};
use crate::model::ids::LocationId;
use crate::model::language::Language;
use crate::model::states::{Queue, QueueState};

const PATH: &str = "/operator/queues";
#[derive(Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    queue: String,
    #[serde(default)]
    state: String,
    /// The place at the end of the page before: how many rows it had.
    count: Option<i64>,
    /// Its location, where the page behind is asked for.
    after: Option<String>,
    /// The location of the first place, where the page before is asked for.
    before: Option<String>,
}

impl Which {
    fn part(&self) -> Part {
        let id = |text: &String| LocationId(text.replace('\0', ""));
        match (self.count, &self.after, &self.before) {
            (Some(count), Some(after), _) => Part::After(count, id(after)),
            (Some(count), None, Some(before)) => Part::Before(count, id(before)),
            _ => Part::First,
        }
    }

    /// The address of the page behind or before a place.
    fn beside(&self, way: &str, place: &queue_places::Place) -> String {
        let count = place.count.to_string();
        let parts = [
            ("queue", Some(self.queue.as_str())),
            ("state", Some(self.state.as_str())),
            ("count", Some(count.as_str())),
            (way, Some(place.location_id.as_str())),
        ];
        components::with_query(PATH, &parts)
    }
}

/// A page of places, with the addresses of those before and behind.
struct Page {
    places: Vec<queue_places::Place>,
    previous: Option<String>,
    next: Option<String>,
}

async fn find(pool: &Pool, which: &Which, queue: Queue, state: QueueState) -> sqlx::Result<Page> {
    let part = which.part();
    let mut places = queue_places::list(pool, queue, state, &part, components::limit()).await?;
    let has_more = places.len() > components::PAGE;
    let is_back = matches!(part, Part::Before(..));
    if has_more {
        // The one too many is at the far end.
        places.remove(if is_back { 0 } else { components::PAGE });
    }
    let (has_previous, has_next) = match part {
        Part::First => (false, has_more),
        Part::After(..) => (true, has_more),
        Part::Before(..) => (has_more, true),
    };
    let previous = places.first().filter(|_| has_previous);
    let next = places.last().filter(|_| has_next);
    Ok(Page {
        previous: previous.map(|place| which.beside("before", place)),
        next: next.map(|place| which.beside("after", place)),
        places,
    })
}

/// The address of a queue's list.
pub(super) fn address(queue: Queue, state: QueueState) -> String {
    format!("{PATH}?queue={queue}&state={state}")
}

/// The address of the list of a location's messages in a queue.
pub(super) fn messages_of(location: &LocationId, queue: Queue, state: QueueState) -> String {
    let path = format!("{}/messages", components::address(location));
    format!("{path}?queue={queue}&state={state}")
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
    let page = find(&state.pool, &which, queue, queue_state).await?;
    let names = language.pick(
        ["Sub-account", "How many", "Oldest"],
        ["Sub-akaun", "Bilangan", "Paling lama"],
    );
    let shown = page.places.iter().map(|row| {
        html! {
            tr {
                td data-label=(names[0]) {
                    @if row.location_id.as_str().is_empty() { (language.pick("not known yet", "belum diketahui")) }
                    @else if queue_places::has_messages(queue) {
                        @let waiting = messages_of(&row.location_id, queue, queue_state);
                        @match &row.name {
                            Some(name) => { a href=(waiting) { bdi { (name) } } " " span.id { (row.location_id) } }
                            None => a.id href=(waiting) { (row.location_id) },
                        }
                    }
                    @else { (components::named_location(&row.location_id, row.name.as_deref())) }
                }
                td.number data-label=(names[1]) { (row.count) }
                td.number data-label=(names[2]) { (age(language, Some(row.oldest), state.clock.now())) }
            }
        }
    });
    let body = html! {
        section.panel {
            (components::table(language, &names, shown))
            (components::both_ways(language, page.previous, page.next))
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
