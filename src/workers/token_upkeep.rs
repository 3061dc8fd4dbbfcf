//! Keeps installs working without a person: renews tokens before they expire and requests missing ones, lists agencies'
//! locations, connects numbers of install forms, and disconnects numbers from Waapify after an uninstall.
//!
//! Decides when this is due. How it is done is in [`crate::accounts::installs`], [`crate::accounts::tokens`] and
//! [`crate::accounts::connect`].

use std::sync::Arc;

use time::Duration;
use tracing::{debug, info, warn};

use crate::accounts::connect;
use crate::accounts::connect::ConnectError;
use crate::accounts::tokens::{Owner, TokenError};
use crate::clients::waapify::CheckError;
use crate::db::accounts::token_requests::TokenRequest;
use crate::db::accounts::uninstalls::DisconnectJob;
use crate::db::accounts::{
    companies, connect_links, pending_connections, token_requests, tokens, uninstalls,
};
use crate::db::numbers::NumberRow;
use crate::db::queue::Capacity;
use crate::model::ids::{CompanyId, LocationId};
use crate::model::retry_schedule::DISCONNECT;
use crate::model::states::OwnerKind;
use crate::runtime::notify::Signal;
use crate::workers::{Context, Worker};

/// A renewal may wait for that of its company, and a listing has many pages. A killed process's work is claimed after
/// this time.
const LEASE: Duration = Duration::minutes(2);

/// The worker.
#[derive(Clone, Debug)]
pub struct TokenUpkeep(pub Arc<Context>);

/// What is due.
#[derive(Clone, Debug)]
pub enum Job {
    /// A pair is to be renewed.
    Renew(OwnerKind, String),
    /// A location's token is to be requested from its company.
    TokenRequest(TokenRequest),
    /// A company's locations are to be listed; with the number of failed tries.
    List(CompanyId, i32),
    /// Waapify is to stop posting events of a number.
    Disconnect(DisconnectJob),
    /// The number of the install form is to be connected, because its location is installed.
    TakeUp(LocationId),
}

impl Worker for TokenUpkeep {
    type Job = Job;
    const NAME: &'static str = "upkeep";
    /// GHL limits calls per location, not in total. A few jobs at once set up hundreds of new locations in a minute.
    const CONCURRENCY: usize = 8;

    fn signal(&self) -> &Signal {
        &self.0.signals.token_upkeep
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<Job>> {
        let limit = capacity.into().limit;
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        // New locations first, because people wait for them, but only half of the jobs: each may have to ask many
        // agencies.
        let hands = i64::try_from(Self::CONCURRENCY / 2).unwrap_or(limit);
        let token_requests =
            token_requests::claim_token_requests(pool, now, LEASE, limit.min(hands)).await?;
        let mut jobs: Vec<_> = token_requests.into_iter().map(Job::TokenRequest).collect();
        let left = |jobs: &[Job]| limit - i64::try_from(jobs.len()).unwrap_or(limit);
        let renewals = tokens::claim_due(pool, now, LEASE, left(&jobs)).await?;
        jobs.extend(renewals.into_iter().map(|(kind, id)| Job::Renew(kind, id)));
        let listings = companies::claim_listings(pool, now, LEASE, left(&jobs)).await?;
        jobs.extend(
            listings
                .into_iter()
                .map(|(company, failures)| Job::List(company, failures)),
        );
        let disconnects = uninstalls::claim_disconnects(pool, now, LEASE, left(&jobs)).await?;
        jobs.extend(disconnects.into_iter().map(Job::Disconnect));
        connect_links::forget_expired(pool, now).await?;
        let offers =
            pending_connections::claim_pending_connections(pool, now, LEASE, left(&jobs)).await?;
        jobs.extend(offers.into_iter().map(Job::TakeUp));
        Ok(jobs)
    }

    async fn process(&self, job: Job) -> sqlx::Result<()> {
        match job {
            Job::Renew(OwnerKind::Company, id) => self.renew(Owner::Company(&CompanyId(id))).await,
            Job::Renew(OwnerKind::Location, id) => {
                self.renew(Owner::Location(&LocationId(id))).await
            }
            Job::TokenRequest(job) => {
                if self.0.installs.request_location_token(&job).await? {
                    self.0.signals.inbound.notify_one();
                    self.0.signals.status_updates.notify_one();
                }
                Ok(())
            }
            Job::List(company, failures) => {
                let installs = &self.0.installs;
                installs.look_for_new_locations(&company, failures).await?;
                self.0.signals.token_upkeep.notify_one();
                Ok(())
            }
            Job::Disconnect(job) => self.disconnect(&job).await,
            Job::TakeUp(location) => self.0.connector.connect_pending(&location).await.map(drop),
        }
    }

    /// Only token requests, because messages wait for them. A renewal that was cut off is claimed again when the lease
    /// of its pair ends after seconds. The other jobs are not urgent and have no fence, so they keep their two minutes.
    async fn release(&self, jobs: &[Job]) -> sqlx::Result<()> {
        let token_requests = jobs.iter().filter_map(|job| match job {
            Job::TokenRequest(job) => Some(job),
            Job::Renew(..) | Job::List(..) | Job::Disconnect(_) | Job::TakeUp(_) => None,
        });
        let token_requests: Vec<_> = token_requests.collect();
        token_requests::release_token_requests(&self.0.pool, &token_requests, self.0.clock.now())
            .await
    }
}

impl TokenUpkeep {
    async fn renew(&self, owner: Owner<'_>) -> sqlx::Result<()> {
        match self.0.tokens.renew_early(owner).await {
            Err(TokenError::Database(error)) => Err(error),
            // The failure, and when to try again, are stored with the token.
            Err(error) => {
                debug!(?owner, %error, "not renewed");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Stops Waapify's events, then destroys the keys.
    async fn disconnect(&self, job: &DisconnectJob) -> sqlx::Result<()> {
        let location = &job.location_id;
        match self.tell(job).await {
            Ok(()) => info!(%location, "Waapify knows of the uninstall"),
            Err(ConnectError::Database(error)) => return Err(error),
            Err(error @ ConnectError::Webhook(CheckError::Unreachable(_))) => {
                let pause = DISCONNECT.pause(job.disconnect_failures, rand::random());
                if let Some(pause) = pause {
                    info!(%location, %error, "Waapify does not know yet");
                    let at = self.0.clock.now() + pause;
                    return uninstalls::retry_disconnect(&self.0.pool, job, at).await;
                }
                warn!(%location, %error, "Waapify was not told; what it posts is refused");
            }
            Err(error) => {
                warn!(%location, %error, "Waapify was not told; what it posts is refused");
            }
        }
        uninstalls::finish_disconnect(&self.0.pool, job).await
    }

    /// Waapify has one webhook for each instance: if the instance is connected again, here or at another location, the
    /// webhook stays on.
    async fn tell(&self, job: &DisconnectJob) -> Result<(), ConnectError> {
        let number = NumberRow {
            number: job.number.clone(),
            instance_id: job.instance_id.clone(),
            access_token: job.access_token.clone(),
        };
        let opened = connect::open_credentials(&self.0.sealer, &job.location_id, &number);
        self.0.connector.settle_webhook(&opened?).await
    }
}
