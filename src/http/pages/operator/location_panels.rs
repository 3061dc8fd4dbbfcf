//! The panels of a location's page: its health, what GHL says of it, what waits.

use std::time::Duration;

use maud::{Markup, html};

use crate::db::accounts::installs::InstallRow;
use crate::db::history::incidents;
use crate::db::numbers::holders;
use crate::db::numbers::holders::Asker;
use crate::db::views::operator::{Backlog, NumberRow};
use crate::doctor;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::components::reason;
use crate::http::pages::operator::{components, labels, overview, queues};
use crate::model::ids::LocationId;
use crate::model::language::Language;
use crate::model::states::{Queue, QueueState};
use crate::model::zone::Zone;

/// Longest wait for GHL and Waapify, which the checks ask about each number.
const MAX_CHECK: Duration = Duration::from_secs(30);

/// The open incidents that the monitor noticed, and which of its `numbers` are on hold; if `is_asked`, what GHL and Waapify say
/// now.
pub(super) async fn health(
    state: &HttpState,
    language: Language,
    (location, numbers): (&LocationId, &[NumberRow]),
    zone: &Zone,
    is_asked: bool,
) -> Result<Markup, PageError> {
    let found = if is_asked {
        let checked = state.doctor.check_location(location);
        tokio::time::timeout(MAX_CHECK, checked).await.ok()
    } else {
        let open = incidents::list_open(&state.pool, location).await?;
        let connected = numbers.iter().filter(|row| row.is_connected);
        let holds: Vec<_> = connected
            .filter_map(|row| Some((row.number.as_str(), row.hold_reason.as_ref()?)))
            .collect();
        let takers = holders::name_takers(&state.pool, &open, Asker::Operator).await?;
        Some(doctor::describe_all(zone, &holds, &open, &takers))
    };
    Ok(html! {
        section.panel {
            h2 { (language.pick("Its health", "Kesihatannya")) }
            @if !is_asked && found.as_ref().is_some_and(Vec::is_empty) {
                p { (language.pick("The watch has noticed nothing.", "Pemantau tidak mengesan apa-apa.")) }
            }
            (overview::findings(language, found.as_deref()))
            p.actions {
                a.button.quiet href={ (components::address(location)) "?check=1" } { (language.pick("Check now", "Semak sekarang")) }
            }
        }
    })
}

pub(super) fn facts(language: Language, row: &InstallRow) -> Markup {
    html! {
        section.panel {
            h2 { "GHL" }
            dl.facts {
                dt { (language.pick("Its id", "IDnya")) }
                dd.id { (row.location_id) }
                dt { (language.pick("Stands", "Keadaan")) }
                dd { (labels::state(language, row)) }
                dt { (language.pick("Agency", "Agensi")) }
                dd {
                    @match &row.company_id {
                        Some(id) => (components::agency(id, row.company_name.as_deref())),
                        None => "–",
                    }
                }
                dt { (language.pick("Token until", "Token hingga")) }
                dd { (components::maybe(row.expires_at)) }
                dt { (language.pick("Last from GHL", "Terakhir dari GHL")) }
                dd { (components::maybe(row.last_out)) }
                dt { (language.pick("Last from a customer", "Terakhir dari pelanggan")) }
                dd { (components::maybe(row.last_in)) }
                dt { (language.pick("Last tick", "Pengesahan terakhir")) }
                dd { (components::maybe(row.last_ack)) }
            }
            @if let Some(trouble) = &row.trouble { p.notice.warn { (reason(language, trouble)) } }
        }
    }
}

pub(super) fn backlog_panel(
    language: Language,
    location: &LocationId,
    backlog: &Backlog,
) -> Markup {
    let of = |queue, state| Some(queues::messages_of(location, queue, state));
    let counts = [
        (
            backlog.outbound,
            language.pick("waiting for WhatsApp", "menunggu WhatsApp"),
            of(Queue::Outbound, QueueState::Accepted),
        ),
        (
            backlog.unconfirmed,
            language.pick(
                "being sent or not confirmed",
                "sedang dihantar atau belum disahkan",
            ),
            // Two queues.
            None,
        ),
        (
            backlog.inbound,
            language.pick("waiting for GHL", "menunggu GHL"),
            of(Queue::Inbound, QueueState::Accepted),
        ),
        (
            backlog.held,
            language.pick("held", "ditahan"),
            of(Queue::Inbound, QueueState::Held),
        ),
        (
            backlog.statuses,
            language.pick("ticks for GHL", "pengesahan untuk GHL"),
            of(Queue::StatusUpdates, QueueState::Due),
        ),
    ];
    html! {
        section.panel {
            h2 { (language.pick("What waits", "Yang menunggu")) }
            ul.counts {
                @for (count, what, list) in counts {
                    li {
                        strong { (overview::count(count)) }
                        span {
                            @match list.filter(|_| count > 0) {
                                Some(list) => a href=(list) { (what) },
                                None => (what),
                            }
                        }
                    }
                }
            }
        }
    }
}
