//! A valid token for a location: stored at install, sealed, refreshed when it ends, minted from the company's.
//!
//! Owns: the OAuth side of an install and every use of a stored token. Refuses: deciding what a caller does about
//! a failed call; it only refreshes, once, when the call says that the token has ended.

use std::time::Duration as StdDuration;

use secrecy::SecretString;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use tracing::{info, warn};

use crate::clients::ghl::{self, Advice, CallError, Grant};
use crate::clock::Clock;
use crate::crypto::{OpenError, Sealer};
use crate::db::tokens::{NewToken, OwnerKind, TokenRow};
use crate::db::{locations, tokens};
use crate::ids::{CompanyId, LocationId};

/// A token is refreshed this long before it ends, so that no call starts with one that ends on the way.
const MARGIN: Duration = Duration::minutes(5);
/// Longest time one process may spend on a refresh; its call is cut off at 30 s.
const REFRESH_LEASE: Duration = Duration::seconds(40);
/// How often a process looks whether another one's refresh is done, and how many times.
const REFRESH_POLL: StdDuration = StdDuration::from_millis(200);
const REFRESH_POLLS: u32 = 200;
/// A person has to act first; looking more often than this only costs calls.
const REINSTALL_PAUSE: Duration = Duration::minutes(15);
/// Longest life of an access token that is believed; GHL's last a day.
const MAX_LIFE_SECONDS: i64 = 30 * 86_400;

/// The tokens of all locations.
#[derive(Clone, Debug)]
pub struct Tokens {
    pool: PgPool,
    ghl: ghl::Client,
    sealer: Sealer,
    clock: Clock,
}

