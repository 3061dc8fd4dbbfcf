//! The checks of a location: its install, its token, its SMS provider, its last messages.

use time::OffsetDateTime;

use crate::accounts::tokens::{Owner, TokenError};
use crate::clients::ghl;
use crate::clients::ghl::{Advice, SmsProviders};
use crate::db::accounts::rate_limits::CallPriority;
use crate::db::accounts::{account_names, installs};
use crate::db::history::{health_facts, setups};
use crate::doctor::labels::{Said, location as say};
use crate::doctor::{Doctor, Finding, Provider, State, labels, provider};
use crate::model::ids::LocationId;
use crate::model::language::Text;
use crate::model::states::InstallStatus;
use crate::model::zone::Zone;

/// The scopes that the bridge cannot do without: to find and make contacts; to post, update and look up messages; to
/// read the SMS provider.
pub const NEEDED_SCOPES: [&str; 5] = [
    "contacts.readonly",
    "contacts.write",
    "conversations.readonly",
    "conversations/message.write",
    "locations.readonly",
];
/// Settings without which GHL cannot be asked. A renewal with wrong client keys might cost the refresh token.
const GHL_SETTINGS: [&str; 4] = [
    "ENCRYPTION_KEYS",
    "GHL_CLIENT_ID",
    "GHL_CLIENT_SECRET",
    "GHL_API_BASE",
];

/// The result of the one call that proves token, scopes and provider.
type Asked = Result<SmsProviders, TokenError>;

impl Doctor {
    /// Checks a location and its numbers.
    pub async fn check_location(&self, location: &LocationId) -> Vec<Finding> {
        self.check_location_in(None, location).await
    }

    /// The same with all times in this zone, in place of the sub-account's own.
    pub async fn check_location_in(
        &self,
        zone: Option<&Zone>,
        location: &LocationId,
    ) -> Vec<Finding> {
        let checked = self.try_check_location(zone, location).await;
        checked.unwrap_or_else(|_| vec![database_failed("database")])
    }

    /// Whether we are the location's default SMS provider. The live checklist of the set-up asks this again and again.
    pub async fn check_provider(&self, location: &LocationId) -> Finding {
        if let Some(name) = self.lacks(&GHL_SETTINGS) {
            return Finding::new("provider", State::Unknown, labels::not_checked(name));
        }
        let asked = self.ask(location, CallPriority::Reply).await;
        self.provider_finding(&asked)
    }

    /// Finds the location's default SMS provider.
    pub async fn find_provider(&self, location: &LocationId) -> Result<Provider, TokenError> {
        let providers = self.ask(location, CallPriority::StatusUpdate).await?;
        Ok(self.classify(&providers))
    }

    async fn try_check_location(
        &self,
        zone: Option<&Zone>,
        location: &LocationId,
    ) -> sqlx::Result<Vec<Finding>> {
        let install_status = installs::find_install_status(&self.0.pool, location).await?;
        let trouble = health_facts::find_token_trouble(&self.0.pool, location).await?;
        let mut findings = vec![install(install_status, &labels::told(trouble.as_ref()))];
        findings.extend(self.check_ghl(location, install_status).await?);
        let zone = match zone {
            Some(zone) => zone.clone(),
            None => {
                account_names::find_names(&self.0.pool, location)
                    .await?
                    .zone
            }
        };
        findings.extend(self.check_history(location, &zone).await?);
        if install_status != InstallStatus::Uninstalled {
            findings.extend(self.check_numbers(location, &zone).await?);
        }
        Ok(findings)
    }

    /// Checks token, scopes and provider with one call.
    async fn check_ghl(
        &self,
        location: &LocationId,
        install_status: InstallStatus,
    ) -> sqlx::Result<Vec<Finding>> {
        let because = match install_status {
            InstallStatus::Installed => self.lacks(&GHL_SETTINGS).map(labels::not_checked),
            _ => Some(labels::not_checked_until("the install", "pemasangan")),
        };
        if let Some(because) = because {
            let unknown = |check| Finding::new(check, State::Unknown, because.clone());
            return Ok(["token", "scopes", "provider"].map(unknown).to_vec());
        }
        let asked = self.ask(location, CallPriority::Reply).await;
        let scope = health_facts::find_scope(&self.0.pool, location).await?;
        Ok(vec![
            token(&asked),
            scopes(&asked, scope.as_deref()),
            self.provider_finding(&asked),
        ])
    }

    async fn ask(&self, location: &LocationId, priority: CallPriority) -> Asked {
        let ask =
            |ghl: ghl::Client, token| async move { ghl.sms_providers(&token, location).await };
        let owner = Owner::Location(location);
        self.0.tokens.call_as(owner, priority, ask).await
    }

    fn classify(&self, providers: &SmsProviders) -> Provider {
        let ours = self.0.settings.ghl.provider_id.as_deref();
        provider::classify(providers, ours)
    }

    fn provider_finding(&self, asked: &Asked) -> Finding {
        let (state, said) = match asked {
            Ok(providers) => finding_of(&self.classify(providers)),
            Err(error) => refused(error),
        };
        Finding::new("provider", state, said)
    }

