//! `/operator/search`: finds a sub-account, an agency, a number, a message or a reason by whatever a person has at hand.

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::db::accounts::installs::InstallRow;
use crate::db::connection::Pool;
use crate::db::views::customers::Customer;
use crate::db::views::failures::{Failed, ReasonCount};
use crate::db::views::messages::MessageRow;
use crate::db::views::row_names::{Place as NamedPlace, RowNames};
use crate::db::views::troubles::Held;
use crate::db::views::{agencies, customers, locations, messages, row_names, troubles};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::components::reason;
use crate::http::pages::layout::names;
use crate::http::pages::operator::{Operator, Place, components};
use crate::model::ids::{CompanyId, GhlMessageId, LocationId, MessageId};
use crate::model::language::Language;
use crate::model::reason::{TABLES, codes_of};
use crate::model::written_phone::{all_numbers, country_of};

/// Sub-accounts that are shown: who sees more than these narrows the search, or opens the list.
const SHOWN: usize = 10;
/// Shortest part of a reason's code that is looked for.
const MIN_CODE: usize = 3;

#[derive(Deserialize)]
pub(super) struct Asked {
    q: Option<String>,
}

/// What was found.
#[derive(Default)]
struct Found {
    locations: Vec<InstallRow>,
    /// An agency whose id it is.
    agency: Option<(CompanyId, Option<String>)>,
    customers: Vec<Customer>,
    message: Option<MessageRow>,
    /// Of the message, and of the customers.
    names: RowNames,
    places: HashMap<LocationId, NamedPlace>,
    /// Reasons for which messages failed.
    reasons: Vec<ReasonCount>,
    /// Numbers that send nothing for such a reason.
    held: Vec<Held>,
}

impl Found {
    /// The page of the one thing that was found; none if there are several, or nothing.
    fn only(&self) -> Option<String> {
        if self.agency.is_some() || !self.reasons.is_empty() || !self.held.is_empty() {
            return None;
        }
        match (&self.locations[..], &self.message, &self.customers[..]) {
            ([], Some(message), []) => Some(format!("/operator/messages/{}", message.id)),
            ([only], None, []) => Some(components::address(&only.location_id)),
            ([], None, [only]) => Some(messages_with(only)),
            _ => None,
        }
    }

    fn is_nothing(&self) -> bool {
        self.locations.is_empty()
            && self.agency.is_none()
            && self.customers.is_empty()
            && self.message.is_none()
            && self.reasons.is_empty()
            && self.held.is_empty()
    }
}

pub(super) async fn show(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let Some(text) = components::entered(asked.q.as_ref()) else {
        return Ok(Redirect::to("/operator").into_response());
    };
    let found = find(&state.pool, &text).await?;
    if let Some(only) = found.only() {
        return Ok(Redirect::to(&only).into_response());
    }
    let title = language.pick("What was found", "Hasil carian");
    let page = operator.page(
        language,
        Place::Overview,
        title,
        &body(language, &text, &found),
    );
    Ok(page.into_response())
}

async fn find(pool: &Pool, text: &str) -> sqlx::Result<Found> {
    let numbers = numbers_meant(pool, text).await?;
    let which = locations::Which {
        search: Some(text),
        numbers: &numbers,
        ..locations::Which::default()
    };
    let limit = i64::try_from(SHOWN + 1).unwrap_or(i64::MAX);
    let mut customers = customers::find_by_name(pool, text, limit).await?;
    customers.extend(customers::find_by_number(pool, &numbers, limit).await?);
    let held = find_held(pool, text).await?;
    let of_held = held.iter().take(SHOWN).map(|one| &one.location_id);
    let places: Vec<_> = customers
        .iter()
        .map(|one| &one.location_id)
        .chain(of_held)
        .map(LocationId::as_str)
        .collect();
    let places = row_names::list_places(pool, &places).await?;
    let message = find_message(pool, text).await?;
    Ok(Found {
        locations: locations::list_locations(pool, "", which, limit).await?,
        agency: agencies::find(pool, text).await?,
        names: RowNames::of(pool, message.as_slice()).await?,
        message,
        customers,
        places,
        reasons: find_reasons(pool, text).await?,
        held,
    })
}

