//! The agency's Waapify token on the page after an install: whoever installed the app for a whole agency may store it there,
//! once, and correct it while Waapify has not been asked about it. Replacing it is for the agency's page inside GHL.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use tracing::{info, warn};

use crate::accounts::agency_tokens;
use crate::accounts::agency_tokens::Checked;
use crate::db::accounts::connect_links;
use crate::db::history::audit;
use crate::db::history::audit::NewEntry;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::installed::{List, find_list, view};
use crate::model::audit::{Action, ActorKind, Outcome};
use crate::model::ids::CompanyId;
use crate::model::language::{Language, Text};

/// How often tokens may be tried with a list: more than a person mistypes, and too few to guess any.
const MAX_TRIES: i32 = 10;

/// The fields of the form.
#[derive(Default, Deserialize)]
pub(in crate::http) struct Sent {
    #[serde(default)]
    access_token: String,
}

/// Stores the token, unless the agency has one that is not to be corrected here.
pub(in crate::http) async fn save(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let list = find_list(&state, &token).await?;
    let agency = list
        .agency
        .as_ref()
        .filter(|_| !list.has_token || list.is_unchecked);
    let agency = agency.ok_or_else(not_here)?;
    if !connect_links::count_list_try(&state.pool, &list.hash, MAX_TRIES).await? {
        return Err(not_here());
    }
    let Form(sent) = sent.unwrap_or_default();
    let refused = async |fault: &Text| {
        record(&state, agency, Outcome::Refused).await;
        let page = view(language, &list, Some(fault));
        Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    let Some(entered) = agency_tokens::entered(&sent.access_token) else {
        return refused(&agency_tokens::incomplete()).await;
    };
    let checked = agency_tokens::check(&state.waapify, &entered).await;
    if checked == Checked::Unknown {
        return refused(&agency_tokens::unknown()).await;
    }
    let (pool, sealer, now) = (&state.pool, &state.sealer, state.clock.now());
    let of_list = (list.hash.as_slice(), checked);
    if agency_tokens::store_of_list(pool, sealer, agency, &entered, of_list, now).await? {
        info!(%agency, ?checked, "an agency's token is set after its install");
        record(&state, agency, Outcome::Done).await;
    }
    Ok(Redirect::to(&list.path).into_response())
}

/// It was stored or refused, even where that cannot be recorded.
async fn record(state: &HttpState, agency: &CompanyId, outcome: Outcome) {
    let entry = NewEntry {
        actor_kind: ActorKind::Link,
        actor: None,
        action: Action::KeepToken,
        location: None,
        place: Some(agency.as_str()),
        count: None,
        outcome,
    };
    if let Err(error) = audit::record(&state.pool, entry, state.clock.now()).await {
        warn!(%error, "who stored a token could not be recorded");
    }
}

/// The token's part of the page; empty for who has not installed the app for a whole agency.
pub(super) fn panel(language: Language, list: &List, fault: Option<&Text>) -> Markup {
    if list.agency.is_none() {
        return html! {};
    }
    if list.has_token && !list.is_unchecked {
        return html! {
            p.note { (language.pick(
                "Your agency's Waapify token is stored: each of these pages shows its QR code at once.",
                "Token Waapify agensi anda sudah disimpan: setiap halaman ini terus menunjukkan kod QR.",
            )) }
        };
    }
    html! {
        @if list.is_unchecked {
            p.notice.warn role="status" {
                (agency_tokens::not_checked().of(language)) " "
                (language.pick("Until then you can enter it here once more.", "Sehingga itu anda boleh memasukkannya di sini sekali lagi."))
            }
        }
        form method="post" action={ (list.path) "/token" } autocomplete="off" {
            label for="access_token" { (language.pick("Waapify's access token, for all of them", "Token akses Waapify, untuk semuanya")) }
            input #access_token name="access_token" type="password" required autocomplete="new-password" spellcheck="false"
                aria-invalid=[fault.map(|_| "true")]
                aria-describedby=(if fault.is_some() { "token-error token-hint" } else { "token-hint" })
                autofocus[fault.is_some()];
            @if let Some(fault) = fault { p.error #token-error role="alert" { (fault.of(language)) } }
            p.hint #token-hint { (language.pick(
                "In Waapify: open your profile (top right) › API. Store it once, sealed, and each sub-account shows its QR code at once. You can also enter it later, for each.",
                "Dalam Waapify: buka profil anda (atas kanan) › API. Simpan sekali, dikunci, dan setiap sub-akaun terus menunjukkan kod QR. Anda juga boleh memasukkannya kemudian, satu demi satu.",
            )) }
            button.quiet type="submit" { (language.pick("Store it for the agency", "Simpan untuk agensi")) }
        }
    }
}

fn not_here() -> PageError {
    PageError {
        status: StatusCode::FORBIDDEN,
        title: Text::new("Nothing was stored", "Tiada apa-apa disimpan"),
        text: Text::new(
            "The token of an agency is stored here once, by whoever installed the app for the whole agency. To replace it, open this app in GHL's view of the agency.",
            "Token agensi disimpan di sini sekali sahaja, oleh orang yang memasang aplikasi untuk seluruh agensi. Untuk menggantikannya, buka aplikasi ini dalam paparan agensi di GHL.",
        ),
    }
}