    async fn check_history(
        &self,
        location: &LocationId,
        zone: &Zone,
    ) -> sqlx::Result<Vec<Finding>> {
        let history = health_facts::find_history(&self.0.pool, location).await?;
        let setup = setups::find(&self.0.pool, location).await?;
        let last =
            |check, at: Option<OffsetDateTime>, seen: fn(&str) -> Said, none: fn() -> Said| {
                at.map_or_else(
                    || Finding::new(check, State::Unknown, none()),
                    |at| Finding::new(check, State::Good, seen(&zone.minutes(at))),
                )
            };
        let delivery = match history.last_delivery {
            None if setup.is_past_first_hour(self.0.clock.now()) => {
                Finding::new("last_delivery", State::Warn, say::never_delivered())
            }
            at => last("last_delivery", at, say::last_delivery, say::no_delivery),
        };
        Ok(vec![
            delivery,
            last(
                "last_inbound",
                history.last_inbound,
                say::last_inbound,
                say::no_inbound,
            ),
            last("last_ack", history.last_ack, say::last_ack, say::no_ack),
        ])
    }
}

pub(super) fn database_failed(check: &'static str) -> Finding {
    Finding::new(check, State::Bad, labels::database_failed())
}

/// `trouble`: what is wrong, in GHL's words or ours.
fn install(install_status: InstallStatus, trouble: &Text) -> Finding {
    let (state, said) = match install_status {
        InstallStatus::Installed => (State::Good, say::installed()),
        InstallStatus::Unknown => (State::Bad, say::unknown_location()),
        InstallStatus::Pending => (State::Warn, say::waits_for_token()),
        InstallStatus::NotInstalled => (State::Bad, say::not_installed(trouble)),
        InstallStatus::Inactive => (State::Bad, say::inactive()),
        InstallStatus::NeedsReinstall => (State::Bad, say::needs_reinstall(trouble)),
        InstallStatus::Uninstalled => (State::Bad, say::uninstalled()),
    };
    Finding::new("install", state, said)
}

fn token(asked: &Asked) -> Finding {
    let (state, said) = match asked {
        Ok(_) => (State::Good, say::token_works()),
        // GHL accepted the token.
        Err(TokenError::Call(error)) if error.lacks_scope() => (State::Good, say::token_works()),
        Err(error) => refused(error),
    };
    Finding::new("token", state, said)
}

/// Judges first by GHL's refusal, then by the scopes that it granted with the token.
fn scopes(asked: &Asked, granted: Option<&str>) -> Finding {
    let finding = |state, said| Finding::new("scopes", state, said);
    if let Err(TokenError::Call(error)) = asked
        && error.lacks_scope()
    {
        return finding(State::Bad, say::scopes_missing(&error.detail.texts()));
    }
    let granted: Option<Vec<_>> = granted.map(|scope| scope.split_whitespace().collect());
    let lacking = |granted: &Vec<&str>| {
        let lacking = NEEDED_SCOPES
            .iter()
            .filter(|scope| !granted.contains(scope));
        lacking.copied().collect::<Vec<_>>().join(", ")
    };
    match granted.as_ref().map(lacking) {
        Some(lacking) if !lacking.is_empty() => {
            let lacking = Text::new(lacking.clone(), lacking);
            finding(State::Bad, say::scopes_missing(&lacking))
        }
        _ if asked.is_err() => finding(
            State::Unknown,
            labels::not_checked_until("the token", "token"),
        ),
        _ => finding(State::Good, say::scopes_suffice()),
    }
}

fn finding_of(provider: &Provider) -> (State, Said) {
    match provider {
        Provider::Ours => (State::Good, say::provider_ours()),
        Provider::OursByName(name) => (State::Good, say::provider_ours_by_name(name)),
        Provider::Unclear(name) => (State::Warn, say::provider_unclear(name)),
        Provider::NotOurs {
            name,
            is_offered: true,
        } => (State::Bad, say::provider_not_chosen(name.as_deref())),
        Provider::NotOurs {
            name,
            is_offered: false,
        } => (State::Bad, say::provider_not_offered(name.as_deref())),
    }
}

/// The finding for a call without an answer.
fn refused(error: &TokenError) -> (State, Said) {
    match error {
        TokenError::Pending => (State::Warn, say::waits_for_token()),
        TokenError::NotInstalled => (State::Bad, say::unknown_location()),
        TokenError::Uninstalled => (State::Bad, say::uninstalled()),
        TokenError::NeedsReinstall(why) => (State::Bad, say::needs_reinstall(&why.texts())),
        TokenError::Inactive(_) => (State::Bad, say::inactive()),
        TokenError::Failing(why) => (State::Bad, say::token_refused(&why.texts())),
        TokenError::Seal(_) => (State::Bad, say::token_sealed()),
        TokenError::Database(_) => (State::Bad, labels::database_failed()),
        TokenError::Call(error) if error.lacks_scope() => {
            (State::Bad, say::scopes_missing(&error.detail.texts()))
        }
        TokenError::Call(error) => match error.advice {
            Advice::Inactive => (State::Bad, say::inactive()),
            Advice::Retry | Advice::RetryAfter(_) => {
                (State::Unknown, say::ghl_silent(&error.detail.texts()))
            }
            Advice::Reauthorize | Advice::Reinstall | Advice::Reject => {
                (State::Bad, say::token_refused(&error.detail.texts()))
            }
        },
        TokenError::RateLimited(_) | TokenError::Busy | TokenError::MakingContact => {
            (State::Unknown, say::ghl_silent(&error.reason().texts()))
        }
    }
}
