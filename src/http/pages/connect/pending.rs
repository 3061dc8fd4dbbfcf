//! The instance that waits with a link, for a phone or for a person's yes.

use crate::clients::waapify::Credentials;
use crate::crypto::hash_secret;
use crate::db::accounts::connect_links;
use crate::db::accounts::connect_links::{Pending, Waits};
use crate::http::pages::connect::{HttpState, Opened};

/// Stores the instance that waits for its phone, or, with its `number`, for a person's yes; its token sealed.
pub(super) async fn record_pending(
    state: &HttpState,
    opened: &Opened,
    credentials: &Credentials,
    number: Option<&str>,
) -> sqlx::Result<Waits> {
    let sealed = state
        .sealer
        .seal(&opened.place(), &credentials.access_token);
    let pending = Pending {
        instance_id: &credentials.instance_id,
        token: &sealed,
        number,
        is_entered: number.is_some(),
        scan_hash: &hash_secret(&opened.scan),
    };
    let (location, now) = (opened.location(), state.clock.now());
    connect_links::record_pending(&state.pool, &opened.hash, location, pending, now).await
}

/// The keys of the link's pending instance, if they can be opened.
pub(super) fn pending(state: &HttpState, opened: &Opened) -> Option<Credentials> {
    let sealed = opened.link.pending_token.as_ref()?;
    Some(Credentials {
        instance_id: opened.link.pending_instance.clone()?,
        access_token: state.sealer.open(&opened.place(), sealed).ok()?,
    })
}
