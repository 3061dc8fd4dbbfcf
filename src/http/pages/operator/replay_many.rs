//! `/operator/replay`: sends again what failed for a reason, since a time, of an agency or a sub-account. Shows first what would
//! go and what would be left. Finds and replays as the command `messages replay` does.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use tracing::info;

use crate::db::replays;
use crate::db::replays::many::Found;
use crate::db::replays::{Replay, many};
use crate::db::views::messages::MessageRow;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::audited::Audited;
use crate::http::pages::layout::components::reason;
use crate::http::pages::operator::failures::Which;
use crate::http::pages::operator::{Operator, Place, foreign_form, since};
use crate::model::language::Language;

pub(super) const PATH: &str = "/operator/replay";

/// Messages that one press of the button sends again: they take a few seconds. The page then offers the next ones.
const AT_ONCE: usize = 500;

/// The query: which messages, and what the last press did.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(flatten)]
    which: Which,
    done: Option<usize>,
    left: Option<usize>,
}

/// Shows what would go.
pub(super) async fn show(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let which = asked.which.trimmed();
    let now = state.clock.now();
    let scope = which.failed(now)?.scope(&state.pool).await?;
    let found = many::find(&state.pool, &scope, AT_ONCE).await?;
    let until = which.until.clone().unwrap_or_else(|| since::written(now));
    let body = html! {
        @if let Some(done) = asked.done { (outcome(language, done, asked.left.unwrap_or_default())) }
        section.panel {
            (which.described(language))
            (preview(language, &found))
            (forms(&operator, language, &which, &until, &found))
            p { a href=(which.address(super::failures::PATH, None)) { (language.pick("See them one by one", "Lihat satu persatu")) } }
        }
    };
    let title = language.pick("Send again", "Hantar lagi");
    Ok(operator.page(language, Place::Failures, title, &body))
}

fn outcome(language: Language, done: usize, left: usize) -> Markup {
    html! {
        p.notice.good role="status" {
            (done) " " (language.pick("are back in their queues.", "kembali dalam giliran."))
            @if left > 0 {
                " " (left) " " (language.pick(
                    "were left, because something changed meanwhile: what is left now, and why, stands below.",
                    "ditinggalkan kerana ada perubahan sementara itu: apa yang tinggal sekarang, dan sebabnya, ada di bawah.",
                ))
            }
        }
    }
}

fn preview(language: Language, found: &Found) -> Markup {
    let more = |count: usize| if found.has_more && count > 0 { "+" } else { "" };
    let counts = [
        (
            found.again.len(),
            language.pick("can be sent again", "boleh dihantar lagi"),
        ),
        (
            found.unsure.len(),
            language.pick(
                "may have arrived: only with a button of their own",
                "mungkin sudah sampai: hanya dengan butangnya sendiri",
            ),
        ),
        (
            found.uninstalled.len(),
            language.pick(
                "are of sub-accounts that have uninstalled the app, and are left",
                "daripada sub-akaun yang telah menyahpasang aplikasi, jadi ditinggalkan",
            ),
        ),
        (
            found.hopeless.len(),
            language.pick(
                "would only fail in the same way and are left",
                "akan gagal dengan cara yang sama, jadi ditinggalkan",
            ),
        ),
    ];
    html! {
        ul.counts {
            @for (nth, (count, what)) in counts.into_iter().enumerate() {
                // What there is none of is left out, except what the page is about and what is left for good.
                @if count > 0 || nth == 0 || nth == 3 {
                    li { strong { (count) (more(count)) } span { (what) } }
                }
            }
        }
        (reasons(language, &found.again))
        @if !found.hopeless.is_empty() {
            h2 { (language.pick("Left, because", "Ditinggalkan, kerana")) }
            (reasons(language, &found.hopeless))
        }
    }
}

fn reasons(language: Language, rows: &[MessageRow]) -> Markup {
    html! {
        @for (why, count) in by_reason(rows) {
            p { (count) " × " @match why { Some(row) => { @if let Some(why) = &row.reason { (reason(language, why)) } } None => "–" } }
        }
    }
}

