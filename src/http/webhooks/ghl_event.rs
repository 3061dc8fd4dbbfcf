//! `POST /hooks/app/{secret}`: GHL's events about the app. GHL signs for every app with one key, so the signature proves
//! GHL, and the address and the app id prove that the event is about this app.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use tracing::{info, warn};
use whatsapp_events::json;

use crate::clients::ghl::{DeliveryHead, GhlEvent};
use crate::db::webhooks::ghl_events;
use crate::db::webhooks::ghl_events::NewEvent;
use crate::db::webhooks::misdirected::Misdirected;
use crate::http::HttpState;
use crate::http::error::{HookError, stored};
use crate::http::webhooks::addresses::Hook;
use crate::http::webhooks::verified::Verified;

/// Stores an event once. Types other than INSTALL, UNINSTALL and `ContactDndUpdate` are only recorded: GHL sends what the app's settings
/// subscribe to, including messages, and messages for us are posted to the delivery route.
pub(in crate::http) async fn accept(
    State(state): State<HttpState>,
    secret: Option<Path<String>>,
    request: Request,
) -> Result<StatusCode, HookError> {
    let secret = secret.as_ref().map(|Path(secret)| secret.as_str());
    let body = Verified::receive(&state, Hook::App, secret, request).await?;
    let text = json::text(body.bytes());
    json::prove(&text).map_err(|_| HookError::Malformed("the body is not JSON"))?;
    if DeliveryHead::read(&text).is_delivery() {
        warn!("a delivery of a message arrived at the address of app events");
        state.misdirected(Misdirected::DeliveryAtApp).await;
        return Err(HookError::DeliveryAtApp);
    }
    store(&state, body.bytes()).await
}

async fn store(state: &HttpState, body: &[u8]) -> Result<StatusCode, HookError> {
    let event = json::parse(body).map_err(|_| HookError::Malformed("the body is not JSON"))?;
    let event = GhlEvent::read(&event).ok_or(HookError::Malformed("the body names no type"))?;
    match &event.app_id {
        Some(app) if app != state.ghl.app_id() => return Err(HookError::OtherApp),
        None if event.is_about_app() => return Err(HookError::OtherApp),
        _ => {}
    }
    if event.is_about_app() && !event.names_its_subject() {
        return Err(HookError::Malformed(
            "the body names no locationId and no companyId",
        ));
    }
    let new = NewEvent {
        webhook_id: event.webhook_id.as_deref(),
        event_type: &event.kind,
        location: event.location_id.as_ref(),
        contact: event.contact_id.as_ref(),
        body,
        concerns_us: event.is_applied(),
    };
    let now = state.clock.now();
    let is_new = stored(|| ghl_events::accept_event(&state.pool, new, now)).await?;
    info!(
        r#type = event.kind,
        redelivery = !is_new,
        "app event stored"
    );
    state.signals.ghl_events.notify_one();
    Ok(StatusCode::OK)
}
