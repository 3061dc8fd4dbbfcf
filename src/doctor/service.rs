//! The checks of the service as a whole.

use std::time::Duration;

use secrecy::ExposeSecret;
use url::Url;

use crate::accounts::key_rotation;
use crate::accounts::key_rotation::MissingKey;
use crate::config::install_link::find_brand;
use crate::db;
use crate::db::accounts::{client_credentials, companies};
use crate::db::alerts;
use crate::doctor::labels::{Said, address as say_address, service as say};
use crate::doctor::reachability::Reached;
use crate::doctor::{Doctor, Finding, State, labels, reachability};
use crate::model::reason::Reason;
use crate::model::zone::Zone;
use crate::runtime::clock::CLOCK_TOLERANCE;

/// Longest wait for the database to list its migrations: a slower one is not healthy.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(8);
/// GHL's app ids are Mongo ids: this many hexadecimal digits.
const APP_ID_DIGITS: usize = 24;

impl Doctor {
    /// Checks the service as a whole.
    pub async fn check_service(&self) -> Vec<Finding> {
        let mut findings = self.check_settings();
        let (public_url, stored) = tokio::join!(self.check_public_url(), self.check_stored());
        findings.push(public_url);
        findings.extend(stored);
        findings
    }

    /// Whether the database answers and has this program's schema.
    pub async fn check_database(&self) -> Finding {
        if let Some(name) = self.lacks(&["DATABASE_URL"]) {
            return Finding::new("database", State::Unknown, labels::not_checked(name));
        }
        let asked = tokio::time::timeout(DATABASE_TIMEOUT, db::find_schema_gap(&self.0.pool)).await;
        let (state, said) = match asked {
            Ok(Ok(gap)) if gap.foreign > 0 => (State::Bad, say::migrations_foreign()),
            Ok(Ok(gap)) if gap.missing > 0 => (State::Bad, say::migrations_missing(gap.missing)),
            Ok(Ok(_)) => (State::Good, say::database_fine()),
            Ok(Err(_)) | Err(_) => (State::Bad, say::database_away()),
        };
        Finding::new("database", state, said)
    }

    fn check_settings(&self) -> Vec<Finding> {
        let parts = &self.0;
        let mut findings: Vec<_> = parts
            .faults
            .iter()
            .map(|fault| Finding::new("settings", State::Bad, say::setting_fault(fault)))
            .collect();
        if findings.is_empty() {
            findings.push(Finding::new(
                "settings",
                State::Good,
                say::settings_complete(),
            ));
        }
        if self.lacks(&["GHL_CLIENT_ID"]).is_none() {
            findings.push(self.check_client_id());
        }
        if self
            .lacks(&["GHL_CLIENT_ID", "GHL_CLIENT_SECRET"])
            .is_none()
        {
            findings.push(self.check_client_secret());
        }
        findings.extend(self.check_options());
        findings.extend(self.check_plain_addresses());
        if self.lacks(&["PUBLIC_URL"]).is_none() {
            findings.push(check_name(&parts.settings.public_url));
        }
        for (check, name, url) in [
            ("ghl_address", "GHL_API_BASE", &parts.settings.ghl.api_base),
            (
                "waapify_address",
                "WAAPIFY_API_BASE",
                &parts.settings.waapify.api_base,
            ),
        ] {
            if self.lacks(&[name]).is_none() {
                findings.push(check_address(check, name, url));
            }
        }
        findings
    }

    /// Checks the optional settings.
    fn check_options(&self) -> Vec<Finding> {
        let settings = &self.0.settings;
        let option = |check, name, is_set: bool, unset: fn() -> Said| {
            if is_set {
                Finding::new(check, State::Good, say::option_set(name))
            } else {
                Finding::new(check, State::Warn, unset())
            }
        };
        let mut findings = vec![
            option(
                "shared_secret",
                "GHL_SHARED_SECRET",
                settings.ghl.shared_secret.is_some(),
                say::shared_secret_unset,
            ),
            option(
                "provider_id",
                "GHL_CONVERSATION_PROVIDER_ID",
                settings.ghl.provider_id.is_some(),
                say::provider_id_unset,
            ),
        ];
        if self.lacks(&["ADMIN_TOKEN"]).is_none() {
            findings.push(option(
                "admin_token",
                "ADMIN_TOKEN",
                settings.admin_token.is_some(),
                say::admin_token_unset,
            ));
        }
        findings
    }

