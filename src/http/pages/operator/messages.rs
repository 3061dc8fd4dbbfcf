//! The list of a location's messages, and one message with its steps.

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use serde::Deserialize;

use crate::db::outbound::receipts::{DELIVERED, READ};
use crate::db::replays;
use crate::db::views::messages::{MessageRow, WhatsAppCopy};
use crate::db::views::row_names::RowNames;
use crate::db::views::{customers, messages, operator, queue_places, row_names};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::components::{message_state, reason, timeline};
use crate::http::pages::operator::{Operator, Place, components, labels, not_found};
use crate::model::ids::{ContactId, LocationId, MessageId};
use crate::model::language::Language;
use crate::model::reason::Remedy;
use crate::model::states::{Direction, Queue, QueueState};

/// The query of a list.
#[derive(Deserialize)]
pub(super) struct Which {
    /// The last message of the previous page.
    before: Option<i64>,
    /// Only those with this contact of GHL.
    contact: Option<String>,
    /// Only those in this queue …
    queue: Option<String>,
    /// … and this state.
    state: Option<String>,
}

impl Which {
    fn before(&self) -> MessageId {
        MessageId(self.before.unwrap_or(i64::MAX))
    }

    /// The queue in which they wait, and for what.
    fn queue(&self) -> Option<(Queue, QueueState)> {
        Queue::find(self.queue.as_deref()?).zip(QueueState::find(self.state.as_deref()?))
    }
}

/// A location's messages, newest first.
pub(super) async fn list(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Path(location): Path<String>,
    Query(which): Query<Which>,
) -> Result<Markup, PageError> {
    let location = LocationId(location.replace('\0', ""));
    let (pool, before, limit) = (&state.pool, which.before(), components::limit());
    let contact = components::entered(which.contact.as_ref());
    let queue = which.queue();
    let rows = match (contact.clone().map(ContactId), queue) {
        (Some(contact), _) => {
            customers::list_messages(pool, &location, &contact, before, limit).await?
        }
        (None, Some(queue)) => {
            queue_places::list_messages(pool, &location, queue, before, limit).await?
        }
        (None, None) => operator::list_messages(pool, &location, before, limit).await?,
    };
    let shown = &rows[..rows.len().min(components::PAGE)];
    let known = RowNames::of(pool, shown).await?;
    let places = row_names::list_places(pool, &[location.as_str()]).await?;
    let path = format!("{}/messages", components::address(&location));
    let last = shown.last().filter(|_| rows.len() > components::PAGE);
    let next = last.map(|last| {
        let before = last.id.to_string();
        let parts = [
            ("contact", contact.as_deref()),
            ("queue", queue.map(|(queue, _)| queue.as_str())),
            ("state", queue.map(|(_, state)| state.as_str())),
            ("before", Some(before.as_str())),
        ];
        components::with_query(&path, &parts)
    });
    let by = [
        (language.pick("contact", "kenalan"), contact.clone()),
        (
            language.pick("queue", "giliran"),
            queue.map(|(queue, state)| labels::queue(language, queue, state)),
        ),
    ];
    let body = html! {
        section.panel {
            (components::filtered(language, &by, &path))
            p { (language.pick("Of ", "Bagi ")) }
            (components::place(&location, places.get(&location)))
            (components::messages(language, shown, &known))
            (components::next(language, next))
        }
    };
    let title = language.pick("Messages", "Mesej");
    Ok(operator.page(language, Place::Locations, title, &body))
}

/// The query of a message's page.
#[derive(Deserialize)]
pub(super) struct Done {
    /// If set, the message was put back into its queue.
    replayed: Option<String>,
}

