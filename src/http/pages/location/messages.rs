//! The location's messages: a list that can be searched (`message_search`), one message with its steps, and a retry of a failed
//! one.
//!
//! Shows no message's text, and no more of a customer's number than its last four digits; both are in GHL.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use time::OffsetDateTime;
use tracing::info;
use url::form_urlencoded;

use crate::db::replays;
use crate::db::replays::{MayHaveArrived, Replay};
use crate::db::views::messages::{MessageRow, Step};
use crate::db::views::overview::{Entry, Wanted};
use crate::db::views::{messages, overview};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::ghl_links;
use crate::http::pages::ghl_links::GhlLinks;
use crate::http::pages::layout::{Frame, components, live, names};
use crate::http::pages::location::location_user::{LocationUser, VerifiedForm, not_here};
use crate::http::pages::location::tabs::{Tab, framed, framed_as};
use crate::http::pages::location::{labels, message_search, remedies, see};
use crate::model::ids::MessageId;
use crate::model::language::Language;
use crate::model::states::MessageState;

/// The frame of a page that shows what becomes of messages.
const LIVE: Frame<'_> = Frame::with_scripts(&[live::SCRIPT]);
/// Messages on one page.
const PAGE: i64 = 50;

pub(super) async fn list(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
) -> Result<Markup, PageError> {
    let wanted = visitor.query_param("state").unwrap_or_default();
    let (name, states) = message_search::find(wanted).ok_or_else(not_here)?;
    let before = match visitor.query_param("before") {
        None => i64::MAX,
        Some(id) => id.parse().map_err(|_| not_here())?,
    };
    let (pool, location) = (&state.pool, &visitor.location);
    let customer = visitor
        .query_param("customer")
        .unwrap_or_default()
        .replace('\0', "");
    let customer = Some(customer.trim()).filter(|customer| !customer.is_empty());
    let entries = if (name, customer) == ("failed", None) {
        overview::list_failures(pool, location, before, PAGE).await?
    } else {
        let wanted = Wanted { states, customer };
        overview::list_entries(pool, location, wanted, before, PAGE).await?
    };
    let has_number = replays::has_number(pool, location).await?;
    let older = entries.last().filter(|_| is_full(&entries)).map(|last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("state", name)
            .append_pair("before", &last.id.to_string());
        query.extend_pairs(customer.map(|customer| ("customer", customer)));
        visitor.address(&format!("/messages?{}", query.finish()))
    });
    // Older ones change less, and stand where they stood.
    let is_live = visitor.query_param("before").is_none();
    let body = html! {
        section.panel #messages data-live=[is_live.then_some(live::LIST)] {
            (message_search::form(language, &visitor, name, customer.unwrap_or_default()))
            @if entries.is_empty() {
                p { (language.pick("No such message.", "Tiada mesej seperti itu.")) }
            } @else {
                (table(language, &visitor, (&entries, has_number), state.clock.now()))
            }
            @if let Some(older) = older {
                p { a href=(older) { (language.pick("Older ones", "Yang lebih lama")) } }
            }
            p.hint { (language.pick(
                "What a message says, and the customer's full number, is in GHL only. A customer, or a state other than Failed, is searched for among the newest 10,000 messages of each direction.",
                "Isi mesej dan nombor penuh pelanggan hanya ada dalam GHL. Pelanggan, atau keadaan selain Gagal, dicari dalam kalangan 10,000 mesej terbaharu bagi setiap arah.",
            )) }
        }
    };
    let title = language.pick("Messages", "Mesej");
    let tab = Some(Tab::Messages);
    Ok(framed_as(language, &visitor, tab, title, LIVE, &body))
}

fn is_full(entries: &[Entry]) -> bool {
    i64::try_from(entries.len()).is_ok_and(|count| count >= PAGE)
}

