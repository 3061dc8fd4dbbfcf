//! `POST /hooks/delivery/{secret}`: a message that a business sends in GHL. Stored byte for byte, then answered; the
//! worker reads it.

use axum::Extension;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use tracing::{Instrument as _, info, warn};
use whatsapp_events::json;

use crate::clients::ghl::{DeliveryHead, NotDelivery};
use crate::db::outbound::deliveries;
use crate::db::outbound::deliveries::Delivery;
use crate::db::webhooks::misdirected::Misdirected;
use crate::http::HttpState;
use crate::http::error::{HookError, in_time, stored};
use crate::http::layers::Quiet;
use crate::http::webhooks::addresses::Hook;
use crate::http::webhooks::verified::Verified;
use crate::model::ids::{GhlMessageId, LocationId, is_id};
use crate::model::reason::Failure;
use crate::runtime::traces;

type Answer = Result<(Extension<Quiet>, StatusCode), HookError>;

/// Stores a delivery once. Accepts every body that names its location and message, whatever else it holds. A message
/// that cannot be sent becomes `failed` in GHL, where a person reads why.
pub(in crate::http) async fn accept(
    State(state): State<HttpState>,
    secret: Option<Path<String>>,
    request: Request,
) -> Answer {
    let secret = secret.as_ref().map(|Path(secret)| secret.as_str());
    let body = Verified::receive(&state, Hook::Delivery, secret, request).await?;
    let text = json::text(body.bytes());
    json::prove(&text).map_err(|_| HookError::Malformed("the body is not JSON"))?;
    let head = DeliveryHead::read(&text);
    if let Some(why) = head.what_else(&state.ghl) {
        return Ok(leave(&state, why).await);
    }
    if !is_id(&head.location) || !is_id(&head.message) {
        return Err(HookError::Malformed(
            "the body names no locationId and messageId",
        ));
    }
    store(&state, head, &body).await
}

/// Answers what GHL signed and what can never become a message of ours. GHL would repeat it for hours if it was refused.
async fn leave(state: &HttpState, why: NotDelivery) -> (Extension<Quiet>, StatusCode) {
    warn!(%why, "not a delivery for us: left alone");
    if !matches!(why, NotDelivery::OtherProvider | NotDelivery::OtherApp) {
        state.misdirected(Misdirected::EventAtDelivery).await;
    }
    (Extension(Quiet), StatusCode::OK)
}

async fn store(state: &HttpState, head: DeliveryHead, body: &Verified) -> Answer {
    let is_email = head.is_email();
    // Each contact is one conversation; a delivery without a contact is a conversation of its own.
    let contact = Some(head.contact).filter(|contact| is_id(contact));
    let conversation = contact.unwrap_or_else(|| head.message.clone());
    let delivery = Delivery {
        protects: state.protects_numbers,
        location_id: LocationId(head.location),
        ghl_message_id: GhlMessageId(head.message),
        conversation,
        sender: Some(head.sender).filter(|_| head.has_sender),
        body: body.bytes().clone(),
        accepted_at: state.clock.now(),
    };
    let (location, message) = (
        delivery.location_id.clone(),
        delivery.ghl_message_id.clone(),
    );
    let storing = in_time(state.insert_batcher.store(delivery));
    let span = traces::accept_span(location.as_str(), message.as_str());
    let stored = storing.instrument(span.clone()).await;
    if !matches!(stored, Ok(Ok(_))) {
        traces::mark_failed(&span, "not_stored");
    }
    drop(span);
    let new = stored??;
    info!(%location, ghl_message_id = %message, redelivery = !new, "delivery stored");
    if is_email {
        fail_email(state, &location, &message).await?;
    }
    state.signals.outbound.notify_one();
    Ok((Extension(Quiet), StatusCode::OK))
}

/// An e-mail fails at once: no number can send it, so that it waits for none that is on hold or still missing.
async fn fail_email(
    state: &HttpState,
    location: &LocationId,
    message: &GhlMessageId,
) -> Result<(), HookError> {
    let (why, now) = (Failure::Email.into(), state.clock.now());
    stored(|| deliveries::fail(&state.pool, location, message, &why, now)).await?;
    state.signals.status_updates.notify_one();
    Ok(())
}
