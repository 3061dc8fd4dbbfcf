//! A valid token for a location: stored at install, sealed, refreshed when it ends, minted from the company's.
//!
//! Owns: the OAuth side of an install and every use of a stored token. Refuses: deciding what a caller does about
//! a failed call; it only refreshes, once, when the call says that the token has ended.

use std::time::Duration as StdDuration;

use secrecy::SecretString;
use sqlx::PgPool;
use time::Duration;
use tracing::{info, warn};

use crate::clients::ghl::{self, Advice, CallError, Grant};
use crate::clock::Clock;
use crate::crypto::{OpenError, Sealer};
use crate::db::tokens::{NewToken, OwnerKind, TokenRow};
use crate::db::{locations, tokens};
use crate::ids::{CompanyId, LocationId};

/// A token is refreshed this long before it ends, so that no call starts with one that ends on the way.
const MARGIN: Duration = Duration::minutes(5);
/// Longest time one process may spend on a refresh: its call is cut off at 10 s. It ends well within the 30 s in which
/// GHL answers a repeated refresh with the same pair (`facts/ghl.md` section 2), so that a killed process loses no token.
const REFRESH_LEASE: Duration = Duration::seconds(12);
/// How often a process looks whether another one's refresh is done, and how many times.
const REFRESH_POLL: StdDuration = StdDuration::from_millis(200);
const REFRESH_POLLS: u32 = 100;
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

