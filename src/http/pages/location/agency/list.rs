//! The agency's sub-accounts with their states, and the way to each.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use url::form_urlencoded;

use crate::accounts::agency_tokens;
use crate::db::accounts::gateway_tokens;
use crate::db::views::agency;
use crate::db::views::agency::SubAccount;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout;
use crate::http::pages::layout::{Frame, components};
use crate::http::pages::location::agency::token_panel;
use crate::http::pages::location::agency::user::AgencyUser;
use crate::http::pages::location::location_user::FIRST;
use crate::http::pages::location::see;
use crate::model::language::{Language, Text};
use crate::model::states::InstallStatus;
use crate::model::written_phone::grouped;
use crate::model::zone::Zone;

/// Sub-accounts on a page.
const SIZE: usize = 100;
/// Longest search that is made, in characters: no name is longer.
const MAX_SEARCH: usize = 200;

/// Shows the page.
pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    user: AgencyUser,
) -> Result<Response, PageError> {
    // The cookie arrived. The address that the browser keeps and reloads does not check it again.
    if user.query_param(FIRST).is_some() {
        return Ok(see(&user.address("")));
    }
    Ok(page(&state, language, &user, None).await?.into_response())
}

/// The page; `fault` is of the token's form.
pub(super) async fn page(
    state: &HttpState,
    language: Language,
    user: &AgencyUser,
    fault: Option<&Text>,
) -> Result<Markup, PageError> {
    let (pool, company) = (&state.pool, &user.company);
    let text = |name| {
        let text = user.query_param(name).unwrap_or_default();
        // Postgres takes no NUL.
        let text: String = text
            .chars()
            .filter(|c| *c != '\0')
            .take(MAX_SEARCH * 2)
            .collect();
        text
    };
    let (search, after) = (text("q").trim().to_owned(), text("after"));
    let wanted = (!search.is_empty()).then_some(search.as_str());
    let limit = i64::try_from(SIZE + 1).unwrap_or(i64::MAX);
    let mut rows = agency::list(pool, company, wanted, &after, limit).await?;
    let more = rows.len() > SIZE;
    rows.truncate(SIZE);
    let set_at = gateway_tokens::find_set_at(pool, company).await?;
    let name = agency::find_name(pool, company).await?;
    let body = html! {
        @match user.query_param("saved") {
            Some("unchecked") => p.notice.warn role="status" { (agency_tokens::not_checked().of(language)) },
            Some(_) => p.notice.good role="status" { (language.pick("The token is stored. Waapify has taken it.", "Token sudah disimpan. Waapify telah menerimanya.")) },
            None => {},
        }
        @if !user.may_change() {
            p.note { (language.pick(
                "You can look at everything here. An admin of the agency can change it.",
                "Anda boleh melihat semuanya di sini. Admin agensi boleh mengubahnya.",
            )) }
        }
        // Without it nothing else goes quickly.
        @let panel = token_panel::panel(language, user, set_at, state.clock.now(), fault);
        @if set_at.is_none() { (panel) }
        section.panel data-list {
            h2 { (language.pick("Sub-accounts with this app", "Sub-akaun dengan aplikasi ini")) }
            (search_form(language, user, &search))
            @if rows.is_empty() { (none(language, wanted.is_some() || !after.is_empty())) }
            @else { (table(language, user, &rows)) }
            @if let (true, Some(last)) = (more, rows.last()) { (next(language, user, &search, &last.key)) }
        }
        @if set_at.is_some() { (panel) }
        @if let (true, Some(first)) = (user.may_change(), rows.first()) { (alerts(language, user, first)) }
    };
    let title = language.pick("WhatsApp in your agency", "WhatsApp dalam agensi anda");
    let zone = Zone::utc();
    let frame = Frame {
        scripts: &["/assets/connect.js"],
        is_wide: true,
        whose: Some(name.as_deref().unwrap_or(company.as_str())),
        id: name.as_ref().map(|_| company.as_str()),
        zone: set_at.map(|_| &zone),
        ..Frame::default()
    };
    Ok(layout::framed(language, title, frame, &body))
}

