//! Installs and uninstalls of the app, from a browser's code, GHL's events, and lists of companies' locations.
//!
//! Leads every kind of install to working location tokens (`docs/vendors/ghl.md#grants`). Nothing is ever matched to
//! "the latest install": a grant, an event or a list names the location or company it is about. `listing` reads the lists.

mod listing;

mod token_requests;

use std::time::Duration as StdDuration;

use time::{Duration, OffsetDateTime};
use tokio::time::sleep;
use tracing::{info, warn};

use crate::accounts::tokens::{Owner, TokenError, Tokens};
use crate::clients::ghl;
use crate::clients::ghl::{Advice, CallError, Grant};
use crate::db::accounts::token_requests::TokenRequest;
use crate::db::accounts::{companies, installs, uninstalls};
use crate::db::connection::Pool;
use crate::model::ids::{CompanyId, LocationId, is_id};
use crate::model::reason::Answer;
use crate::runtime::clock::Clock;

/// Pauses before a code is exchanged again that GHL was too busy to take. Codes are good for some minutes, but the browser
/// waits.
const EXCHANGE_PAUSES: [StdDuration; 2] =
    [StdDuration::from_millis(300), StdDuration::from_secs(1)];
/// How long a browser waits for the tokens of an agency's locations. The rest is done in the background.
const BROWSER_PATIENCE: StdDuration = StdDuration::from_secs(15);
/// How long the background leaves the locations of an install to the browser's request.
const HEAD_START: Duration = Duration::seconds(20);
/// How often a company's locations are listed, to find those for which no INSTALL arrived.
const LISTING_PAUSE: Duration = Duration::hours(24);

/// Records installs and uninstalls.
#[derive(Clone, Debug)]
pub struct Installs {
    pool: Pool,
    ghl: ghl::Client,
    tokens: Tokens,
    clock: Clock,
}

/// The result of an install in a browser.
#[derive(Debug, Default)]
pub struct Installed {
    /// Locations that have a token.
    pub ready: Vec<LocationId>,
    /// Locations whose token is still being requested.
    pub waiting: Vec<LocationId>,
    /// The agency whose admin installed it for the whole agency.
    pub agency: Option<CompanyId>,
}

impl Installs {
    /// Creates the service. Tokens are stored in `tokens`.
    #[must_use]
    pub fn new(pool: Pool, ghl: ghl::Client, tokens: Tokens, clock: Clock) -> Self {
        Self {
            pool,
            ghl,
            tokens,
            clock,
        }
    }

    /// The time, as installs are dated.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// Exchanges the code of an install.
    ///
    /// # Errors
    /// [`TokenError`] when the code cannot be exchanged.
    pub async fn exchange(&self, code: &str) -> Result<Grant, TokenError> {
        let mut answer = self.ghl.exchange_code(code).await;
        for (repeated, pause) in EXCHANGE_PAUSES.into_iter().enumerate() {
            // A person waits, and the code ends soon. Without an answer it is repeated only once, because each can take as long
            // as the browser has patience for.
            let may_work = |error: &CallError| {
                matches!(error.advice, Advice::Retry | Advice::RetryAfter(_))
                    && (error.status.is_some() || repeated == 0)
            };
            if !answer.as_ref().is_err_and(may_work) {
                break;
            }
            sleep(pause).await;
            answer = self.ghl.exchange_code(code).await;
        }
        // GHL refuses a code that was used before in the same words as wrong keys.
        self.tokens.record_credential_result(&answer, false).await;
        Ok(answer?)
    }

    /// Stores the grant of an install whose code was brought at `asked_at`: an UNINSTALL that GHL dates earlier does not
    /// undo it. A Company grant is turned into tokens of its installed locations.
    ///
    /// # Errors
    /// [`TokenError`] when the grant is nobody's or cannot be stored. Calls that fail later are retried in the
    /// background.
    pub async fn install(
        &self,
        grant: &Grant,
        asked_at: OffsetDateTime,
    ) -> Result<Installed, TokenError> {
        // GHL's user type decides the kind, never `isBulkInstallation`. Without a user type, a grant that names a
        // location is that location's.
        let kind = grant.user_type.as_deref().unwrap_or_default();
        let is_company = kind.eq_ignore_ascii_case("company");
        let location = grant.location_id.clone().filter(|id| is_id(id.as_str()));
        let company = grant.company_id.clone().filter(|id| is_id(id.as_str()));
        match (location, company) {
            (Some(location), company) if !is_company => {
                self.store(&location, grant, company.as_ref(), asked_at)
                    .await?;
                Ok(Installed {
                    ready: vec![location],
                    ..Installed::default()
                })
            }
            (_, Some(company)) => self.install_company(grant, &company, asked_at).await,
            (_, None) => Err(TokenError::Call(CallError {
                advice: Advice::Reject,
                status: None,
                may_have_arrived: true,
                is_outage: false,
                is_final: false,
                detail: Answer::GrantOfNobody.into(),
            })),
        }
    }