/// Whose token.
#[derive(Clone, Copy)]
enum Owner<'a> {
    Company(&'a CompanyId),
    Location(&'a LocationId),
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
        // The kind is what GHL calls it, never `isBulkInstallation`; without a word of GHL's, a grant that names a
        // location is that location's.
        let kind = grant.user_type.as_deref().unwrap_or_default();
        let is_company = kind.eq_ignore_ascii_case("company");
        match (grant.location_id.clone(), grant.company_id.clone()) {
            (Some(location), company) if !is_company => {
                self.store_location(&grant, &location, company.as_ref())
                    .await?;
                Ok(Install {
                    locations: vec![location],
                    failed: Vec::new(),
                })
            }
            (_, Some(company)) => self.install_company(&grant, &company).await,
            (_, None) => Err(TokenError::Call(CallError {
                advice: Advice::Reject,
                status: None,
                detail: "GHL's grant names neither a location nor a company".to_owned(),
            })),
        }
    }

    async fn install_company(
        &self,
        grant: &Grant,
        company: &CompanyId,
    ) -> Result<Install, TokenError> {
        let sealed = self.seal(Owner::Company(company), grant, Some(company));
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
        let sealed = self.seal(Owner::Location(location), grant, company);
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
        let owner = Owner::Location(location);
        let held = self.valid(owner, None).await?;
        match call(self.ghl.clone(), held.token).await {
            Err(error) if error.advice == Advice::Reauthorize => {
                info!(%location, "GHL says that the token has ended");
                let fresh = self.valid(owner, Some(held.version)).await?;
                Ok(call(self.ghl.clone(), fresh.token).await?)
            }
            answer => Ok(answer?),
        }
    }

    /// A token that has not ended and is not the pair `ended`; refreshes it, or waits for the process that does.
    async fn valid(&self, owner: Owner<'_>, ended: Option<i64>) -> Result<Open, TokenError> {
        let mut first_seen = None;
        for _ in 0..REFRESH_POLLS {
            let row = tokens::find_token(&self.pool, owner.kind(), owner.id()).await?;
            let row = row.ok_or(TokenError::NotInstalled)?;
            let (version, now) = (row.version, self.clock.now());
            // A pair that came while we waited is used however short its life is.
            let margin = if *first_seen.get_or_insert(version) == version {
                MARGIN
            } else {
                Duration::ZERO
            };
            if row.expires_at - margin > now && Some(version) != ended {
                let token = self
                    .sealer
                    .open(&owner.place("access"), &row.access_token)?;
                return Ok(Open { token, version });
            }
            let lease = now + REFRESH_LEASE;
            if tokens::claim_refresh(&self.pool, owner.kind(), owner.id(), version, now, lease)
                .await?
            {
                return self.refresh(owner, &row).await;
            }
            tokio::time::sleep(REFRESH_POLL).await;
        }
        Err(TokenError::Busy)
    }

    /// Replaces the pair in `row`; the new one is committed before anyone uses it.
    async fn refresh(&self, owner: Owner<'_>, row: &TokenRow) -> Result<Open, TokenError> {
        // Boxed, because a location's renewal may need its company's.
        let renewed = Box::pin(self.renew(owner, row)).await;
        let (kind, id) = (owner.kind(), owner.id());
        match renewed {
            Ok(grant) => {
                let sealed = self.seal(owner, &grant, row.company_id.as_ref());
                tokens::finish_refresh(&self.pool, kind, id, row.version, &sealed).await?;
                info!(owner = id, "the token is refreshed");
                Ok(Open {
                    token: grant.access_token,
                    version: row.version + 1,
                })
            }
            Err(error) => {
                tokens::release_refresh(&self.pool, kind, id, row.version).await?;
                Err(error)
            }
        }
    }

    /// A new pair: for the refresh token, or, where a location's is missing or dead, from its company.
    async fn renew(&self, owner: Owner<'_>, row: &TokenRow) -> Result<Grant, TokenError> {
        let refused = match &row.refresh_token {
            Some(sealed) => {
                let refresh_token = self.sealer.open(&owner.place("refresh"), sealed)?;
                match self.ghl.refresh(&refresh_token, owner.user_type()).await {
                    Ok(grant) => return Ok(grant),
                    Err(error) if error.advice == Advice::Reject => error,
                    Err(error) => return Err(error.into()),
                }
            }
            None => CallError {
                advice: Advice::Reject,
                status: None,
                detail: "the token came without a refresh token".to_owned(),
            },
        };
        match (owner, &row.company_id) {
            (Owner::Location(location), Some(company)) => {
                self.mint(company, location, refused).await
            }
            _ => Err(TokenError::NeedsReinstall(refused)),
        }
    }

    /// A location's token from its company's; `refused` is what stands when the company has none that works either.
    async fn mint(
        &self,
        company: &CompanyId,
        location: &LocationId,
        refused: CallError,
    ) -> Result<Grant, TokenError> {
        let held = match self.valid(Owner::Company(company), None).await {
            Ok(held) => held,
            Err(TokenError::NotInstalled | TokenError::NeedsReinstall(_)) => {
                return Err(TokenError::NeedsReinstall(refused));
            }
            Err(error) => return Err(error),
        };
        match self
            .ghl
            .location_token(&held.token, company, location)
            .await
        {
            Ok(grant) => Ok(grant),
            Err(error) if matches!(error.advice, Advice::Reject | Advice::Reauthorize) => {
                Err(TokenError::NeedsReinstall(error))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn seal(&self, owner: Owner<'_>, grant: &Grant, company: Option<&CompanyId>) -> NewToken {
        let seal = |part, secret| self.sealer.seal(&owner.place(part), secret);
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

impl Owner<'_> {
    const fn kind(self) -> OwnerKind {
        match self {
            Self::Company(_) => OwnerKind::Company,
            Self::Location(_) => OwnerKind::Location,
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Company(company) => company.as_str(),
            Self::Location(location) => location.as_str(),
        }
    }

    /// GHL's `user_type` of a refresh.
    const fn user_type(self) -> &'static str {
        match self {
            Self::Company(_) => "Company",
            Self::Location(_) => "Location",
        }
    }

    /// Where a part of the pair is kept, bound into its seal.
    fn place(&self, part: &str) -> String {
        format!("tokens/{}/{}/{part}", self.user_type(), self.id())
    }
}
