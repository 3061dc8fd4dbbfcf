//! `/operator/failures`: what failed, by reason, time, agency and sub-account, and how many there are of each reason.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::db::views::failures::{Failed, ReasonCount};
use crate::db::views::queue_counts::MAX_COUNT;
use crate::db::views::row_names::RowNames;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::components::reason;
use crate::http::pages::operator::{Operator, Place, components, overview, since};
use crate::model::ids::{CompanyId, LocationId, MessageId};
use crate::model::language::{Language, Text};
use crate::model::reason::codes_of;
use crate::model::zone::Zone;

pub(super) const PATH: &str = "/operator/failures";

/// The query of the list, of the replay of many, and of the export.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Which {
    /// The last message of the previous page.
    before: Option<String>,
    /// Only those of this location.
    pub location: Option<String>,
    /// Only those of this agency.
    pub agency: Option<String>,
    /// Only those with this reason, by its code.
    pub reason: Option<String>,
    /// Only those that arrived since then.
    pub since: Option<String>,
    /// Only those that arrived before.
    pub until: Option<String>,
}

impl Which {
    /// Without what is empty, as forms send it.
    pub(super) fn trimmed(&self) -> Self {
        let entered = |text: &Option<String>| components::entered(text.as_ref());
        Self {
            before: entered(&self.before),
            location: entered(&self.location),
            agency: entered(&self.agency),
            reason: entered(&self.reason),
            since: entered(&self.since),
            until: entered(&self.until),
        }
    }

    /// Of which messages it speaks. A time that cannot be read is refused: without it many more would be meant.
    pub(super) fn failed(&self, now: OffsetDateTime) -> Result<Failed, PageError> {
        let moment = |text: &Option<String>| {
            let read = |text: &String| since::parse(text, now).ok_or_else(unreadable_time);
            text.as_ref().map(read).transpose()
        };
        Ok(Failed {
            location: self.location.as_deref().map(LocationId::from),
            company: self.agency.as_deref().map(CompanyId::from),
            reasons: self.reason.as_deref().map(codes_of),
            since: moment(&self.since)?,
            until: moment(&self.until)?,
        })
    }

    /// The same messages at another address, with one more part of a query.
    pub(super) fn address(&self, path: &str, more: Option<(&str, &str)>) -> String {
        let mut parts = vec![
            ("location", self.location.as_deref()),
            ("agency", self.agency.as_deref()),
            ("reason", self.reason.as_deref()),
            ("since", self.since.as_deref()),
            ("until", self.until.as_deref()),
        ];
        parts.extend(more.map(|(name, value)| (name, Some(value))));
        components::with_query(path, &parts)
    }

    /// The same with this reason.
    fn with_reason(&self, code: Option<&str>) -> Self {
        Self {
            reason: code.map(str::to_owned),
            ..self.clone()
        }
    }

    /// What is on, in words.
    pub(super) fn described(&self, language: Language) -> Markup {
        self.described_with(language, [self.location.clone(), self.agency.clone()])
    }

    /// What is on, in words; the location and the agency as [`components::owner`] names them.
    fn described_with(
        &self,
        language: Language,
        [location, agency]: [Option<String>; 2],
    ) -> Markup {
        let text = |text: &Option<String>| text.as_ref().map(|text| html! { (text) });
        let time = |text: &Option<String>| text.as_deref().map(|text| since::label(language, text));
        let is_span = self
            .since
            .as_ref()
            .is_some_and(|text| since::is_choice(text));
        let since_name = if is_span {
            language.pick("of", "dalam")
        } else {
            language.pick("since", "sejak")
        };
        let by = [
            (language.pick("sub-account", "sub-akaun"), text(&location)),
            (language.pick("agency", "agensi"), text(&agency)),
            (language.pick("reason", "sebab"), text(&self.reason)),
            (since_name, time(&self.since)),
            (language.pick("until", "hingga"), time(&self.until)),
        ];
        components::filtered(language, &by, PATH)
    }
}