/// Why there is no answer to a call.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The location has no token: it has not installed the app.
    #[error("the location has not installed the app")]
    NotInstalled,
    /// GHL will not renew the token.
    #[error("GHL does not renew the location's token, the app must be installed again: {0}")]
    NeedsReinstall(CallError),
    /// The call failed, or the refresh before it.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Another process has been refreshing for too long.
    #[error("the location's token is being refreshed elsewhere")]
    Busy,
    /// The stored token cannot be opened.
    #[error(transparent)]
    Seal(#[from] OpenError),
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl TokenError {
    /// A pause that GHL, or the state of the token, asks for before the next try.
    #[must_use]
    pub fn least_pause(&self) -> Option<Duration> {
        match self {
            Self::Call(CallError {
                advice: Advice::RetryAfter(pause),
                ..
            }) => Duration::try_from(*pause).ok(),
            Self::NeedsReinstall(_) | Self::NotInstalled => Some(REINSTALL_PAUSE),
            _ => None,
        }
    }
}

/// What an install brought.
#[derive(Debug)]
pub struct Install {
    /// Locations that now have a token.
    pub locations: Vec<LocationId>,
    /// Locations whose token GHL would not give yet.
    pub failed: Vec<LocationId>,
}

/// An opened token and which pair it is.
struct Open {
    token: SecretString,
    version: i64,
}

impl Tokens {
    /// Tokens kept in `pool`, sealed by `sealer`.
    #[must_use]
    pub fn new(pool: PgPool, ghl: ghl::Client, sealer: Sealer, clock: Clock) -> Self {
        Self {
            pool,
            ghl,
            sealer,
            clock,
        }
    }

    /// Exchanges the code of an install and stores what it brings; a Company grant is minted into tokens of its
    /// installed locations (`facts/ghl.md` section 2).
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn install(&self, code: &str) -> Result<Install, TokenError> {
        let grant = self.ghl.exchange_code(code).await?;
        // The kind is what GHL calls it, never `isBulkInstallation`.
        match (
            &grant.user_type,
            grant.location_id.clone(),
            grant.company_id.clone(),
        ) {
            (Some(kind), _, Some(company)) if kind.eq_ignore_ascii_case("company") => {
                self.install_company(&grant, &company).await
            }
            (_, Some(location), company) => {
                self.store_location(&grant, &location, company.as_ref())
                    .await?;
                Ok(Install {
                    locations: vec![location],
                    failed: Vec::new(),
                })
            }
            _ => Err(TokenError::Call(CallError {
                advice: Advice::Reject,
                detail: "GHL's grant names neither a location nor a company".to_owned(),
            })),
        }
    }

    async fn install_company(
        &self,
        grant: &Grant,
        company: &CompanyId,
    ) -> Result<Install, TokenError> {
        let sealed = self.seal(OwnerKind::Company, company.as_str(), grant, Some(company));
        let mut tx = self.pool.begin().await?;
        tokens::record_token(&mut tx, OwnerKind::Company, company.as_str(), &sealed).await?;
        tx.commit().await?;
        let mut install = Install {
            locations: Vec::new(),
            failed: Vec::new(),
        };
        for location in self
            .ghl
            .installed_locations(&grant.access_token, company)
            .await?
        {
            let minted = self
                .ghl
                .location_token(&grant.access_token, company, &location)
                .await;
            match minted {
                Ok(minted) => {
                    self.store_location(&minted, &location, Some(company))
                        .await?;
                    install.locations.push(location);
                }
                // One location that cannot be had does not stop the others.
                Err(error) => {
                    warn!(%location, %error, "no token for a location of the company");
                    install.failed.push(location);
                }
            }
        }
        Ok(install)
    }

    async fn store_location(
        &self,
        grant: &Grant,
        location: &LocationId,
        company: Option<&CompanyId>,
    ) -> Result<(), TokenError> {
        let sealed = self.seal(OwnerKind::Location, location.as_str(), grant, company);
        let mut tx = self.pool.begin().await?;
        locations::record_install(&mut tx, location, company, self.clock.now()).await?;
        tokens::record_token(&mut tx, OwnerKind::Location, location.as_str(), &sealed).await?;
        tx.commit().await?;
        info!(%location, "the location is installed");
        Ok(())
    }

    /// Calls GHL for a location with a valid token; when GHL says that it has ended, refreshes once and calls again.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn call<T, F>(
        &self,
        location: &LocationId,
        call: impl Fn(ghl::Client, SecretString) -> F,
    ) -> Result<T, TokenError>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let held = self.valid(location, None).await?;
        match call(self.ghl.clone(), held.token).await {
            Err(error) if error.advice == Advice::Reauthorize => {
                info!(%location, "GHL says that the token has ended");
                let fresh = self.valid(location, Some(held.version)).await?;
                Ok(call(self.ghl.clone(), fresh.token).await?)
            }
            answer => Ok(answer?),
        }
    }

    /// A token that has not ended and is not the pair `ended`; refreshes it, or waits for the process that does.
    async fn valid(&self, location: &LocationId, ended: Option<i64>) -> Result<Open, TokenError> {
        for _ in 0..REFRESH_POLLS {
            let row =
                tokens::find_token(&self.pool, OwnerKind::Location, location.as_str()).await?;
            let row = row.ok_or(TokenError::NotInstalled)?;
            let now = self.clock.now();
            if row.expires_at - MARGIN > now && Some(row.version) != ended {
                let place = place(OwnerKind::Location, location.as_str(), "access");
                let token = self.sealer.open(&place, &row.access_token)?;
                return Ok(Open {
                    token,
                    version: row.version,
                });
            }
            if self.claim_refresh(location, &row, now).await? {
                self.refresh(location, &row).await?;
            } else {
                tokio::time::sleep(REFRESH_POLL).await;
            }
        }
        Err(TokenError::Busy)
    }

    async fn claim_refresh(
        &self,
        location: &LocationId,
        row: &TokenRow,
        now: OffsetDateTime,
    ) -> sqlx::Result<bool> {
        let lease = now + REFRESH_LEASE;
        let (kind, owner) = (OwnerKind::Location, location.as_str());
        tokens::claim_refresh(&self.pool, kind, owner, row.version, now, lease).await
    }

    /// Replaces the pair in `row`; the new one is committed before anyone uses it.
    async fn refresh(&self, location: &LocationId, row: &TokenRow) -> Result<(), TokenError> {
        let (kind, owner) = (OwnerKind::Location, location.as_str());
        match self.renew(location, row).await {
            Ok(grant) => {
                let sealed = self.seal(kind, owner, &grant, row.company_id.as_ref());
                tokens::finish_refresh(&self.pool, kind, owner, row.version, &sealed).await?;
                info!(%location, "the token is refreshed");
                Ok(())
            }
            Err(error) => {
                tokens::release_refresh(&self.pool, kind, owner, row.version).await?;
                Err(error)
            }
        }
    }

    async fn renew(&self, location: &LocationId, row: &TokenRow) -> Result<Grant, TokenError> {
        let refused = match &row.refresh_token {
            Some(sealed) => {
                let place = place(OwnerKind::Location, location.as_str(), "refresh");
                let refresh_token = self.sealer.open(&place, sealed)?;
                match self.ghl.refresh(&refresh_token, "Location").await {
                    Ok(grant) => return Ok(grant),
                    Err(error) if error.advice == Advice::Reject => error,
                    Err(error) => return Err(error.into()),
                }
            }
            None => CallError {
                advice: Advice::Reject,
                detail: "the location's token came without a refresh token".to_owned(),
            },
        };
        match &row.company_id {
            Some(company) => self
                .mint(company, location)
                .await?
                .ok_or(TokenError::NeedsReinstall(refused)),
            None => Err(TokenError::NeedsReinstall(refused)),
        }
    }

    /// A location's token from its company's; none when we hold none that still works.
    async fn mint(
        &self,
        company: &CompanyId,
        location: &LocationId,
    ) -> Result<Option<Grant>, TokenError> {
        let row = tokens::find_token(&self.pool, OwnerKind::Company, company.as_str()).await?;
        let now = self.clock.now();
        let Some(row) = row.filter(|row| row.expires_at - MARGIN > now) else {
            return Ok(None);
        };
        let place = place(OwnerKind::Company, company.as_str(), "access");
        let token = self.sealer.open(&place, &row.access_token)?;
        match self.ghl.location_token(&token, company, location).await {
            Ok(grant) => Ok(Some(grant)),
            Err(error) if matches!(error.advice, Advice::Reject | Advice::Reauthorize) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn seal(
        &self,
        kind: OwnerKind,
        owner: &str,
        grant: &Grant,
        company: Option<&CompanyId>,
    ) -> NewToken {
        let seal = |part, secret| self.sealer.seal(&place(kind, owner, part), secret);
        NewToken {
            company_id: company.cloned(),
            access_token: seal("access", &grant.access_token),
            refresh_token: grant
                .refresh_token
                .as_ref()
                .map(|token| seal("refresh", token)),
            expires_at: self.clock.now()
                + Duration::seconds(grant.expires_in.clamp(0, MAX_LIFE_SECONDS)),
        }
    }
}

/// Where a token is kept, bound into its seal.
fn place(kind: OwnerKind, owner: &str, part: &str) -> String {
    format!("tokens/{kind:?}/{owner}/{part}")
}
