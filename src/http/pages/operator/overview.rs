//! `/operator`: the service as a whole.

use std::time::Duration;

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::db::views::failures::Failed;
use crate::db::views::queue_counts;
use crate::db::views::queue_counts::{Counts, MAX_COUNT};
use crate::db::views::row_names::RowNames;
use crate::doctor::Finding;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout;
use crate::http::pages::message_charts;
use crate::http::pages::message_charts::Chart;
use crate::http::pages::operator::wrong::Troubles;
use crate::http::pages::operator::{Operator, PATH, Place, components, labels, queues, search};
use crate::model::ids::MessageId;
use crate::model::language::Language;
use crate::model::reason::Reason;
use crate::model::states::OwnerKind;

/// Longest wait for the checks that ask others. The rest of the page is useful without them.
const MAX_CHECK: Duration = Duration::from_secs(10);
/// How many failures are shown.
const LAST_FAILURES: i64 = 5;

/// The query of the overview.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// How much the charts show.
    period: Option<String>,
}

/// Shows what is wrong, charts, checks, queues, install statuses, holds, and the last failures.
pub(super) async fn show(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let (pool, now) = (&state.pool, state.clock.now());
    let troubles = Troubles::find(pool, now).await?;
    let counts = queue_counts::read_counts(pool).await?;
    let checked = tokio::time::timeout(MAX_CHECK, state.doctor.check_service()).await;
    let newest = MessageId(i64::MAX);
    let failures = Failed::default().scope(pool).await?;
    let failures = failures.list(pool, newest, LAST_FAILURES).await?;
    let known = RowNames::of(pool, &failures).await?;
    let chart = Chart {
        location: None,
        zone: &operator.zone,
        period: asked.period.as_deref(),
        address: PATH,
    };
    let charts = message_charts::panel(pool, language, chart, now).await?;
    let body = html! {
        (search::form(language, ""))
        (troubles.panel(language, &operator.zone))
        (charts)
        div.panels {
            section.panel {
                h2 { (language.pick("The service", "Perkhidmatan")) }
                (findings(language, checked.as_deref().ok()))
            }
            (queue_panel(language, &counts, now))
            (standing_panel(language, &counts, &troubles))
        }
        section.panel {
            h2 { (language.pick("Last failures", "Kegagalan terakhir")) }
            (components::messages(language, &failures, &known))
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
                            td data-label=(names[0]) { a href=(queues::address(row.queue, row.state)) { (labels::queue(language, row.queue, row.state)) } }
                            td.number data-label=(names[1]) { (count(row.count)) }
                            td.number data-label=(names[2]) { (queues::age(language, row.oldest, now)) }
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

fn standing_panel(language: Language, counts: &Counts, troubles: &Troubles) -> Markup {
    let on_hold: i64 = counts.holds.iter().map(|(_, count)| count).sum();
    let by = |name: &'static str, value: &str| {
        components::with_query("/operator/locations", &[(name, Some(value))])
    };
    html! {
        section.panel {
            h2 { (language.pick("Sub-accounts and numbers", "Sub-akaun dan nombor")) }
            dl.facts {
                @for (install_status, count) in &counts.install_statuses {
                    dt { (install_status.label(language)) }
                    dd { a href=(by("status", install_status.as_str())) { (count) } }
                }
                dt { (language.pick("connected numbers", "nombor disambungkan")) }
                dd { a href="/operator/numbers?connected=1" { (counts.numbers) } }
                dt { (language.pick("of these on hold", "daripadanya ditahan")) }
                dd { a href="/operator/numbers?held=1" { (on_hold) } }
                @for (kind, count) in troubles.kinds() {
                    dt { (kind.label(language)) }
                    dd { a href=(by("incident", kind.as_str())) { (count) } }
                }
            }
            @for (reason, count) in holds_by_code(counts) {
                p.notice.bad {
                    a href=(components::with_query("/operator/numbers", &[("hold", Some(reason.code()))])) { (count) }
                    " × " (layout::components::reason(language, reason))
                }
            }
            @for (owner, problem, count) in &counts.tokens {
                @let list = match owner {
                    OwnerKind::Location => by("token", problem.as_str()),
                    OwnerKind::Company => components::with_query("/operator/agencies", &[("token", Some(problem.as_str()))]),
                };
                p.notice.warn {
                    a href=(list) { (count) } " "
                    (language.pick("tokens of GHL could not be renewed: ", "token GHL tidak dapat diperbaharui: "))
                    (owner.label(language)) ", " (problem.label(language))
                }
            }
            p { a href="/operator/locations?troubled=1" { (language.pick("Sub-accounts that need somebody", "Sub-akaun yang perlu perhatian")) } }
        }
    }
}

/// The holds, whatever their arguments: lists are filtered by the code.
fn holds_by_code(counts: &Counts) -> Vec<(&Reason, i64)> {
    let mut holds: Vec<(&Reason, i64)> = Vec::new();
    for (reason, count) in &counts.holds {
        match holds
            .iter_mut()
            .find(|(known, _)| known.code() == reason.code())
        {
            Some((_, sum)) => *sum += count,
            None => holds.push((reason, *count)),
        }
    }
    holds
}