/// Messages as rows. `has_number`: whether the location has a number that messages can leave from.
pub(super) fn table(
    language: Language,
    visitor: &LocationUser,
    (entries, has_number): (&[Entry], bool),
    now: OffsetDateTime,
) -> Markup {
    let columns = [
        language.pick("When", "Bila"),
        language.pick("Customer", "Pelanggan"),
        language.pick("State", "Keadaan"),
        language.pick("Why", "Sebab"),
        language.pick("Action", "Tindakan"),
    ];
    html! {
        table.rows {
            thead { tr { @for column in columns { th scope="col" { (column) } } } }
            tbody {
                @for entry in entries {
                    tr data-key=(entry.id) {
                        td data-label=(columns[0]) {
                            a href=(visitor.address(&format!("/messages/{}", entry.id))) { (labels::ago(language, visitor, entry.accepted_at, now)) }
                            br;
                            span.note { (entry.direction.label(language)) }
                        }
                        td data-label=(columns[1]) { (names::customer(entry.customer.as_deref(), entry.chat_end.as_deref())) }
                        td data-label=(columns[2]) { (components::message_state(language, entry.direction, entry.state)) }
                        td data-label=(columns[3]) { @if let Some(why) = &entry.why { (components::reason(language, why)) } }
                        td { (remedies::cell(language, visitor, entry, has_number)) }
                    }
                }
            }
        }
    }
}

/// Shows one message with its steps.
pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
) -> Result<Markup, PageError> {
    let row = find(&state, &visitor).await?;
    let steps = messages::list_steps(&state.pool, &row).await?;
    let customer = messages::find_customer(&state.pool, &row).await?;
    let ghl = match &customer {
        Some(customer) => ghl_links::find(&state.pool, &row.location_id, customer).await?,
        None => None,
    };
    let notice = visitor
        .query_param("done")
        .and_then(|done| notice(language, done, row.state));
    let shown = Shown {
        row: &row,
        steps: &steps,
        name: customer
            .as_ref()
            .and_then(|customer| customer.name.as_deref()),
        ghl: ghl.as_ref(),
        notice,
        has_number: replays::has_number(&state.pool, &visitor.location).await?,
    };
    Ok(message_page(language, &visitor, &shown))
}

/// The message in the address, if it is the location's own.
async fn find(state: &HttpState, visitor: &LocationUser) -> Result<MessageRow, PageError> {
    let id = visitor.path_param("id").parse();
    let id = MessageId(id.map_err(|_| not_here())?);
    let found = messages::find_message_of(&state.pool, &visitor.location, id).await?;
    found.ok_or_else(not_here)
}

/// The result of a retry, by the word in the address. The address stays when the state changes.
fn notice(
    language: Language,
    done: &str,
    state: MessageState,
) -> Option<(&'static str, &'static str)> {
    Some(match done {
        "queued" if state == MessageState::Failed => (
            "notice warn",
            language.pick(
                "It was on its way again, and has failed again.",
                "Ia telah dihantar semula, dan gagal lagi.",
            ),
        ),
        "no-number" => (
            "notice warn",
            language.pick(
                "Nothing was sent: connect a WhatsApp number first.",
                "Tiada apa-apa dihantar: sambungkan nombor WhatsApp dahulu.",
            ),
        ),
        "queued" => (
            "notice good",
            language.pick(
                "It is on its way again. This page shows what becomes of it.",
                "Ia dalam perjalanan semula. Halaman ini menunjukkan perkembangannya.",
            ),
        ),
        "not-failed" => (
            "notice warn",
            language.pick(
                "It has not failed (any more), so nothing was done.",
                "Ia tidak (lagi) gagal, maka tiada apa-apa dilakukan.",
            ),
        ),
        _ => return None,
    })
}

/// What a message's page shows.
struct Shown<'a> {
    row: &'a MessageRow,
    steps: &'a [Step],
    /// What GHL calls its customer.
    name: Option<&'a str>,
    /// Its customer's pages in GHL.
    ghl: Option<&'a GhlLinks>,
    /// What was just done.
    notice: Option<(&'a str, &'a str)>,
    /// Whether there is a number that messages can leave from.
    has_number: bool,
}

