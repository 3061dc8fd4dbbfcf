//! The agency's Waapify token: checked, set, replaced and removed, and never shown; `token_panel` is its part of the page.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tracing::info;

use crate::accounts::agency_tokens;
use crate::accounts::agency_tokens::Checked;
use crate::db::accounts::gateway_tokens;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::location::agency::list;
use crate::http::pages::location::agency::user::AgencyForm;
use crate::http::pages::location::see;
use crate::model::language::{Language, Text};

/// Sets the token, in place of the one before.
pub(super) async fn save(
    State(state): State<HttpState>,
    language: Language,
    sent: AgencyForm,
) -> Result<Response, PageError> {
    let Some(token) = agency_tokens::entered(sent.field("access_token")) else {
        return again(&state, language, &sent, &agency_tokens::incomplete()).await;
    };
    let checked = agency_tokens::check(&state.waapify, &token).await;
    if checked == Checked::Unknown {
        return again(&state, language, &sent, &agency_tokens::unknown()).await;
    }
    let (company, now) = (&sent.user.company, state.clock.now());
    agency_tokens::store(&state.pool, &state.sealer, company, &token, true, now).await?;
    info!(%company, ?checked, "an agency's token is set");
    let saved = match checked {
        Checked::NotChecked => "?saved=unchecked",
        Checked::Known | Checked::Unknown => "?saved",
    };
    Ok(see(&sent.user.address(saved)))
}

/// The page with what is wrong with the token.
async fn again(
    state: &HttpState,
    language: Language,
    sent: &AgencyForm,
    fault: &Text,
) -> Result<Response, PageError> {
    let page = list::page(state, language, &sent.user, Some(fault)).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// Destroys the token. Connected numbers have their own copies, and work on.
pub(super) async fn remove(
    State(state): State<HttpState>,
    sent: AgencyForm,
) -> Result<Response, PageError> {
    let company = &sent.user.company;
    let mut connection = state.pool.acquire().await?;
    gateway_tokens::remove(&mut connection, company).await?;
    info!(%company, "an agency's token is removed");
    Ok(see(&sent.user.address("")))
}