/// Shows one message. This is the only page with a customer's whole number.
pub(super) async fn show(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Path(id): Path<String>,
    Query(done): Query<Done>,
) -> Result<Markup, PageError> {
    let row = find(&state, &id).await?;
    let phone = operator::find_phone(&state.pool, &row).await?;
    let copies = messages::list_copies(&state.pool, &row).await?;
    let steps = messages::list_steps(&state.pool, &row).await?;
    let known = RowNames::of(&state.pool, std::slice::from_ref(&row)).await?;
    let needs_sender =
        row.direction == Direction::Outbound && row.remedy() == Some(Remedy::SendAgain);
    let has_sender = !needs_sender || replays::has_number(&state.pool, &row.location_id).await?;
    let body = html! {
        @if done.replayed.is_some() {
            p.notice.good role="status" { (language.pick("It is back in its queue.", "Ia kembali dalam giliran.")) }
        }
        div.panels {
            section.panel {
                h2 { (language.pick("What it is", "Butiran")) }
                (facts(language, &row, &known, phone.as_deref(), &copies))
                @if !has_sender {
                    p.notice.warn { (language.pick("Its sub-account has no WhatsApp number: one has to be connected first.", "Sub-akaunnya tiada nombor WhatsApp: satu nombor perlu disambungkan dahulu.")) }
                } @else if row.remedy() == Some(Remedy::SendAgain) {
                    form.actions method="post" action={ "/operator/messages/" (row.id) "/replay" } {
                        input type="hidden" name="csrf" value=(operator.csrf());
                        button type="submit" { (language.pick("Put it back into its queue", "Letak semula dalam giliran")) }
                    }
                }
            }
            section.panel {
                h2 { (language.pick("What happened", "Apa yang berlaku")) }
                (timeline(language, &steps, |step| html! {
                    (message_state(language, row.direction, step.state)) " " (components::moment(step.at))
                }))
            }
        }
    };
    let title = format!("{} {}", language.pick("Message", "Mesej"), row.id);
    Ok(operator.page(language, Place::Failures, &title, &body))
}

/// The message that an address names.
pub(super) async fn find(state: &HttpState, id: &str) -> Result<MessageRow, PageError> {
    let id: i64 = id.parse().map_err(|_| not_found())?;
    let found = messages::find_message(&state.pool, MessageId(id)).await?;
    found.ok_or_else(not_found)
}

fn facts(
    language: Language,
    row: &MessageRow,
    known: &RowNames,
    phone: Option<&str>,
    copies: &[WhatsAppCopy],
) -> Markup {
    html! {
        dl.facts {
            dt { (language.pick("Way", "Arah")) }
            dd { (components::direction(language, row.direction)) }
            dt { (language.pick("State", "Keadaan")) }
            dd { (message_state(language, row.direction, row.state)) " " @if let Some(why) = &row.reason { (reason(language, why)) } }
            dt { (language.pick("Sub-account", "Sub-akaun")) }
            dd { (components::place(&row.location_id, known.place(&row.location_id))) }
            @if let Some(number) = &row.number {
                dt { (language.pick("Business's number", "Nombor perniagaan")) }
                dd { "+" (number) }
            }
            @if phone.is_some() || known.customer(row.id).is_some() {
                dt { (language.pick("Customer", "Pelanggan")) }
                dd {
                    @if let Some(name) = known.customer(row.id) { bdi { (name) } " " }
                    @if let Some(phone) = phone { (phone) }
                }
            }
            @if let Some(id) = &row.ghl_message_id {
                dt { (language.pick("GHL's id", "ID GHL")) }
                dd.id { (id) }
            }
            @if let (Some(sent), Some(parts)) = (row.parts_sent, row.parts) {
                dt { (language.pick("Parts sent", "Bahagian dihantar")) }
                dd { (sent) " / " (parts) }
            }
            @for copy in copies {
                dt { (language.pick("WhatsApp's id", "ID WhatsApp")) }
                dd { span.id { (copy.wa_message_id) } " " (level(language, copy)) }
            }
        }
    }
}

fn level(language: Language, copy: &WhatsAppCopy) -> String {
    match &copy.refused {
        Some(code) => format!("{} ({code})", language.pick("refused", "ditolak")),
        None if copy.level >= READ => language.pick("read", "dibaca").to_owned(),
        None if copy.level >= DELIVERED => language.pick("delivered", "diterima").to_owned(),
        None => String::new(),
    }
}
