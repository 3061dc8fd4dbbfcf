//! Valid tokens for locations and companies: stored sealed, renewed before they expire. A location's token is requested
//! from its company if it cannot be renewed.
//!
//! Owns every use of a stored token (`owner`), and ensures that only one renewal of each runs at a time. If GHL says
//! that the token has expired, it is renewed and the call is repeated once (`calls`); every other failed call is the
//! caller's decision (`error`). `renewal` computes when to renew; `client_credentials` records GHL's answers about the
//! app's keys.

mod calls;
mod client_credentials;
mod error;
mod owner;
mod renewal;

use std::time::Duration as StdDuration;

pub use error::TokenError;
use error::{renewal_error, stored_problem};
pub use owner::Owner;
use owner::Turns;
use secrecy::SecretString;
use time::Duration;
use tracing::{debug, info, warn};

use crate::clients::ghl;
use crate::clients::ghl::{Advice, Grant};
use crate::crypto::Sealer;
use crate::db::accounts::rate_limits::CallPriority;
use crate::db::accounts::tokens::{NewToken, TokenRow};
use crate::db::accounts::{installs, locations, token_requests, tokens};
use crate::db::connection::{Connection, Pool};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::reason::Wait;
use crate::model::retry_schedule::{LOCATION_INACTIVE, REFRESH_FAILED};
use crate::model::states::{InstallStatus, TokenProblem};
use crate::runtime::clock::Clock;

/// A token is not used any more this long before it expires, so that no call starts with one that expires on the way.
const MARGIN: Duration = Duration::minutes(5);

/// Longest time for one process's renewal, whose call is cut off at 10 s. The lease ends well within the 30 s in which
/// GHL answers a repeated refresh with the same pair (`docs/vendors/ghl.md#refresh`), so that a killed process loses no
/// token.
const REFRESH_LEASE: Duration = Duration::seconds(12);

/// How often a process polls whether another process has finished a renewal, and how many times.
const REFRESH_POLL: StdDuration = StdDuration::from_millis(200);

const REFRESH_POLLS: u32 = 100;

/// How often a dead token is tried again: its company may have installed the app meanwhile.
const REINSTALL_LOOK: Duration = Duration::hours(24);

/// Accepted lifetimes of access tokens. GHL's last a day; one that had already expired would be renewed forever.
const MIN_LIFE: Duration = Duration::minutes(1);

const MAX_LIFE: Duration = Duration::days(30);

/// The tokens of all locations and companies.
#[derive(Clone, Debug)]
pub struct Tokens {
    pool: Pool,
    ghl: ghl::Client,
    sealer: Sealer,
    clock: Clock,
    turns: Turns,
}

/// An opened token, and the version of its pair.
struct Open {
    token: SecretString,
    version: i64,
    /// GHL refused it in its location, the last time.
    is_refused: bool,
}

impl Tokens {
    /// Creates the service: tokens are stored in `pool`, sealed by `sealer`.
    #[must_use]
    pub fn new(pool: Pool, ghl: ghl::Client, sealer: Sealer, clock: Clock) -> Self {
        Self {
            pool,
            ghl,
            sealer,
            clock,
            turns: Turns::default(),
        }
    }

    /// Stores the grant of an install, in place of any other token.
    pub async fn store(
        &self,
        tx: &mut Connection,
        owner: Owner<'_>,
        grant: &Grant,
        company: Option<&CompanyId>,
    ) -> sqlx::Result<()> {
        let sealed = self.seal(owner, grant, company);
        tokens::record_token(tx, owner.kind(), owner.id(), &sealed).await
    }

    /// Requests a location's token from its company. Fails, too, if the company's token cannot be used.
    pub async fn request_location_token(
        &self,
        company: &CompanyId,
        location: &LocationId,
    ) -> Result<Grant, TokenError> {
        let ask = |ghl: ghl::Client, token| async move {
            ghl.location_token(&token, company, location).await
        };
        self.call_as(Owner::Company(company), CallPriority::Reply, ask)
            .await
    }

    /// Renews a pair early. Does nothing if another process is renewing it, or if it was renewed already. On error the
    /// pair stays in use until it expires.
    pub async fn renew_early(&self, owner: Owner<'_>) -> Result<(), TokenError> {
        let Some(row) = tokens::find_token(&self.pool, owner.kind(), owner.id()).await? else {
            return Ok(());
        };
        if self.claim(owner, &row, false).await? {
            self.refresh(owner, &row).await?;
        }
        Ok(())
    }

