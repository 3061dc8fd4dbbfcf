//! Numbers from GHL's install form: checked at once, connected when their locations are installed.
//!
//! The caller proves that the form is GHL's, but not that a location is its own. So the form never replaces a connected
//! number, and it is forgotten if the location is not installed within the hour. A connected number can be changed only
//! through the location's connect link or the page inside GHL.

use time::Duration;
use tracing::{info, warn};

use crate::accounts::connect::{
    By, ConnectError, Connected, Connector, Entered, credentials, digits,
};
use crate::db::accounts::pending_connections;
use crate::db::accounts::pending_connections::PendingConnection;
use crate::db::numbers::holders;
use crate::db::numbers::holders::{Asker, Holder};
use crate::model::ids::LocationId;

/// GHL sends the form during the install. An hour leaves time for people who are interrupted.
const PENDING_LIFE: Duration = Duration::hours(1);
/// Covers two calls of 25 s to Waapify, and one more if the webhook has to be set again.
const PENDING_LEASE: Duration = Duration::minutes(2);

/// The result of an install form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PendingConnectionResult {
    /// Locations that will be connected as soon as they are installed.
    pub taken: Vec<LocationId>,
    /// Locations that keep their connected number.
    pub kept: Vec<LocationId>,
}

impl Connector {
    /// Checks what an install form holds, and stores it for its locations. If it names no number, Waapify's is used.
    /// Nothing is stored if a check fails.
    pub async fn offer(
        &self,
        locations: &[LocationId],
        entered: &Entered,
    ) -> Result<PendingConnectionResult, ConnectError> {
        let credentials = credentials(entered)?;
        let wanted = match entered.number.trim() {
            "" => None,
            number => Some(digits(number)?),
        };
        let linked = self.waapify.reconnect(&credentials).await?.number;
        let number = match (wanted, linked) {
            (Some(wanted), Some(linked)) if wanted != linked => {
                return Err(ConnectError::OtherNumber { linked });
            }
            (Some(number), _) | (None, Some(number)) => number,
            (None, None) => return Err(ConnectError::Unnamed),
        };
        self.check_holders(locations, &number, &credentials.instance_id)
            .await?;
        let now = self.clock.now();
        let mut offered = PendingConnectionResult::default();
        for location in locations {
            let offer = PendingConnection {
                instance_id: credentials.instance_id.clone(),
                access_token: self.sealer.seal(
                    &place(location, &credentials.instance_id),
                    &credentials.access_token,
                ),
                number: number.clone(),
            };
            let end = now + PENDING_LIFE;
            if pending_connections::record_pending_connection(
                &self.pool, location, &offer, now, end,
            )
            .await?
            {
                offered.taken.push(location.clone());
            } else {
                offered.kept.push(location.clone());
            }
        }
        Ok(offered)
    }

    /// Refuses a number of a location that the form does not name: nobody can be asked whether that one may lose it.
    async fn check_holders(
        &self,
        locations: &[LocationId],
        number: &str,
        instance_id: &str,
    ) -> Result<(), ConnectError> {
        for location in locations {
            let held =
                holders::list_holders(&self.pool, location, number, instance_id, Asker::Stranger);
            let is_foreign = |holder: &Holder| !locations.contains(&holder.location_id);
            if held.await?.iter().any(is_foreign) {
                return Err(ConnectError::HeldElsewhere);
            }
        }
        Ok(())
    }

    /// As [`Connector::connect_pending`], unless another caller has the lease.
    pub async fn claim_and_connect_pending(
        &self,
        location: &LocationId,
    ) -> sqlx::Result<Option<Connected>> {
        let now = self.clock.now();
        if !pending_connections::claim_pending_connection(&self.pool, location, now, PENDING_LEASE)
            .await?
        {
            return Ok(None);
        }
        self.connect_pending(location).await
    }

    /// Connects the number from a location's install form, once the location is installed. None if there is none, or if
    /// it was not connected. A number that can never be connected is deleted.
    pub async fn connect_pending(&self, location: &LocationId) -> sqlx::Result<Option<Connected>> {
        let found =
            pending_connections::find_pending_connection(&self.pool, location, self.clock.now())
                .await?;
        let Some(offer) = found else {
            return Ok(None);
        };
        let opened = self
            .sealer
            .open(&place(location, &offer.instance_id), &offer.access_token);
        let Ok(access_token) = opened else {
            pending_connections::forget_pending_connection(&self.pool, location).await?;
            return Ok(None);
        };
        let entered = Entered {
            instance_id: offer.instance_id,
            access_token,
            number: offer.number,
        };
        match self
            .connect_by(location, &entered, &By::PendingConnection)
            .await
        {
            Ok(connected) => Ok(Some(connected)),
            Err(ConnectError::Database(error)) => Err(error),
            Err(error) if error.is_passing() => {
                info!(%location, "the number of the install form is not connected yet");
                Ok(None)
            }
            Err(error) => {
                // The error itself may name a number, so only its field is logged.
                let field = error.field();
                warn!(%location, ?field, "the number of the install form is not connected");
                pending_connections::forget_pending_connection(&self.pool, location).await?;
                Ok(None)
            }
        }
    }
}

fn place(location: &LocationId, instance: &str) -> String {
    format!("offers/{location}/{instance}/access")
}
