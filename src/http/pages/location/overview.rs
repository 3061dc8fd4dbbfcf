//! The first page: the numbers, the messages of the last 24 hours, and what failed last.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::history::incidents::Incident;
use crate::db::history::{incidents, setups};
use crate::db::inbound::late;
use crate::db::numbers::holders;
use crate::db::numbers::holders::Asker;
use crate::db::numbers::protection::Of;
use crate::db::views::number_cards::Card;
use crate::db::views::overview::{Count, Entry, NumberState};
use crate::db::views::{number_cards, overview};
use crate::doctor;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::{Frame, components, live};
use crate::http::pages::location::location_user::{FIRST, LocationUser};
use crate::http::pages::location::tabs::{Tab, framed_as};
use crate::http::pages::location::{messages, numbers, old_messages, see};
use crate::http::pages::message_charts::{Chart, PERIOD, Sparks};
use crate::http::pages::{message_charts, number_cards as cards};
use crate::model::ids::LocationId;
use crate::model::language::Language;
use crate::model::progress::Progress;
use crate::model::states::{Direction, MessageState};

/// The time that is counted. A fixed length needs no location's time zone.
const LATELY: Duration = Duration::hours(24);
/// Failures on the first page.
const FAILURES: i64 = 5;

/// Shows the page.
pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
) -> Result<Response, PageError> {
    // The cookie arrived. The address that the browser keeps and reloads does not check it again.
    if visitor.query_param(FIRST).is_some() {
        return Ok(see(&visitor.address("")));
    }
    let (pool, location, now) = (&state.pool, &visitor.location, state.clock.now());
    let numbers = overview::list_numbers(pool, location).await?;
    let counts = overview::count_states(pool, location, now - LATELY).await?;
    let failures = overview::list_failures(pool, location, i64::MAX, FAILURES).await?;
    let has_number = numbers.iter().any(|row| row.is_connected);
    let old = late::find(pool, location).await?;
    let open = incidents::list_open(pool, location).await?;
    let agency = visitor.find_agency(&state).await?;
    let asker = Asker::of(agency.as_ref());
    let health = Health {
        takers: holders::name_takers(pool, &open, asker).await?,
        incidents: open,
        progress: setups::find(pool, location).await?.progress(),
    };
    if !health.incidents.is_empty() && !visitor.is_live {
        // Whoever has mended it loads this page again.
        incidents::check_soon(pool, location, now).await?;
    }
    let chart = Chart {
        location: Some(location),
        zone: &visitor.names.zone,
        period: visitor.query_param(PERIOD),
        address: &visitor.address(""),
    };
    let charts = message_charts::panel(pool, language, chart, now).await?;
    let sparks = Sparks::find(pool, &[location.as_str()], now).await?;
    let cards = find_cards(pool, location, &numbers, now).await?;
    let is_on = state.protects_numbers;
    let body = html! {
        div #overview data-live=(live::OVERVIEW) {
            (health_panel(language, &visitor, &numbers, &health))
            (old_messages::panel(language, &visitor, &old, now))
            (numbers_panel(language, &visitor, (&numbers, &health, &sparks), (&cards, is_on), now))
            (counts_panel(language, &visitor, &counts))
            (charts)
            (failures_panel(language, &visitor, (&failures, has_number), now))
        }
    };
    let title = language.pick(
        "WhatsApp in this sub-account",
        "WhatsApp dalam sub-akaun ini",
    );
    let (tab, frame) = (Some(Tab::Overview), Frame::with_scripts(&[live::SCRIPT]));
    Ok(framed_as(language, &visitor, tab, title, frame, &body).into_response())
}

/// How each connected number is doing; none of the others.
async fn find_cards(
    pool: &Pool,
    location: &LocationId,
    numbers: &[NumberState],
    now: OffsetDateTime,
) -> sqlx::Result<Vec<Option<Card>>> {
    let mut cards = Vec::new();
    for row in numbers {
        let number = row.number.as_str();
        cards.push(if row.is_connected {
            number_cards::find(pool, Of { location, number }, now).await?
        } else {
            None
        });
    }
    Ok(cards)
}

/// What is known about the sub-account as a whole.
struct Health {
    incidents: Vec<Incident>,
    /// Who has taken numbers over, as far as the reader may know.
    takers: BTreeMap<i64, String>,
    progress: Progress,
}

impl Health {
    fn of_number(&self, number: &str) -> numbers::Standing {
        let is_about = |incident: &Incident| ["", number].contains(&incident.number.as_str());
        numbers::Standing {
            is_troubled: self.incidents.iter().any(is_about),
            progress: self.progress,
        }
    }
}