/// What failed, newest first.
pub(super) async fn list(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(which): Query<Which>,
) -> Result<Markup, PageError> {
    let which = which.trimmed();
    let before = which.before.as_ref().and_then(|id| id.parse().ok());
    let before = MessageId(before.unwrap_or(i64::MAX));
    let pool = &state.pool;
    let scope = which.failed(state.clock.now())?.scope(pool).await?;
    let reasons = scope.count_reasons(pool).await?;
    let rows = scope.list(pool, before, components::limit()).await?;
    let shown = &rows[..rows.len().min(components::PAGE)];
    let known = RowNames::of(pool, shown).await?;
    let owners = [
        components::owner(pool, which.location.as_deref()).await?,
        components::owner(pool, which.agency.as_deref()).await?,
    ];
    let last = shown.last().filter(|_| rows.len() > components::PAGE);
    let next = last.map(|last| which.address(PATH, Some(("before", &last.id.to_string()))));
    let body = html! {
        (form(language, &operator.zone, &which))
        section.panel {
            (which.described_with(language, owners))
            (by_reason(language, &which, &reasons))
        }
        section.panel {
            (components::messages(language, shown, &known))
            (components::next(language, next))
            p { a href=(which.address("/operator/failures.csv", None)) { (language.pick("All of these as CSV", "Semua ini sebagai CSV")) } }
        }
    };
    let title = language.pick("Failures", "Kegagalan");
    Ok(operator.page(language, Place::Failures, title, &body))
}

fn form(language: Language, zone: &Zone, which: &Which) -> Markup {
    let chosen = which.since.as_deref().unwrap_or_default();
    let is_offered = since::is_choice(chosen);
    html! {
        section.panel {
            form method="get" action=(PATH) {
                @for (name, value) in [("location", &which.location), ("agency", &which.agency)] {
                    @if let Some(value) = value { input type="hidden" name=(name) value=(value); }
                }
                label for="reason" { (language.pick("Reason (its code)", "Sebab (kodnya)")) }
                input #reason name="reason" autocomplete="off" value=(which.reason.as_deref().unwrap_or_default()) placeholder="gateway_down";
                label for="since" { (language.pick("Since", "Sejak")) }
                select #since name="since" {
                    option value="" { (language.pick("the beginning", "permulaan")) }
                    @for (choice, english, malay) in since::CHOICES {
                        option value=(choice) selected[choice == chosen] { (language.pick(english, malay)) }
                    }
                    @if !chosen.is_empty() && !is_offered { option value=(chosen) selected { (since::plain_label(language, zone, chosen)) } }
                }
                div.actions { button.quiet.small type="submit" { (language.pick("Show", "Tunjuk")) } }
            }
        }
    }
}

/// How many there are of each reason; each leads to them, and to sending them again.
fn by_reason(language: Language, which: &Which, reasons: &[ReasonCount]) -> Markup {
    let names = language.pick(
        ["Reason", "How many", "Sub-accounts", "Last", "Send again"],
        ["Sebab", "Bilangan", "Sub-akaun", "Terakhir", "Hantar lagi"],
    );
    let counted: i64 = reasons.iter().map(|one| one.count).sum();
    let rows = reasons.iter().map(|one| {
        let these = which.with_reason(one.code.as_deref());
        html! {
            tr {
                td data-label=(names[0]) {
                    @match &one.code {
                        Some(code) => { a.id href=(these.address(PATH, None)) { (code) } }
                        None => "–",
                    }
                    @if let Some(why) = &one.reason { p.hint { (reason(language, why)) } }
                }
                td.number data-label=(names[1]) { (overview::count(one.count)) }
                td.number data-label=(names[2]) { (one.locations) }
                td data-label=(names[3]) { (components::moment(one.last_at)) }
                td data-label=(names[4]) {
                    @if one.code.is_some() { a href=(these.address("/operator/replay", None)) { (language.pick("Look what would go", "Lihat apa yang akan dihantar")) } }
                }
            }
        }
    });
    html! {
        (components::table(language, &names, rows))
        @if counted >= MAX_COUNT {
            p.hint { (language.pick("Only the newest 10,000 are counted.", "Hanya 10,000 yang terbaharu dikira.")) }
        }
    }
}

fn unreadable_time() -> PageError {
    PageError {
        status: StatusCode::BAD_REQUEST,
        title: Text::new("This time cannot be read", "Masa ini tidak dapat dibaca"),
        text: Text::new(
            "Nothing was changed. A time is written as 24h, 7d or 2026-11-27T09:00:00Z. Go back and choose one from the list.",
            "Tiada apa-apa diubah. Masa ditulis sebagai 24h, 7d atau 2026-11-27T09:00:00Z. Kembali dan pilih satu daripada senarai.",
        ),
    }
}