fn message_page(language: Language, visitor: &LocationUser, shown: &Shown<'_>) -> Markup {
    let Shown {
        row,
        steps,
        name,
        ghl,
        notice,
        has_number,
    } = *shown;
    let is_over = matches!(
        row.state,
        MessageState::Failed | MessageState::Read | MessageState::Ignored
    );
    let title = format!("{} {}", language.pick("Message", "Mesej"), row.id);
    let body = html! {
        section.panel #message data-live=[(!is_over).then_some(live::MESSAGE)] {
            @if let Some((class, text)) = notice { p class=(class) role="status" { (text) } }
            dl.facts {
                dt { (language.pick("State", "Keadaan")) }
                dd data-say { (components::message_state(language, row.direction, row.state)) }
                dt { (language.pick("Direction", "Arah")) }
                dd { (row.direction.label(language)) }
                dt { (language.pick("Customer", "Pelanggan")) }
                dd {
                    (names::customer(name, row.chat_end.as_deref()))
                    @if let Some(ghl) = ghl { " · " (conversation_link(language, ghl)) }
                }
                @if let Some(number) = &row.number {
                    dt { (language.pick("Your number", "Nombor anda")) }
                    dd { "+" (number) }
                }
                @if let (Some(sent), Some(parts)) = (row.parts_sent, row.parts.filter(|parts| *parts > 1)) {
                    dt { (language.pick("Parts sent", "Bahagian dihantar")) }
                    dd { (sent) " / " (parts) }
                }
            }
            (remedies::part(language, visitor, row, ghl, has_number))
            h2 { (language.pick("What happened", "Apa yang berlaku")) }
            (components::timeline(language, steps, |step| html! {
                strong { (step.state.label_of(row.direction, language)) } " " (labels::exactly(visitor, step.at))
            }))
            p { a href=(visitor.address("/messages")) { (language.pick("Back to the messages", "Kembali ke mesej")) } }
        }
    };
    framed_as(language, visitor, Some(Tab::Messages), &title, LIVE, &body)
}

/// Leads to the conversation in GHL, where what was written stands; where that is not known, to its contact.
fn conversation_link(language: Language, ghl: &GhlLinks) -> Markup {
    let (address, label) = match &ghl.conversation {
        Some(address) => (
            address,
            language.pick("Open the conversation in GHL", "Buka perbualan dalam GHL"),
        ),
        None => (
            &ghl.contact,
            language.pick("Open the contact in GHL", "Buka kenalan dalam GHL"),
        ),
    };
    html! { a href=(address) target="_blank" rel="noopener" { (label) } }
}

/// Sends a failed message again. One that may have arrived needs a second yes.
pub(super) async fn retry(
    State(state): State<HttpState>,
    language: Language,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let visitor = &sent.visitor;
    let row = find(&state, visitor).await?;
    let (location, id) = (&visitor.location, row.id);
    let is_sure = sent.is_ticked("sure");
    let replay = replays::replay_own(&state.pool, location, id, is_sure, state.clock.now()).await?;
    let done = match replay {
        Replay::Queued => {
            info!(%location, message_id = %id, "a failed message goes again");
            state.signals.outbound.notify_one();
            state.signals.inbound.notify_one();
            "queued"
        }
        Replay::MayHaveArrived(how) => {
            return Ok(question(language, visitor, id, how).into_response());
        }
        Replay::NotFailed(..) => "not-failed",
        Replay::NoNumber => "no-number",
        Replay::Uninstalled | Replay::Unknown => return Err(not_here()),
    };
    Ok(see(&visitor.address(&format!("/messages/{id}?done={done}"))))
}

fn question(
    language: Language,
    visitor: &LocationUser,
    id: MessageId,
    how: MayHaveArrived,
) -> Markup {
    let (what, yes) = components::may_have_arrived(language, how);
    let body = html! {
        section.panel {
            p.notice.warn { (what) }
            .actions {
                form method="post" action=(visitor.address(&format!("/messages/{id}/retry"))) {
                    (visitor.token())
                    input type="hidden" name="sure" value="1";
                    button type="submit" { (yes) }
                }
                a href=(visitor.address(&format!("/messages/{id}"))) { (language.pick("Leave it as it is", "Biarkan sahaja")) }
            }
        }
    };
    let title = language.pick("It may have arrived", "Ia mungkin sudah sampai");
    framed(language, visitor, Some(Tab::Messages), title, &body)
}
