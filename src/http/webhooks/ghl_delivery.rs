//! `POST /hooks/delivery`: a message that a business sends in GHL. Stored byte for byte, then answered; the worker
//! reads it.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use tracing::info;

use crate::db::outbound::deliveries::Delivery;
use crate::http::HttpState;
use crate::http::error::{HookError, in_time};
use crate::http::layers::Quiet;
use crate::http::webhooks::verified::Verified;
use crate::model::ids::{GhlMessageId, LocationId, is_id};

/// Stores a delivery once. Accepts every body that names its location and message, whatever else it holds. A message
/// that cannot be sent becomes `failed` in GHL, where a person reads why.
pub(in crate::http) async fn accept(
    State(state): State<HttpState>,
    Verified(body): Verified,
) -> Result<(Extension<Quiet>, StatusCode), HookError> {
    let delivery = whatsapp_events::json::parse(&body)
        .map_err(|_| HookError::Malformed("the body is not JSON"))?;
    let text = |field: &str| {
        delivery
            .get(field)
            .and_then(whatsapp_events::json::scalar_text)
            .unwrap_or_default()
    };
    let (location, message) = (text("locationId"), text("messageId"));
    if !is_id(&location) || !is_id(&message) {
        return Err(HookError::Malformed(
            "the body names no locationId and messageId",
        ));
    }
    // Each contact is one conversation; a delivery without a contact is a conversation of its own.
    let contact = Some(text("contactId")).filter(|contact| is_id(contact));
    let conversation = contact.unwrap_or_else(|| message.clone()).into_owned();
    let delivery = Delivery {
        location_id: LocationId(location.into_owned()),
        ghl_message_id: GhlMessageId(message.into_owned()),
        conversation,
        has_sender: !text("userId").is_empty(),
        body,
        accepted_at: state.clock.now(),
    };
    let (location, message) = (
        delivery.location_id.clone(),
        delivery.ghl_message_id.clone(),
    );
    let new = in_time(state.insert_batcher.store(delivery)).await??;
    info!(%location, ghl_message_id = %message, redelivery = !new, "delivery stored");
    state.signals.outbound.notify_one();
    Ok((Extension(Quiet), StatusCode::OK))
}
