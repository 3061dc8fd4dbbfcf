//! A webhook body whose address and signature were checked. A value of this type is the proof.
//!
//! The address comes first: who does not know it has nothing read of him.

use axum::body::Bytes;
use axum::extract::Request;
use tracing::warn;

use crate::crypto::{Signature, SignatureError};
use crate::db::webhooks::misdirected::Misdirected;
use crate::http::HttpState;
use crate::http::error::HookError;
use crate::http::webhooks::addresses::Hook;
use crate::http::webhooks::body::{BodyBudget, Held};

/// The raw bytes that GHL signed.
pub(in crate::http) struct Verified(Held);

impl Verified {
    /// Checks the address's last part (none at the plain address), then the signature, over the bytes as they came.
    pub(in crate::http) async fn receive(
        state: &HttpState,
        hook: Hook,
        secret: Option<&str>,
        request: Request,
    ) -> Result<Self, HookError> {
        let budget = budget_of(state, hook, secret).await?;
        let (parts, body) = request.into_parts();
        budget.admit(&body)?;
        // A header that is not text counts as present and wrong.
        let text = |name: &str| Some(parts.headers.get(name)?.to_str().unwrap_or("unreadable"));
        let signature = Signature::find(text)?;
        let held = budget.read(body).await?;
        let fits = state.signature_batcher.fits(signature, held.bytes.clone());
        if fits.await? {
            Ok(Self(held))
        } else {
            Err(SignatureError::Wrong.into())
        }
    }

    /// The bytes.
    pub(in crate::http) fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }
}

/// The budget for bodies at an address, if it is open.
async fn budget_of<'a>(
    state: &'a HttpState,
    hook: Hook,
    secret: Option<&str>,
) -> Result<&'a BodyBudget, HookError> {
    let budgets = &state.body_budgets;
    match secret {
        Some(secret) => state.hook_secrets.check(hook, secret)?,
        None if state.ghl.accept_plain_hooks => return Ok(&budgets.plain),
        None => {
            state.misdirected(Misdirected::PlainAddress).await;
            warn!(?hook, "a post to a plain address is refused");
            return Err(HookError::PlainAddress);
        }
    }
    Ok(match hook {
        Hook::Delivery => &budgets.delivery,
        Hook::App => &budgets.app,
        Hook::ExternalAuth => &budgets.external_auth,
    })
}