fn search_form(language: Language, user: &AgencyUser, search: &str) -> Markup {
    html! {
        form.search method="get" action=(user.address("")) role="search" {
            label for="q" { (language.pick("Name, number or id", "Nama, nombor atau ID")) }
            input #q name="q" type="search" value=(search) maxlength=(MAX_SEARCH);
            button.quiet type="submit" { (language.pick("Search", "Cari")) }
        }
    }
}

fn none(language: Language, is_cut: bool) -> Markup {
    html! {
        p { @if is_cut {
            (language.pick("Nothing is found.", "Tiada yang dijumpai."))
        } @else {
            (language.pick(
                "No sub-account of your agency has the app yet. In GHL, open the agency's app list, choose this app, and install it in the sub-accounts that should use WhatsApp.",
                "Belum ada sub-akaun agensi anda yang mempunyai aplikasi ini. Dalam GHL, buka senarai aplikasi agensi, pilih aplikasi ini, dan pasang dalam sub-akaun yang akan menggunakan WhatsApp.",
            ))
        } }
    }
}

fn table(language: Language, user: &AgencyUser, rows: &[SubAccount]) -> Markup {
    let (who, number, state) = (
        language.pick("Sub-account", "Sub-akaun"),
        language.pick("Number", "Nombor"),
        language.pick("State", "Keadaan"),
    );
    html! {
        table.rows {
            thead { tr {
                th scope="col" { (who) }
                th scope="col" { (number) }
                th scope="col" { (state) }
                @if user.may_change() { th scope="col" { (language.pick("Go to", "Pergi ke")) } }
            } }
            tbody { @for row in rows { tr {
                td data-label=(who) {
                    span {
                        @if let Some(name) = &row.name { bdi { (name) } br; }
                        span.id { (row.location_id) }
                    }
                }
                td data-label=(number) { @if let Some(number) = row.number.as_ref().filter(|_| row.is_connected) { span.nowrap { (grouped(number)) } } }
                td data-label=(state) { (state_pill(language, row)) }
                @if user.may_change() { td data-label=(language.pick("Go to", "Pergi ke")) { (ways(language, user, row)) } }
            } } }
        }
    }
}

/// The one thing to know about a sub-account.
fn state_pill(language: Language, row: &SubAccount) -> Markup {
    match row.install_status {
        InstallStatus::Installed if row.is_troubled() && row.is_connected => html! {
            span.pill.bad { (language.pick("Needs your attention", "Memerlukan perhatian")) }
        },
        InstallStatus::Installed => components::progress(language, row.progress()),
        status => html! { span.pill.long.warn { (status.label(language)) } },
    }
}

/// The page of a sub-account; without a number, the form that connects one.
fn ways(language: Language, user: &AgencyUser, row: &SubAccount) -> Markup {
    let name = row.name.as_deref().unwrap_or(row.location_id.as_str());
    let way = |rest: &str, is_first: bool, label: &str| {
        html! {
            form method="post" action=(user.address(rest)) {
                (user.token())
                input type="hidden" name="location" value=(row.location_id);
                button.small.quiet[!is_first] type="submit" aria-label={ (label) ": " (name) } { (label) }
            }
        }
    };
    html! {
        div.actions.row-actions {
            @if !row.is_connected { (way("/connect", true, language.pick("Connect a number", "Sambungkan nombor"))) }
            (way("/open", false, language.pick("Open", "Buka")))
        }
    }
}

fn next(language: Language, user: &AgencyUser, search: &str, key: &str) -> Markup {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("q", search)
        .append_pair("after", key)
        .finish();
    html! {
        p { a href=(user.address(&format!("?{query}"))) rel="next" { (language.pick("Further sub-accounts", "Sub-akaun seterusnya")) } }
    }
}

/// The agency's alerts are set on the page of any of its sub-accounts.
fn alerts(language: Language, user: &AgencyUser, first: &SubAccount) -> Markup {
    html! {
        section.panel {
            h2 { (language.pick("Alerts", "Makluman")) }
            p { (language.pick(
                "Be told of incidents of all these sub-accounts, by a webhook or by mail.",
                "Terima makluman masalah semua sub-akaun ini, melalui webhook atau e-mel.",
            )) }
            form method="post" action=(user.address("/open")) {
                (user.token())
                input type="hidden" name="location" value=(first.location_id);
                button.quiet type="submit" name="to" value="alerts" { (language.pick("Set the alerts", "Tetapkan makluman")) }
            }
        }
    }
}