async fn find_message(pool: &Pool, text: &str) -> sqlx::Result<Option<MessageRow>> {
    let by_number = match text.parse() {
        Ok(id) => messages::find_message(pool, MessageId(id)).await?,
        Err(_) => None,
    };
    match by_number {
        Some(message) => Ok(Some(message)),
        None => messages::find_by_ghl_id(pool, &GhlMessageId::from(text)).await,
    }
}

/// The numbers that a text may mean: also as people write them in the countries of the connected numbers.
pub(super) async fn numbers_meant(pool: &Pool, text: &str) -> sqlx::Result<Vec<String>> {
    if !text.contains(|c: char| c.is_numeric()) {
        return Ok(Vec::new());
    }
    let own = customers::list_own_numbers(pool).await?;
    let mut countries: Vec<_> = own.iter().filter_map(|number| country_of(number)).collect();
    countries.dedup();
    Ok(all_numbers(text, countries))
}

/// The reasons that a text may mean, with how many messages failed for each, where any did.
async fn find_reasons(pool: &Pool, text: &str) -> sqlx::Result<Vec<ReasonCount>> {
    let codes = codes_like(text);
    if codes.is_empty() {
        return Ok(Vec::new());
    }
    let failed = Failed {
        reasons: Some(codes.into_iter().flat_map(codes_of).collect()),
        ..Failed::default()
    };
    failed.scope(pool).await?.count_reasons(pool).await
}

/// The numbers that send nothing for a reason that a text may mean.
async fn find_held(pool: &Pool, text: &str) -> sqlx::Result<Vec<Held>> {
    let Some(words) = Words::of(text) else {
        return Ok(Vec::new());
    };
    let mut held = troubles::list_held(pool).await?;
    held.retain(|one| {
        let said = one.reason.texts();
        words.are_in(&[one.reason.code(), &said.english, &said.malay])
    });
    Ok(held)
}

/// The codes of reasons with each word of a text in the code, or in the sentence of either language.
fn codes_like(text: &str) -> Vec<&'static str> {
    let Some(words) = Words::of(text) else {
        return Vec::new();
    };
    let all = TABLES.into_iter().flatten();
    all.filter(|(code, english, malay)| words.are_in(&[code, english, malay]))
        .map(|(code, ..)| *code)
        .collect()
}

/// The words of a text that may be those of a reason.
struct Words(Vec<String>);

impl Words {
    fn of(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        if text.len() < MIN_CODE || !text.contains(char::is_alphabetic) {
            return None;
        }
        let words = text.split([' ', '_']).filter(|word| !word.is_empty());
        Some(Self(words.map(str::to_owned).collect()))
    }

    /// Whether one of these texts has them all.
    fn are_in(&self, texts: &[&str]) -> bool {
        let mut texts = texts.iter().map(|text| text.to_lowercase());
        texts.any(|text| self.0.iter().all(|word| text.contains(word.as_str())))
    }
}

/// The list of the messages with a customer.
fn messages_with(customer: &Customer) -> String {
    let path = format!("{}/messages", components::address(&customer.location_id));
    components::with_query(&path, &[("contact", Some(customer.contact_id.as_str()))])
}