    fn check_client_id(&self) -> Finding {
        let ghl = &self.0.settings.ghl;
        let suffix = ghl.client_id.split_once('-').map(|(_, suffix)| suffix);
        let is_word =
            |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
        let app_id = ghl.app_id();
        let is_id = app_id.len() == APP_ID_DIGITS && app_id.bytes().all(|b| b.is_ascii_hexdigit());
        if is_id && suffix.is_some_and(is_word) {
            Finding::new("client_id", State::Good, say::client_id_plausible(app_id))
        } else {
            Finding::new("client_id", State::Bad, say::client_id_odd())
        }
    }

    fn check_client_secret(&self) -> Finding {
        let ghl = &self.0.settings.ghl;
        let secret = ghl.client_secret.expose_secret();
        let shared = ghl.shared_secret.as_ref().map(ExposeSecret::expose_secret);
        if secret == ghl.client_id || shared == Some(secret) {
            Finding::new("client_secret", State::Bad, say::client_secret_odd())
        } else {
            Finding::new("client_secret", State::Good, say::client_secret_set())
        }
    }

    async fn check_public_url(&self) -> Finding {
        let finding = |state, said| Finding::new("public_url", state, said);
        if let Some(name) = self.lacks(&["PUBLIC_URL", "ENCRYPTION_KEYS"]) {
            return finding(State::Unknown, labels::not_checked(name));
        }
        let (parts, settings) = (&self.0, &self.0.settings);
        match reachability::ask(&parts.http, &settings.sealer, &settings.public_url).await {
            Reached::Us if settings.public_url.scheme() == "https" => {
                finding(State::Good, say_address::public_url_reaches_us())
            }
            // Settings admit plain http for this machine only.
            Reached::Us => finding(State::Warn, say_address::public_url_local()),
            Reached::SomebodyElse => {
                finding(State::Bad, say_address::public_url_is_somebody_elses())
            }
            Reached::Nobody(how) => finding(State::Bad, say_address::public_url_fails(&how)),
        }
    }

    /// Checks the database, and what it holds about keys and agencies.
    async fn check_stored(&self) -> Vec<Finding> {
        let database = self.check_database().await;
        if database.state != State::Good {
            let unknown = |check| {
                Finding::new(
                    check,
                    State::Unknown,
                    labels::not_checked_until("the database", "pangkalan data"),
                )
            };
            return vec![
                database,
                unknown("clock"),
                unknown("keys"),
                unknown("client_credentials"),
            ];
        }
        let mut findings = vec![
            database,
            self.check_clock().await,
            self.check_keys().await,
            self.check_app_keys().await,
        ];
        findings.extend(self.check_agencies().await);
        findings.extend(self.check_misdirected().await);
        findings.extend(self.check_alerts().await);
        findings
    }

    /// Compares this machine's clock with the database's, by which the service goes.
    async fn check_clock(&self) -> Finding {
        let finding = |state, said| Finding::new("clock", state, said);
        let clock = &self.0.clock;
        if db::clock::synchronize(&self.0.pool, clock).await.is_err() {
            return finding(State::Unknown, say::database_away());
        }
        let ahead = clock.system_ahead();
        if ahead.abs() > CLOCK_TOLERANCE {
            finding(State::Warn, say::clock_off(ahead))
        } else {
            finding(State::Good, say::clock_fine())
        }
    }

    async fn check_keys(&self) -> Finding {
        let finding = |state, said| Finding::new("keys", state, said);
        if let Some(name) = self.lacks(&["ENCRYPTION_KEYS"]) {
            return finding(State::Unknown, labels::not_checked(name));
        }
        match key_rotation::check(&self.0.pool, &self.0.settings.sealer).await {
            Ok(()) => finding(State::Good, say::keys_fit()),
            Err(error) => match error.downcast_ref::<MissingKey>() {
                Some(missing) => finding(State::Bad, say::keys_missing(missing.count)),
                None => finding(State::Bad, labels::database_failed()),
            },
        }
    }

