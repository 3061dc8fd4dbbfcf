//! A location's token by its agency's: which agency gets it, and when it is asked for again.

use std::slice;

use time::Duration;
use tracing::{info, warn};

use crate::accounts::installs::Installs;
use crate::accounts::tokens::{Owner, TokenError};
use crate::clients::ghl::Advice;
use crate::db::accounts::token_requests::TokenRequest;
use crate::db::accounts::{companies, installs, token_requests};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::reason::{Reason, Wait};
use crate::model::retry_schedule::{LOCATION_INACTIVE, REFRESH_FAILED, TOKEN_REQUEST_REFUSED};

/// Most companies that are asked about a location of which only the id is known. Each costs a call. With more agencies,
/// the location may have to wait for GHL's INSTALL.
const MAX_COMPANIES: i64 = 200;

/// The outcome of a request for a location's token.
#[derive(Debug)]
enum Minted {
    Done,
    /// The companies say that the app is not there, or none is known.
    Refused(Reason),
    /// The companies that were asked say that the location is another's.
    Elsewhere(Reason),
    /// It has to be tried again.
    Failed(TokenError),
}

impl Installs {
    /// Requests a location's token once, unless it has one. True if it has one now; else the next request is scheduled.
    pub async fn request_location_token(&self, job: &TokenRequest) -> sqlx::Result<bool> {
        let location = &job.location_id;
        if installs::keeps_token(&self.pool, location).await? {
            return Ok(true);
        }
        let (refusal, pause) = match self.try_mint(job).await {
            Minted::Done => return Ok(true),
            Minted::Failed(TokenError::Database(error)) => return Err(error),
            Minted::Refused(why) | Minted::Elsewhere(why) => {
                info!(%location, %why, "no token for the location");
                let failures = if job.was_refused {
                    job.token_request_failures
                } else {
                    0
                };
                (
                    Some(why),
                    TOKEN_REQUEST_REFUSED.pause(failures, rand::random()),
                )
            }
            Minted::Failed(error) => {
                warn!(%location, %error, "no token for the location yet");
                let failures = if job.was_refused {
                    0
                } else {
                    job.token_request_failures
                };
                (None, Some(pause_after(&error, failures)))
            }
        };
        let at = pause.map(|pause| self.clock.now() + pause);
        token_requests::fail_token_request(&self.pool, job, refusal.as_ref(), at).await?;
        Ok(false)
    }

    /// Asks the location's agency, and the others only if it is not known, or says that the location is not its own: it may
    /// have moved.
    async fn try_mint(&self, job: &TokenRequest) -> Minted {
        let location = &job.location_id;
        let told = match &job.company_id {
            Some(company) => {
                self.mint_from_each(slice::from_ref(company), location)
                    .await
            }
            None => Minted::Elsewhere(Wait::AgencyNotInstalled.into()),
        };
        let Minted::Elsewhere(refusal) = told else {
            return told;
        };
        let mut others = match companies::list_companies(&self.pool, MAX_COMPANIES).await {
            Ok(companies) => companies,
            Err(error) => return Minted::Failed(error.into()),
        };
        others.retain(|company| Some(company) != job.company_id.as_ref());
        if others.is_empty() {
            return Minted::Refused(refusal);
        }
        match self.mint_from_each(&others, location).await {
            Minted::Elsewhere(refusal) => Minted::Refused(refusal),
            minted => minted,
        }
    }

    async fn mint_from_each(&self, companies: &[CompanyId], location: &LocationId) -> Minted {
        let mut refusal = Reason::from(Wait::AgencyNotInstalled);
        let mut is_elsewhere = true;
        for company in companies {
            match self.mint_from(company, location).await {
                Ok(()) => return Minted::Done,
                Err(TokenError::Call(error)) if error.advice == Advice::Reject => {
                    is_elsewhere &= error.is_of_another_location();
                    refusal = error.detail;
                }
                Err(TokenError::NotInstalled) => is_elsewhere = false,
                Err(TokenError::NeedsReinstall(_)) => {
                    is_elsewhere = false;
                    refusal = Wait::AgencyNeedsReinstall.into();
                }
                // The others would very likely fail the same way.
                Err(error) => return Minted::Failed(error),
            }
        }
        if is_elsewhere {
            Minted::Elsewhere(refusal)
        } else {
            Minted::Refused(refusal)
        }
    }

    async fn mint_from(
        &self,
        company: &CompanyId,
        location: &LocationId,
    ) -> Result<(), TokenError> {
        let grant = self
            .tokens
            .request_location_token(company, location)
            .await?;
        let mut tx = self.pool.begin().await?;
        if installs::record_requested_token(&mut tx, location, company, self.clock.now()).await? {
            let owner = Owner::Location(location);
            self.tokens
                .store(&mut tx, owner, &grant, Some(company))
                .await?;
            info!(%location, "the location is installed");
        }
        Ok(tx.commit().await?)
    }
}

fn pause_after(error: &TokenError, failures: i32) -> Duration {
    let inactive = matches!(error, TokenError::Call(error) if error.advice == Advice::Inactive);
    let schedule = if inactive {
        LOCATION_INACTIVE
    } else {
        REFRESH_FAILED
    };
    let pause = schedule.endless(failures, rand::random());
    let least = error.wait().or(error.least_pause());
    least.map_or(pause, |least| pause.max(least))
}