/// Of each reason an example, and how many there are.
fn by_reason(rows: &[MessageRow]) -> Vec<(Option<&MessageRow>, usize)> {
    let code = |row: &MessageRow| row.reason.as_ref().map(|reason| reason.code().to_owned());
    let mut counts = std::collections::BTreeMap::new();
    for row in rows {
        let known = counts.entry(code(row)).or_insert((Some(row), 0));
        known.1 += 1;
    }
    counts.into_values().collect()
}

/// A button for each kind that can be sent again, with exactly the number that it sends.
fn forms(
    operator: &Operator,
    language: Language,
    which: &Which,
    until: &str,
    found: &Found,
) -> Markup {
    let oldest = |count: usize| {
        let is_cut = found.has_more && count >= AT_ONCE;
        is_cut.then(|| language.pick(", the oldest first", ", yang paling lama dahulu"))
    };
    let (again, unsure) = (found.again.len(), found.unsure.len());
    html! {
        @if again > 0 {
            form method="post" action=(PATH) {
                (fields(operator, which, until, again))
                div.actions { button type="submit" {
                    (language.pick("Send again: ", "Hantar lagi: ")) (again) @if let Some(words) = oldest(again) { (words) }
                } }
            }
        }
        @if unsure > 0 {
            form method="post" action=(PATH) {
                (fields(operator, which, until, unsure))
                input type="hidden" name="anyway" value="1";
                p.hint { (language.pick(
                    "Those that may have arrived: their customers may read them twice.",
                    "Yang mungkin sudah sampai: pelanggan mungkin membacanya dua kali.",
                )) }
                div.actions { button.quiet type="submit" {
                    (language.pick("Send again, too: ", "Hantar lagi juga: ")) (unsure) @if let Some(words) = oldest(unsure) { (words) }
                } }
            }
        }
    }
}

fn fields(operator: &Operator, which: &Which, until: &str, count: usize) -> Markup {
    let fields = [
        ("location", which.location.as_deref()),
        ("agency", which.agency.as_deref()),
        ("reason", which.reason.as_deref()),
        ("since", which.since.as_deref()),
        ("until", Some(until)),
    ];
    html! {
        input type="hidden" name="csrf" value=(operator.csrf());
        input type="hidden" name="count" value=(count);
        @for (name, value) in fields { @if let Some(value) = value { input type="hidden" name=(name) value=(value); } }
    }
}

#[derive(Deserialize)]
pub(super) struct Entered {
    #[serde(default)]
    csrf: String,
    /// If set, those that may have arrived, and no others.
    anyway: Option<String>,
    /// How many the button named: what failed meanwhile waits for the next press.
    count: Option<usize>,
    #[serde(flatten)]
    which: Which,
}

/// Sends the oldest of one kind again, as many as the button named, and shows what is left.
pub(super) async fn submit(
    State(state): State<HttpState>,
    operator: Operator,
    headers: HeaderMap,
    entered: Result<Form<Entered>, FormRejection>,
) -> Result<Response, PageError> {
    let Ok(Form(entered)) = entered else {
        return Err(foreign_form());
    };
    operator.check_form(&state, &headers, &entered.csrf)?;
    let which = entered.which.trimmed();
    let (pool, anyway) = (&state.pool, entered.anyway.is_some());
    let scope = which.failed(state.clock.now())?.scope(pool).await?;
    let found = many::find(pool, &scope, AT_ONCE).await?;
    let rows = if anyway { found.unsure } else { found.again };
    let wanted = entered.count.unwrap_or(rows.len()).min(AT_ONCE);
    let mut done = 0;
    for row in rows.into_iter().take(wanted) {
        if replays::replay_found(pool, row, anyway, state.clock.now()).await? == Replay::Queued {
            done += 1;
        }
    }
    let left = wanted - usize::try_from(done).unwrap_or_default();
    info!(done, left, "replayed by the operator");
    state.signals.outbound.notify_one();
    state.signals.inbound.notify_one();
    let shown = [("done", done.to_string()), ("left", left.to_string())];
    let address = which.address(PATH, Some(("done", &shown[0].1)));
    let address = format!("{address}&left={}", shown[1].1);
    let place = which.reason.or(which.location).or(which.agency);
    let audited = Audited {
        place,
        count: Some(done),
        ..Audited::default()
    };
    Ok((audited, Redirect::to(&address)).into_response())
}