    /// The keys cannot be tried, because GHL checks a code before the client's keys
    /// (`docs/vendors/ghl.md#client-keys`).
    async fn check_app_keys(&self) -> Finding {
        let finding = |state, said| Finding::new("client_credentials", state, said);
        if let Some(name) = self.lacks(&["GHL_CLIENT_ID", "GHL_CLIENT_SECRET"]) {
            return finding(State::Unknown, labels::not_checked(name));
        }
        let found =
            client_credentials::find_credential_results(&self.0.pool, &self.0.ghl.keys_hash())
                .await;
        let Ok(verdicts) = found else {
            return finding(State::Bad, labels::database_failed());
        };
        let zone = Zone::system();
        match (verdicts.accepted_at, verdicts.refused_at) {
            (accepted, Some(refused)) if accepted.is_none_or(|accepted| accepted < refused) => {
                let said = labels::told(verdicts.refusal.as_ref());
                let said = say::app_keys_refused(&zone.minutes(refused), &said, accepted.is_some());
                finding(State::Bad, said)
            }
            (Some(accepted), _) => {
                finding(State::Good, say::app_keys_accepted(&zone.minutes(accepted)))
            }
            (None, _) => finding(State::Unknown, say::app_keys_untried()),
        }
    }

    /// GHL's words, if it refused the app's keys the last time.
    pub async fn find_refused_keys(&self) -> sqlx::Result<Option<Reason>> {
        let keys = self.0.ghl.keys_hash();
        let found = client_credentials::find_credential_results(&self.0.pool, &keys).await?;
        let is_newer = found.refused_at > found.accepted_at;
        Ok(found.refusal.filter(|_| is_newer))
    }

    /// Agencies whose token is dead; nothing if there are none.
    async fn check_agencies(&self) -> Vec<Finding> {
        match companies::list_dead_companies(&self.0.pool).await {
            Ok(dead) => dead
                .iter()
                .map(|(company, why)| {
                    let said = say::agency_dead(company.as_str(), &labels::told(why.as_ref()));
                    Finding::new("agency", State::Bad, said)
                })
                .collect(),
            Err(_) => vec![Finding::new(
                "agency",
                State::Bad,
                labels::database_failed(),
            )],
        }
    }
}

impl Doctor {
    /// Targets of alerts that cannot be reached; nothing if there are none.
    async fn check_alerts(&self) -> Vec<Finding> {
        let finding = |said| Finding::new("alerts", State::Bad, said);
        match alerts::list_failing(&self.0.pool, self.0.clock.now()).await {
            Ok(failing) => failing
                .iter()
                .map(|(channel, fault)| {
                    finding(say::alerts_fail(&channel.to_string(), Some(*fault)))
                })
                .collect(),
            Err(_) => vec![finding(labels::database_failed())],
        }
    }
}

/// GHL refuses a public address that contains one of its own names.
fn check_name(public_url: &Url) -> Finding {
    match find_brand(public_url) {
        Some(brand) => Finding::new(
            "public_url_name",
            State::Bad,
            say_address::name_refused(brand),
        ),
        None => Finding::new("public_url_name", State::Good, say_address::name_fine()),
    }
}

/// Tokens are sent to a vendor's address, so it must be https, or simulated on this machine.
fn check_address(check: &'static str, name: &'static str, url: &Url) -> Finding {
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        _ if is_local => Finding::new(check, State::Warn, say_address::vendor_local(name)),
        "https" => Finding::new(check, State::Good, say_address::vendor_https(name)),
        _ => Finding::new(check, State::Bad, say_address::vendor_plain(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vendors_address_is_https_or_simulated() {
        for (address, state) in [
            ("https://stag.waapify.com/api", State::Good),
            ("http://127.0.0.1:8080/sim", State::Warn),
            ("http://stag.waapify.com/api", State::Bad),
        ] {
            let finding = check_address("waapify_address", "X", &Url::parse(address).unwrap());
            assert_eq!(finding.state, state, "{address}");
        }
    }
}