    /// A token that has not expired and is not of the version `ended`. Renews it, or waits for the caller that does.
    async fn valid(&self, owner: Owner<'_>, ended: Option<i64>) -> Result<Open, TokenError> {
        let row = self.find(owner).await?;
        if self.is_fresh(&row, ended) {
            return self.open(owner, &row);
        }
        // Only one caller per process tries to renew the pair, so that hundreds do not poll the database.
        let _turn = self.turns.take(owner).await;
        for _ in 0..REFRESH_POLLS {
            let now = self.find(owner).await?;
            // A token that arrived while we waited is used, however short its life is.
            if self.is_fresh(&now, ended) || now.version != row.version {
                return self.open(owner, &now);
            }
            if self.failed_lately(&now) {
                return Err(stored_problem(&now));
            }
            let has_ended = ended == Some(now.version);
            if self.claim(owner, &now, has_ended).await? {
                return match self.refresh(owner, &now).await {
                    Err(error) if self.is_alive(&now, ended) => {
                        debug!(%error, "the old token serves to its end");
                        self.open(owner, &now)
                    }
                    renewed => renewed,
                };
            }
            tokio::time::sleep(REFRESH_POLL).await;
        }
        Err(TokenError::Busy)
    }

    async fn find(&self, owner: Owner<'_>) -> Result<TokenRow, TokenError> {
        match tokens::find_token(&self.pool, owner.kind(), owner.id()).await? {
            Some(row) => Ok(row),
            None => Err(self.missing(owner).await?),
        }
    }

    fn open(&self, owner: Owner<'_>, row: &TokenRow) -> Result<Open, TokenError> {
        let place = owner.place("access");
        Ok(Open {
            token: self.sealer.open(&place, &row.access_token)?,
            version: row.version,
            is_refused: row.is_refused(),
        })
    }

    /// Whether the token has not expired, as far as we and `ended` know.
    fn is_alive(&self, row: &TokenRow, ended: Option<i64>) -> bool {
        row.expires_at > self.clock.now() && ended != Some(row.version)
    }

    /// Whether the token may be used: it lives for some time, or it has not expired and could not be renewed.
    fn is_fresh(&self, row: &TokenRow, ended: Option<i64>) -> bool {
        let lives_on = row.expires_at - MARGIN > self.clock.now();
        self.is_alive(row, ended) && (lives_on || self.failed_lately(row))
    }

    fn failed_lately(&self, row: &TokenRow) -> bool {
        row.problem.is_some() && row.refresh_at > self.clock.now()
    }

    /// Why there is no token. Requests one from the company, unless the location is known to lack the app.
    async fn missing(&self, owner: Owner<'_>) -> sqlx::Result<TokenError> {
        let Owner::Location(location) = owner else {
            return Ok(TokenError::NotInstalled);
        };
        Ok(
            match installs::find_install_status(&self.pool, location).await? {
                InstallStatus::Uninstalled => TokenError::Uninstalled,
                InstallStatus::NotInstalled => TokenError::NotInstalled,
                // Unknown or pending; any other status means that a token arrived just now.
                _ => {
                    token_requests::request_token(&self.pool, location, self.clock.now()).await?;
                    TokenError::Pending
                }
            },
        )
    }

    async fn claim(&self, owner: Owner<'_>, row: &TokenRow, ended: bool) -> sqlx::Result<bool> {
        let now = self.clock.now();
        tokens::claim_refresh(
            &self.pool,
            owner.key(),
            row.version,
            ended,
            now,
            REFRESH_LEASE,
        )
        .await
    }

    /// Replaces the pair in `row`. The new pair is committed before anyone uses it.
    async fn refresh(&self, owner: Owner<'_>, row: &TokenRow) -> Result<Open, TokenError> {
        let company = self.find_company(owner, row).await?;
        // Boxed because a location's renewal may renew its company's token.
        let renewed = Box::pin(self.renew(owner, row, company.as_ref())).await;
        match renewed {
            Ok(grant) => {
                let company = grant.company_id.as_ref().or(company.as_ref());
                let sealed = self.seal(owner, &grant, company);
                if !tokens::finish_refresh(&self.pool, owner.key(), row.version, &sealed).await? {
                    // Replaced or deleted meanwhile: the stored state counts.
                    let stored = self.find(owner).await?;
                    return self.open(owner, &stored);
                }
                info!(owner = owner.id(), "the token is renewed");
                Ok(Open {
                    token: grant.access_token,
                    version: row.version + 1,
                    is_refused: false,
                })
            }
            Err(TokenError::Database(error)) => Err(error.into()),
            Err(error) => {
                self.note_failure(owner, row, &error).await?;
                Err(error)
            }
        }
    }

