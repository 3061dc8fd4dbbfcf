//! The agency's Waapify token: set, replaced and removed, and never shown; `token_panel` is its part of the page.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tracing::info;

use crate::accounts::agency_tokens;
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
    let company = &sent.user.company;
    let Some(token) = agency_tokens::entered(sent.field("access_token")) else {
        let fault = Text::new(
            "The access token is empty or not complete: copy it from Waapify.",
            "Token akses kosong atau tidak lengkap: salin semula dari Waapify.",
        );
        let page = list::page(&state, language, &sent.user, Some(&fault)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let now = state.clock.now();
    agency_tokens::store(&state.pool, &state.sealer, company, &token, true, now).await?;
    info!(%company, "an agency's token is set");
    Ok(see(&sent.user.address("?saved")))
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
