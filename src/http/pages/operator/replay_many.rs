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
            @if !found.again.is_empty() { (form(&operator, language, &which, &until, &found)) }
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
                    "were left: they may have arrived, or their sub-account has uninstalled the app.",
                    "ditinggalkan: ia mungkin sudah sampai, atau sub-akaunnya telah menyahpasang aplikasi.",
                ))
            }
        }
    }
}

fn preview(language: Language, found: &Found) -> Markup {
    let more = |count: usize| if found.has_more && count > 0 { "+" } else { "" };
    let (count, hopeless) = (found.again.len(), found.hopeless.len());
    html! {
        ul.counts {
            li { strong { (count) (more(count)) } span { (language.pick("can be sent again", "boleh dihantar lagi")) } }
            li { strong { (hopeless) (more(hopeless)) } span { (language.pick("would only fail in the same way and are left", "akan gagal dengan cara yang sama, jadi ditinggalkan")) } }
        }
        @for (why, count) in by_reason(&found.again) {
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

fn form(
    operator: &Operator,
    language: Language,
    which: &Which,
    until: &str,
    found: &Found,
) -> Markup {
    let fields = [
        ("location", which.location.as_deref()),
        ("agency", which.agency.as_deref()),
        ("reason", which.reason.as_deref()),
        ("since", which.since.as_deref()),
        ("until", Some(until)),
    ];
    html! {
        form method="post" action=(PATH) {
            input type="hidden" name="csrf" value=(operator.csrf());
            @for (name, value) in fields { @if let Some(value) = value { input type="hidden" name=(name) value=(value); } }
            label.check {
                input type="checkbox" name="anyway" value="1";
                (language.pick(
                    "Also those that may have arrived: their customers may read them twice",
                    "Termasuk yang mungkin sudah sampai: pelanggan mungkin membacanya dua kali",
                ))
            }
            div.actions {
                button type="submit" {
                    (language.pick("Send again: ", "Hantar lagi: ")) (found.again.len())
                    @if found.has_more { (language.pick(", the oldest first", ", yang paling lama dahulu")) }
                }
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Entered {
    #[serde(default)]
    csrf: String,
    /// If set, also those that may have arrived.
    anyway: Option<String>,
    #[serde(flatten)]
    which: Which,
}

/// Sends the oldest of them again, and shows what is left.
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
    let (mut done, mut left) = (0, 0);
    for row in found.again {
        match replays::replay_found(pool, row, anyway, state.clock.now()).await? {
            Replay::Queued => done += 1,
            _ => left += 1,
        }
    }
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