    /// Keeps the pair, and records why it could not be renewed and when to try again.
    async fn note_failure(
        &self,
        owner: Owner<'_>,
        row: &TokenRow,
        error: &TokenError,
    ) -> sqlx::Result<()> {
        let detail = error.detail();
        // A failure of another kind starts its own schedule from the beginning.
        let failures = |kind| {
            if row.problem == Some(kind) {
                row.refresh_failures
            } else {
                0
            }
        };
        let jitter = rand::random();
        let (kind, pause) = match error {
            TokenError::NeedsReinstall(_) => (TokenProblem::NeedsReinstall, REINSTALL_LOOK),
            TokenError::Inactive(_) => (
                TokenProblem::Inactive,
                LOCATION_INACTIVE.endless(failures(TokenProblem::Inactive), jitter),
            ),
            other => {
                let pause = REFRESH_FAILED.endless(failures(TokenProblem::Failing), jitter);
                (
                    TokenProblem::Failing,
                    other.least_pause().unwrap_or(pause).max(pause),
                )
            }
        };
        if row.problem != Some(kind) {
            warn!(owner = owner.id(), state = ?kind, %detail, "the token cannot be renewed");
        }
        let at = self.clock.now() + pause;
        tokens::fail_refresh(&self.pool, owner.key(), row.version, (kind, &detail), at).await
    }

    /// The agency that gives a location's tokens: that of its last install, which need not be that of the stored token.
    async fn find_company(
        &self,
        owner: Owner<'_>,
        row: &TokenRow,
    ) -> sqlx::Result<Option<CompanyId>> {
        let newest = match owner {
            Owner::Location(location) => locations::find_company(&self.pool, location).await?,
            Owner::Company(_) => None,
        };
        Ok(newest.or_else(|| row.company_id.clone()))
    }

    /// A new pair: by the refresh token, or from the company if a location's refresh token is missing or dead.
    async fn renew(
        &self,
        owner: Owner<'_>,
        row: &TokenRow,
        company: Option<&CompanyId>,
    ) -> Result<Grant, TokenError> {
        let refused = match &row.refresh_token {
            Some(sealed) => {
                let refresh_token = self.sealer.open(&owner.place("refresh"), sealed)?;
                let answer = self.ghl.refresh(&refresh_token, owner.user_type()).await;
                self.record_credential_result(&answer, true).await;
                match answer {
                    Ok(grant) => return Ok(grant),
                    Err(error) if error.advice == Advice::Reinstall => error.detail,
                    Err(error) => return Err(renewal_error(error)),
                }
            }
            None => Wait::NoRefreshToken.into(),
        };
        let (Owner::Location(location), Some(company)) = (owner, company) else {
            return Err(TokenError::NeedsReinstall(refused));
        };
        match self.request_location_token(company, location).await {
            Err(TokenError::Call(error)) if error.advice == Advice::Reject => {
                Err(TokenError::NeedsReinstall(error.detail))
            }
            Err(TokenError::Call(error)) => Err(renewal_error(error)),
            // The company has no working token either.
            Err(TokenError::NotInstalled | TokenError::NeedsReinstall(_)) => {
                Err(TokenError::NeedsReinstall(refused))
            }
            minted => minted,
        }
    }

    fn seal(&self, owner: Owner<'_>, grant: &Grant, company: Option<&CompanyId>) -> NewToken {
        let seal = |part, secret| self.sealer.seal(&owner.place(part), secret);
        let life = Duration::seconds(grant.expires_in).clamp(MIN_LIFE, MAX_LIFE);
        let expires_at = self.clock.now() + life;
        NewToken {
            company_id: company.cloned(),
            access_token: seal("access", &grant.access_token),
            refresh_token: grant
                .refresh_token
                .as_ref()
                .map(|token| seal("refresh", token)),
            scope: grant.scope.clone(),
            expires_at,
            refresh_at: renewal::renewal_time(expires_at, life, rand::random()),
        }
    }
}
