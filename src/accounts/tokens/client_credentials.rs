//! Records what GHL's answers say about the marketplace app's own keys.

use tracing::warn;

use crate::accounts::tokens::Tokens;
use crate::clients::ghl::{Advice, CallError, Grant};
use crate::db::accounts::client_credentials;

impl Tokens {
    /// Records what an answer says about the app's own keys; a failure to store it is only logged. `is_certain` as in
    /// [`client_credentials::record_refusal`].
    pub async fn record_credential_result(
        &self,
        answer: &Result<Grant, CallError>,
        is_certain: bool,
    ) {
        let (keys, now) = (self.ghl.keys_hash(), self.clock.now());
        let noted = match answer {
            Ok(_) => client_credentials::record_acceptance(&self.pool, &keys, now).await,
            Err(error) if error.advice == Advice::Reject && error.status.is_some() => {
                client_credentials::record_refusal(
                    &self.pool,
                    &keys,
                    &error.detail,
                    is_certain,
                    now,
                )
                .await
            }
            Err(_) => return,
        };
        if let Err(error) = noted {
            warn!(%error, "GHL's word about the app's keys could not be kept");
        }
    }
}