fn body(language: Language, text: &str, found: &Found) -> Markup {
    let all = components::with_query("/operator/locations", &[("find", Some(text))]);
    html! {
        (form(language, text))
        @if found.is_nothing() { section.panel { p { (language.pick("Nothing has this name, number, id or reason.", "Tiada yang mempunyai nama, nombor, ID atau sebab ini.")) } } }
        @if let Some(message) = &found.message {
            section.panel { h2 { (language.pick("A message", "Mesej")) } (components::messages(language, std::slice::from_ref(message), &found.names)) }
        }
        @if let Some((id, name)) = &found.agency {
            section.panel {
                h2 { (language.pick("An agency", "Agensi")) }
                p { (components::agency(id, name.as_deref())) }
            }
        }
        @if !found.locations.is_empty() {
            section.panel {
                h2 { (language.pick("Sub-accounts", "Sub-akaun")) }
                ul.links { @for row in found.locations.iter().take(SHOWN) { li {
                    (components::named_location(&row.location_id, row.name.as_deref()))
                    @if let Some(number) = &row.number { " +" (number) }
                    @if let Some(agency) = &row.company_name { " · " bdi { (agency) } }
                } } }
                @if found.locations.len() > SHOWN { p { a href=(all) { (language.pick("All that were found", "Semua yang ditemui")) } } }
            }
        }
        @if !found.customers.is_empty() { (customers_panel(language, found)) }
        @if !found.held.is_empty() { (held_panel(language, found)) }
        @if !found.reasons.is_empty() { (reasons_panel(language, &found.reasons)) }
    }
}

fn customers_panel(language: Language, found: &Found) -> Markup {
    html! {
        section.panel {
            h2 { (language.pick("Customers", "Pelanggan")) }
            ul.links { @for one in found.customers.iter().take(SHOWN) { li {
                a href=(messages_with(one)) { (names::customer(one.name.as_deref(), one.chat_end.as_deref())) }
                (components::place(&one.location_id, found.places.get(&one.location_id)))
            } } }
            @if found.customers.len() > SHOWN {
                p.hint { (language.pick("There are more: enter more of the name, or the whole number.", "Ada lagi: masukkan lebih banyak daripada nama, atau nombor penuh.")) }
            }
        }
    }
}

fn held_panel(language: Language, found: &Found) -> Markup {
    let mut lists: Vec<_> = found.held.iter().map(list_of).collect();
    lists.sort_unstable();
    lists.dedup();
    html! {
        section.panel {
            h2 { (language.pick("Numbers on hold", "Nombor yang ditahan")) }
            ul.links { @for one in found.held.iter().take(SHOWN) { li {
                @if one.location_id.as_str().is_empty() { a href="/operator/numbers" { (language.pick("all numbers", "semua nombor")) } }
                @else {
                    (components::place(&one.location_id, found.places.get(&one.location_id)))
                    "+" (one.number)
                }
                p.hint { (reason(language, &one.reason)) }
            } } }
            @if found.held.len() > SHOWN { @for list in lists { p { a href=(list) { (language.pick("All that were found", "Semua yang ditemui")) } } } }
        }
    }
}

/// The list of the numbers that send nothing for the same reason.
fn list_of(held: &Held) -> String {
    let filter = if held.is_circuit { "circuit" } else { "hold" };
    components::with_query("/operator/numbers", &[(filter, Some(held.reason.code()))])
}

fn reasons_panel(language: Language, reasons: &[ReasonCount]) -> Markup {
    html! {
        section.panel {
            h2 { (language.pick("Reasons of failures", "Sebab kegagalan")) }
            ul.links { @for one in reasons { li {
                a.id href=(components::with_query("/operator/failures", &[("reason", one.code.as_deref())])) { (one.code.as_deref().unwrap_or("–")) }
                " (" (one.count) ")"
                @if let Some(why) = &one.reason { p.hint { (reason(language, why)) } }
            } } }
        }
    }
}

/// The box, which stands on the overview too.
pub(super) fn form(language: Language, text: &str) -> Markup {
    html! {
        section.panel data-key="search" {
            form method="get" action="/operator/search" role="search" {
                label for="q" { (language.pick("Find", "Cari")) }
                input #q name="q" type="search" autocomplete="off" value=(text) placeholder=(language.pick("name, number, id or reason", "nama, nombor, ID atau sebab"));
                div.actions { button.quiet.small type="submit" { (language.pick("Find", "Cari")) } }
            }
        }
    }
}