/// What is wrong; else what is left to try, until a message went each way.
fn health_panel(
    language: Language,
    visitor: &LocationUser,
    numbers: &[NumberState],
    health: &Health,
) -> Markup {
    let connected = numbers.iter().filter(|row| row.is_connected);
    let holds: Vec<_> = connected
        .filter_map(|row| Some((row.number.as_str(), row.hold_reason.as_ref()?)))
        .collect();
    let found = doctor::describe_all(
        &visitor.names.zone,
        &holds,
        &health.incidents,
        &health.takers,
    );
    let to_write = language.pick(
        "Write a message to a contact in GHL: it has to come to WhatsApp.",
        "Tulis satu mesej kepada kenalan dalam GHL: ia mesti sampai ke WhatsApp.",
    );
    let to_get = language.pick(
        "Write to the number from another phone: the message has to come to GHL.",
        "Tulis kepada nombor ini dari telefon lain: mesej itu mesti sampai ke GHL.",
    );
    let left = match health.progress {
        Progress::Untried => vec![to_write, to_get],
        Progress::WaitsForGhl => vec![to_write],
        Progress::WaitsForCustomer => vec![to_get],
        Progress::NoNumber | Progress::Works => Vec::new(),
    };
    html! {
        @if !found.is_empty() {
            section.panel data-key="health" {
                h2 data-say { (language.pick("This needs your attention", "Ini memerlukan perhatian anda")) }
                (components::findings(language, &found))
            }
        } @else if !left.is_empty() {
            section.panel data-key="progress" {
                h2 data-say { (health.progress.label(language)) }
                ul { @for todo in left { li { (todo) } } }
                p { a href=(visitor.address("/checks")) { (language.pick("Check the set-up", "Semak persediaan")) } }
            }
        }
    }
}

fn numbers_panel(
    language: Language,
    visitor: &LocationUser,
    (rows, health, sparks): (&[NumberState], &Health, &Sparks),
    (cards, is_on): (&[Option<Card>], bool),
    now: OffsetDateTime,
) -> Markup {
    html! {
        section.panel #numbers data-key="numbers" {
            h2 { (language.pick("WhatsApp numbers", "Nombor WhatsApp")) }
            @if rows.is_empty() {
                p.notice.warn { (language.pick(
                    "No WhatsApp number is connected yet. No message can leave until there is one.",
                    "Belum ada nombor WhatsApp yang disambungkan. Tiada mesej boleh dihantar sehingga ada satu.",
                )) }
            }
            @for (at, row) in rows.iter().enumerate() {
                (numbers::summary(language, visitor, (row, health.of_number(&row.number)), now))
                p.note {
                    (language.pick("The last 14 days: ", "14 hari yang lalu: "))
                    (sparks.of_number(language, &visitor.location, &row.number))
                }
                @if let Some(Some(card)) = cards.get(at) {
                    (cards::card(language, (&format!("card-{at}"), card), &visitor.names.zone, is_on, now))
                    p { a href=(visitor.address(&format!("/numbers/{}/protection", row.number))) {
                        (language.pick("Protection of +", "Perlindungan +")) (row.number)
                    } }
                }
            }
            @if rows.iter().any(|row| row.is_connected) {
                p { a href=(visitor.address("/number-rules")) { (language.pick("Which number messages leave from", "Nombor asal penghantaran mesej")) } }
            }
            @if visitor.may_change() { (connect_form(language, visitor, rows.is_empty())) }
        }
    }
}

fn connect_form(language: Language, visitor: &LocationUser, is_first: bool) -> Markup {
    html! {
        .actions {
            form method="post" action=(visitor.address("/connect")) {
                (visitor.token())
                button.quiet[!is_first] type="submit" {
                    @if is_first { (language.pick("Connect a number", "Sambungkan nombor")) }
                    @else { (language.pick("Connect another number, or new credentials", "Sambungkan nombor lain, atau maklumat sambungan baharu")) }
                }
            }
        }
    }
}

fn counts_panel(language: Language, visitor: &LocationUser, counts: &[Count]) -> Markup {
    let is_cut = Direction::ALL.iter().any(|way| {
        let counted = counts.iter().filter(|count| count.direction == *way);
        counted.map(|count| count.count).sum::<i64>() >= overview::WINDOW
    });
    html! {
        section.panel data-key="counts" {
            h2 { (language.pick("The last 24 hours", "24 jam yang lalu")) }
            @if counts.is_empty() { p { (language.pick("No message yet.", "Belum ada mesej.")) } }
            @for way in Direction::ALL.iter().copied() {
                @let of_way: Vec<_> = counts.iter().filter(|count| count.direction == way).collect();
                @if !of_way.is_empty() {
                    h3 { (way.label(language)) }
                    ul.counts {
                        @for state in MessageState::ALL {
                            @for count in of_way.iter().filter(|count| count.state == *state) {
                                li { strong { (count.count) } span { (state.label_of(way, language)) } }
                            }
                        }
                    }
                }
            }
            @if is_cut {
                p.hint { (language.pick(
                    "There were so many that only the newest 10,000 of each direction are counted.",
                    "Terlalu banyak, maka hanya 10,000 yang terbaharu bagi setiap arah dikira.",
                )) }
            }
            p { a href=(visitor.address("/messages")) { (language.pick("All messages", "Semua mesej")) } }
        }
    }
}

fn failures_panel(
    language: Language,
    visitor: &LocationUser,
    (failures, has_number): (&[Entry], bool),
    now: OffsetDateTime,
) -> Markup {
    html! {
        section.panel data-key="failures" {
            h2 { (language.pick("What failed last", "Kegagalan terakhir")) }
            @if failures.is_empty() {
                p { (language.pick("Nothing has failed.", "Tiada kegagalan.")) }
            } @else {
                (messages::table(language, visitor, (failures, has_number), now))
                p { a href=(visitor.address("/messages?state=failed")) { (language.pick("All failures", "Semua kegagalan")) } }
            }
        }
    }
}
