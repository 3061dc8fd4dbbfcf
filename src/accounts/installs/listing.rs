//! The list of a company's locations: it finds those for which no INSTALL arrived, and their names.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};
use tracing::warn;

use crate::accounts::installs::{Installs, LISTING_PAUSE};
use crate::accounts::tokens::{Owner, TokenError};
use crate::clients::ghl;
use crate::db::accounts::rate_limits::CallPriority;
use crate::db::accounts::{account_names, companies, installs};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::retry_schedule::REFRESH_FAILED;

impl Installs {
    pub(super) async fn list_locations(
        &self,
        company: &CompanyId,
    ) -> Result<BTreeMap<LocationId, Option<String>>, TokenError> {
        let list =
            |ghl: ghl::Client, token| async move { ghl.installed_locations(&token, company).await };
        self.tokens
            .call_as(Owner::Company(company), CallPriority::Reply, list)
            .await
    }

    pub(super) async fn expect_all(
        &self,
        locations: &[LocationId],
        company: &CompanyId,
        said_at: Option<OffsetDateTime>,
        pause: Duration,
    ) -> sqlx::Result<OffsetDateTime> {
        let token_request_at = self.clock.now() + pause;
        let mut tx = self.pool.begin().await?;
        for location in locations {
            installs::expect_install(&mut tx, location, Some(company), said_at, token_request_at)
                .await?;
        }
        tx.commit().await?;
        Ok(token_request_at)
    }

    pub(super) async fn keep_names(
        &self,
        listed: &BTreeMap<LocationId, Option<String>>,
    ) -> sqlx::Result<()> {
        for (location, name) in listed {
            let name = name.as_deref().unwrap_or_default();
            account_names::record_name(&self.pool, location.as_str(), name).await?;
        }
        Ok(())
    }

    pub(super) async fn schedule_listing(
        &self,
        company: &CompanyId,
        failures: i32,
        pause: Duration,
    ) -> sqlx::Result<()> {
        let mut connection = self.pool.acquire().await?;
        let at = self.clock.now() + pause;
        companies::schedule_listing(&mut connection, company, failures, at).await
    }

    /// Lists a company's locations again, and requests tokens for those that have none: their INSTALL may not have
    /// arrived.
    pub async fn look_for_new_locations(
        &self,
        company: &CompanyId,
        failures: i32,
    ) -> sqlx::Result<()> {
        match self.list_locations(company).await {
            Ok(listed) => {
                self.keep_names(&listed).await?;
                let listed: Vec<_> = listed.into_keys().collect();
                let new = companies::list_without_token(&self.pool, &listed).await?;
                self.expect_all(&new, company, None, Duration::ZERO).await?;
                self.schedule_listing(company, 0, LISTING_PAUSE).await
            }
            Err(TokenError::Database(error)) => Err(error),
            // Uninstalled meanwhile, or in need of a new install: more calls would not help.
            Err(TokenError::NotInstalled | TokenError::NeedsReinstall(_)) => {
                self.schedule_listing(company, failures + 1, LISTING_PAUSE)
                    .await
            }
            Err(error) => {
                warn!(%company, %error, "its locations could not be listed");
                let pause = error.least_pause().unwrap_or_default();
                let pause = pause.max(REFRESH_FAILED.endless(failures, rand::random()));
                self.schedule_listing(company, failures + 1, pause).await
            }
        }
    }
}
