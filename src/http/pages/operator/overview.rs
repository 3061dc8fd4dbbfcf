//! `/operator`: the service as a whole.

use std::time::Duration;

use axum::extract::State;
use maud::{Markup, html};
use time::OffsetDateTime;

use crate::db::views::queue_counts::{Counts, MAX_COUNT, QueueRow};
use crate::db::views::{operator, queue_counts};
use crate::doctor::Finding;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout;
use crate::http::pages::operator::{Operator, Place, components, labels};
use crate::model::ids::MessageId;
use crate::model::language::Language;

/// Longest wait for the checks that ask others. The rest of the page is useful without them.
const MAX_CHECK: Duration = Duration::from_secs(10);
/// How many failures are shown.
const LAST_FAILURES: i64 = 5;

/// Shows checks, queues, install statuses, holds, and the last failures.
pub(super) async fn show(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
) -> Result<Markup, PageError> {
    let counts = queue_counts::read_counts(&state.pool).await?;
    let checked = tokio::time::timeout(MAX_CHECK, state.doctor.check_service()).await;
    let failures =
        operator::list_failures(&state.pool, None, MessageId(i64::MAX), LAST_FAILURES).await?;
    let body = html! {
        div.panels {
            section.panel {
                h2 { (language.pick("The service", "Perkhidmatan")) }
                (findings(language, checked.as_deref().ok()))
            }
            (queue_panel(language, &counts, state.clock.now()))
            (standing_panel(language, &counts))
        }
        section.panel {
            h2 { (language.pick("Last failures", "Kegagalan terakhir")) }
            (components::messages(language, &failures))
            p { a href="/operator/failures" { (language.pick("All failures", "Semua kegagalan")) } }
        }
    };
    Ok(operator.page(
        language,
        Place::Overview,
        language.pick("Overview", "Ringkasan"),
        &body,
    ))
}

/// What checks found; none if they took too long.
pub(super) fn findings(language: Language, found: Option<&[Finding]>) -> Markup {
    if let Some(found) = found {
        return layout::components::findings(language, found);
    }
    html! {
        p.notice.warn { (language.pick("The checks took too long. Load the page again in a minute.", "Semakan mengambil masa terlalu lama. Muat semula halaman sebentar lagi.")) }
    }
}

fn queue_panel(language: Language, counts: &Counts, now: OffsetDateTime) -> Markup {
    let names = language.pick(
        ["Queue", "How many", "Oldest"],
        ["Giliran", "Bilangan", "Paling lama"],
    );
    html! {
        section.panel {
            h2 { (language.pick("Queues", "Giliran")) }
            table.rows {
                thead { tr { @for (at, name) in names.iter().enumerate() { th.number[at > 0] scope="col" { (name) } } } }
                tbody {
                    @for row in &counts.queues {
                        tr {
                            td data-label=(names[0]) { (labels::queue(language, row.queue, row.state)) }
                            td.number data-label=(names[1]) { (count(row.count)) }
                            td.number data-label=(names[2]) { (age(language, row, now)) }
                        }
                    }
                }
            }
        }
    }
}

/// A count, with a plus if counting stopped at its limit.
pub(super) fn count(count: i64) -> String {
    if count >= MAX_COUNT {
        format!("{MAX_COUNT}+")
    } else {
        count.to_string()
    }
}

fn age(language: Language, row: &QueueRow, now: OffsetDateTime) -> String {
    let Some(oldest) = row.oldest.filter(|oldest| *oldest < now) else {
        return "–".to_owned();
    };
    let age = now - oldest;
    match age.whole_seconds() {
        0..60 => format!("{} {}", age.whole_seconds(), language.pick("s", "saat")),
        60..3600 => format!("{} min", age.whole_minutes()),
        3600..172_800 => format!("{} {}", age.whole_hours(), language.pick("h", "jam")),
        _ => format!("{} {}", age.whole_days(), language.pick("days", "hari")),
    }
}

fn standing_panel(language: Language, counts: &Counts) -> Markup {
    let on_hold: i64 = counts.holds.iter().map(|(_, count)| count).sum();
    html! {
        section.panel {
            h2 { (language.pick("Sub-accounts and numbers", "Sub-akaun dan nombor")) }
            dl.facts {
                @for (install_status, count) in &counts.install_statuses {
                    dt { (install_status.label(language)) }
                    dd { (count) }
                }
                dt { (language.pick("connected numbers", "nombor disambungkan")) }
                dd { (counts.numbers) }
                dt { (language.pick("of these on hold", "daripadanya ditahan")) }
                dd { (on_hold) }
            }
            @for (reason, count) in &counts.holds {
                p.notice.bad { (count) " × " (layout::components::reason(language, reason)) }
            }
            @let dead: i64 = counts.tokens.iter().map(|(_, _, count)| count).sum();
            @if dead > 0 {
                p.notice.warn { (dead) " " (language.pick("tokens of GHL could not be renewed.", "token GHL tidak dapat diperbaharui.")) }
            }
            @let incidents: i64 = counts.open_incidents.iter().map(|(_, count)| count).sum();
            @if incidents > 0 {
                p.notice.bad {
                    (incidents) " " (language.pick("incidents are open: ", "masalah belum selesai: "))
                    @for (kind, count) in counts.open_incidents.iter().filter(|(_, count)| *count > 0) {
                        (kind.label(language)) " (" (count) ") "
                    }
                }
            }
            p { a href="/operator/locations?troubled=1" { (language.pick("Sub-accounts that need somebody", "Sub-akaun yang perlu perhatian")) } }
        }
    }
}