    async fn install_company(
        &self,
        grant: &Grant,
        company: &CompanyId,
        asked_at: OffsetDateTime,
    ) -> Result<Installed, TokenError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        self.tokens
            .store(&mut tx, Owner::Company(company), grant, Some(company))
            .await?;
        // Lists the locations again soon in case this request does not finish.
        companies::schedule_listing(&mut tx, company, 0, now + HEAD_START).await?;
        companies::note_install(&mut tx, company, asked_at).await?;
        tx.commit().await?;
        info!(%company, "the agency is installed");
        let mut installed = Installed {
            agency: Some(company.clone()),
            ..Installed::default()
        };
        match self.list_locations(company).await {
            Ok(listed) => {
                let locations: Vec<_> = listed.keys().cloned().collect();
                self.keep_names(&listed).await?;
                let token_request_at = self
                    .expect_all(&locations, company, Some(asked_at), HEAD_START)
                    .await?;
                self.schedule_listing(company, 0, LISTING_PAUSE).await?;
                installed.waiting = locations;
                self.mint_while_a_browser_waits(company, token_request_at, &mut installed)
                    .await?;
            }
            Err(TokenError::Database(error)) => return Err(error.into()),
            Err(error) => warn!(%company, %error, "its locations could not be listed yet"),
        }
        Ok(installed)
    }

    async fn mint_while_a_browser_waits(
        &self,
        company: &CompanyId,
        token_request_at: OffsetDateTime,
        installed: &mut Installed,
    ) -> sqlx::Result<()> {
        let mint_all = async {
            for location in installed.waiting.clone() {
                let job = TokenRequest {
                    location_id: location.clone(),
                    company_id: Some(company.clone()),
                    token_request_failures: 0,
                    was_refused: false,
                    token_request_at,
                };
                // A location that fails does not stop the others.
                if self.request_location_token(&job).await? {
                    installed.waiting.retain(|waiting| *waiting != location);
                    installed.ready.push(location);
                }
            }
            Ok(())
        };
        let ended = tokio::time::timeout(BROWSER_PATIENCE, mint_all).await;
        ended.unwrap_or(Ok(()))
    }

    /// Records that GHL reports an install. For a location, requests its token unless it has one. For a company, lists
    /// its locations if the company's token is stored; else a browser will bring it.
    pub async fn note_install(
        &self,
        location: Option<&LocationId>,
        company: Option<&CompanyId>,
        said_at: Option<OffsetDateTime>,
    ) -> sqlx::Result<()> {
        let now = self.clock.now();
        let mut connection = self.pool.acquire().await?;
        match (location, company) {
            (Some(location), company) => {
                installs::expect_install(&mut connection, location, company, said_at, now).await
            }
            (None, Some(company)) => {
                companies::schedule_listing(&mut connection, company, 0, now).await?;
                companies::note_install(&mut connection, company, said_at.unwrap_or(now)).await
            }
            (None, None) => Ok(()),
        }
    }

    /// Records that GHL reports an uninstall, of a location or of a company with its locations. A company's locations
    /// that were installed on their own stay, and so does what was installed later than `said_at`, by GHL's report or in
    /// a browser, and a location that another agency has now.
    /// False if the company stays. On error nothing changes.
    pub async fn uninstall(
        &self,
        location: Option<&LocationId>,
        company: Option<&CompanyId>,
        said_at: Option<OffsetDateTime>,
    ) -> sqlx::Result<bool> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let gone = match (location, company) {
            (Some(location), _) => Some(vec![location.clone()]),
            (None, Some(company)) => {
                uninstalls::uninstall_company(&mut tx, company, said_at).await?
            }
            (None, None) => Some(Vec::new()),
        };
        let Some(gone) = gone else {
            info!("an uninstall that is older than the agency's install is ignored");
            return Ok(false);
        };
        for location in &gone {
            if uninstalls::uninstall_location(&mut tx, location, company, said_at, now).await? {
                info!(%location, "the app is uninstalled");
            }
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn store(
        &self,
        location: &LocationId,
        grant: &Grant,
        company: Option<&CompanyId>,
        asked_at: OffsetDateTime,
    ) -> sqlx::Result<()> {
        let mut tx = self.pool.begin().await?;
        let now = self.clock.now();
        installs::record_install(&mut tx, location, company, asked_at, now).await?;
        let owner = Owner::Location(location);
        self.tokens.store(&mut tx, owner, grant, company).await?;
        tx.commit().await?;
        info!(%location, "the location is installed");
        Ok(())
    }
}
