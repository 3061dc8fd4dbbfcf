//! `POST /hooks/app`: what GHL says about the app. GHL signs for every app with one key, so the signature proves GHL
//! and the app id that it means us.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use tracing::info;

use super::HttpState;
use super::error::{HookError, stored};
use super::verified::Verified;
use crate::db::app_events::{self, NewEvent};
use crate::ids::is_id;

/// What something is done about. Other types are noted: GHL sends what the app's settings subscribe to, its messages
/// among them, and those come to the delivery route if they are for us.
const APPLIED: [&str; 2] = ["INSTALL", "UNINSTALL"];

/// Stores an event once.
pub(super) async fn accept(
    State(state): State<HttpState>,
    Verified(body): Verified,
) -> Result<StatusCode, HookError> {
    let event =
        crate::json::parse(&body).map_err(|_| HookError::Malformed("the body is not JSON"))?;
    let text = |field: &str| {
        event
            .get(field)
            .and_then(Value::as_str)
            .filter(|text| is_id(text))
    };
    let event_type = text("type").ok_or(HookError::Malformed("the body names no type"))?;
    let concerns_us = APPLIED.contains(&event_type);
    match text("appId") {
        Some(app) if app != state.ghl.app_id() => return Err(HookError::OtherApp),
        None if concerns_us => return Err(HookError::OtherApp),
        _ => {}
    }
    if concerns_us && !names_its_subject(&event) {
        return Err(HookError::Malformed(
            "the body names no locationId and no companyId",
        ));
    }
    let new = NewEvent {
        webhook_id: text("webhookId"),
        event_type,
        body: &body,
        concerns_us,
    };
    let stored_now = stored(app_events::accept_event(
        &state.pool,
        new,
        state.clock.now(),
    ))
    .await?;
    info!(
        r#type = event_type,
        redelivery = !stored_now,
        "app event stored"
    );
    state.wake.app_events.notify_one();
    Ok(StatusCode::OK)
}

/// An event about a location names it; one without a location is about the whole company.
fn names_its_subject(event: &Value) -> bool {
    let is_named = |field| match event.get(field) {
        None | Some(Value::Null) => None,
        Some(value) => Some(value.as_str().is_some_and(is_id)),
    };
    is_named("locationId")
        .or(is_named("companyId"))
        .unwrap_or(false)
}
