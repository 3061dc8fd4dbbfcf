//! What GHL's programs do on the page: a campaign writes, somebody switches "do not disturb".

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;

use super::refused;
use crate::simulation::Simulation;

#[derive(Deserialize)]
pub(super) struct Campaign {
    contact_id: String,
    text: String,
}

/// A campaign writes to one contact, in nobody's name.
pub(super) async fn campaign(
    State(simulation): State<Simulation>,
    Json(said): Json<Campaign>,
) -> Response {
    let ghl = &simulation.ghl;
    match ghl.program_sends(&said.contact_id, &said.text, "campaign", "") {
        Some(id) => (StatusCode::CREATED, Json(json!({ "message_id": id }))).into_response(),
        None => refused(StatusCode::NOT_FOUND, "There is no such contact."),
    }
}

#[derive(Deserialize)]
pub(super) struct Dnd {
    contact_id: String,
    on: bool,
}

/// Somebody switches "do not disturb" for SMS of a contact on or off.
pub(super) async fn dnd(
    State(simulation): State<Simulation>,
    Json(wanted): Json<Dnd>,
) -> StatusCode {
    let status = if wanted.on { "active" } else { "inactive" };
    simulation.ghl.set_dnd(&wanted.contact_id, status);
    StatusCode::NO_CONTENT
}
