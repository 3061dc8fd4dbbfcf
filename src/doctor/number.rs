//! The checks of a connected number: its link, its hold, its webhook, its acks, and other locations that share it.

use futures_util::future::join_all;
use time::OffsetDateTime;

use crate::accounts::connect;
use crate::clients::waapify::CheckError;
use crate::crypto::OpenError;
use crate::db::history::health_facts::NumberHealth;
use crate::db::history::incidents::Incident;
use crate::db::history::{health_facts, incidents};
use crate::db::numbers;
use crate::db::numbers::{NumberRow, rules};
use crate::db::webhooks::unknown_events;
use crate::doctor::acks::{Acks, Restriction};
use crate::doctor::labels::{Said, location as say_location, number as say};
use crate::doctor::location::database_failed;
use crate::doctor::{Doctor, Finding, State, labels};
use crate::model::ids::LocationId;
use crate::model::language::Text;
use crate::model::phone_forms;
use crate::model::states::IncidentKind;
use crate::model::zone::Zone;

/// Why a number cannot be used, according to Waapify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// The phone is not linked.
    Unlinked,
    /// Another phone is linked.
    OtherNumber,
    /// The access token or the instance id is wrong.
    Credentials,
}

impl LinkFault {
    /// Its name in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unlinked => "unlinked",
            Self::OtherNumber => "other_number",
            Self::Credentials => "credentials",
        }
    }

    /// The fault that [`LinkFault::code`] names.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Unlinked, Self::OtherNumber, Self::Credentials]
            .into_iter()
            .find(|fault| fault.code() == code)
    }
}

/// The state of a number's link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It works. `is_named`: Waapify named the phone, which is the number's.
    Works { is_named: bool },
    /// It does not work; the number that is linked instead, or Waapify's words.
    Broken(LinkFault, String),
    /// Waapify's answer does not tell; what happened.
    NotKnown(Text),
}

impl Doctor {
    /// Whether a number is linked, and if so, whether Waapify named its phone. Asking makes Waapify try to link it
    /// again. None if Waapify did not tell.
    ///
    /// # Errors
    /// When the number's keys cannot be opened.
    pub async fn find_link_fault(
        &self,
        location: &LocationId,
        number: &NumberHealth,
    ) -> Result<Option<Result<bool, LinkFault>>, OpenError> {
        Ok(match self.ask_link(location, number).await? {
            Link::Works { is_named } => Some(Ok(is_named)),
            Link::Broken(fault, _) => Some(Err(fault)),
            Link::NotKnown(_) => None,
        })
    }

    pub(super) async fn check_numbers(
        &self,
        location: &LocationId,
        zone: &Zone,
    ) -> sqlx::Result<Vec<Finding>> {
        let now = self.0.clock.now();
        let found = health_facts::list_numbers(&self.0.pool, location, now).await?;
        if found.is_empty() {
            return Ok(vec![Finding::new(
                "number",
                State::Bad,
                say_location::no_number(),
            )]);
        }
        let gone = rules::list_gone(&self.0.pool, location).await?;
        let checked = join_all(
            found
                .iter()
                .map(|number| self.check_number(location, number, zone)),
        );
        let mut findings: Vec<_> = checked.await.into_iter().flatten().collect();
        findings.extend(gone.iter().map(|number| {
            Finding::new("number_rules", State::Warn, say::rules_of_gone()).of_number(number)
        }));
        Ok(findings)
    }

    async fn check_number(
        &self,
        location: &LocationId,
        number: &NumberHealth,
        zone: &Zone,
    ) -> Vec<Finding> {
        let mut findings = vec![
            self.check_link(location, number).await,
            check_hold(number),
            check_webhook(number, self.0.clock.now(), zone),
            self.check_sharers(location, number).await,
        ];
        findings.extend(self.check_unknown_events(location, number).await);
        findings.extend(self.check_acks(location, number).await);
        findings
            .into_iter()
            .map(|finding| finding.of_number(&number.number))
            .collect()
    }

    /// Names the events of the last days that nobody understood, if there were any.
    async fn check_unknown_events(
        &self,
        location: &LocationId,
        number: &NumberHealth,
    ) -> Option<Finding> {
        let check = "unknown_events";
        let now = self.0.clock.now();
        let found = unknown_events::list(&self.0.pool, location, &number.number, now).await;
        match found {
            Ok(found) if found.is_empty() => None,
            Ok(found) => Some(Finding::new(
                check,
                State::Warn,
                say::unknown_events(&found),
            )),
            Err(_) => Some(database_failed(check)),
        }
    }

    async fn check_link(&self, location: &LocationId, number: &NumberHealth) -> Finding {
        let finding = |state, said| Finding::new("link", state, said);
        if let Some(name) = self.lacks(&["ENCRYPTION_KEYS", "WAAPIFY_API_BASE"]) {
            return finding(State::Unknown, labels::not_checked(name));
        }
        let Ok(link) = self.ask_link(location, number).await else {
            return finding(State::Bad, say::sealed());
        };
        let (state, said): (_, Said) = match link {
            Link::Works { .. } => (State::Good, say::linked()),
            Link::Broken(LinkFault::Unlinked, _) => (State::Bad, say::unlinked()),
            Link::Broken(LinkFault::OtherNumber, linked) => {
                (State::Bad, say::other_number(&linked))
            }
            Link::Broken(LinkFault::Credentials, words) => {
                (State::Bad, say::credentials_refused(Some(&words)))
            }
            Link::NotKnown(words) => (State::Bad, say::gateway_fails(&words)),
        };
        finding(state, said)
    }

    async fn ask_link(
        &self,
        location: &LocationId,
        number: &NumberHealth,
    ) -> Result<Link, OpenError> {
        let row = NumberRow {
            number: number.number.clone(),
            instance_id: number.instance_id.clone(),
            access_token: number.access_token.clone(),
        };
        let credentials = connect::open_credentials(&self.0.settings.sealer, location, &row)?;
        Ok(match self.0.gateway.reconnect(&credentials).await {
            Ok(linked) => match linked.number {
                Some(linked) if !phone_forms::is_same(&linked, &number.number) => {
                    Link::Broken(LinkFault::OtherNumber, linked)
                }
                linked => Link::Works {
                    is_named: linked.is_some(),
                },
            },
            Err(CheckError::NotLinked(words)) => Link::Broken(LinkFault::Unlinked, words),
            Err(CheckError::Credentials(words)) => Link::Broken(LinkFault::Credentials, words),
            Err(CheckError::Refused(words) | CheckError::Full(words)) => {
                Link::NotKnown(Text::new(words.clone(), words))
            }
            Err(CheckError::Unreachable(cause)) => Link::NotKnown(cause.texts()),
        })
    }

    /// Whether WhatsApp confirms what the number sends; none while that is not known and the monitor noticed nothing.
    async fn check_acks(&self, location: &LocationId, number: &NumberHealth) -> Option<Finding> {
        let bad = |why| Finding::new("acks", State::Bad, say::restricted(why));
        let found = match self.find_acks(location, number).await {
            Ok(Acks::Missing(why)) => Ok(Some(bad(Some(why)))),
            Ok(Acks::Come) => Ok(Some(Finding::new("acks", State::Good, say::acks_come()))),
            Ok(Acks::NotKnown) => {
                let noticed = self.find_noticed(location, number).await;
                noticed.map(|noticed| noticed.as_ref().map(|noticed| bad(why_of(noticed))))
            }
            Err(error) => Err(error),
        };
        found.unwrap_or_else(|_| Some(database_failed("acks")))
    }

    /// The restriction that the monitor noticed and that has not ended.
    async fn find_noticed(
        &self,
        location: &LocationId,
        number: &NumberHealth,
    ) -> sqlx::Result<Option<Incident>> {
        let open = incidents::list_open(&self.0.pool, location).await?;
        Ok(open.into_iter().find(|incident| {
            incident.kind == IncidentKind::Restricted && incident.number == number.number
        }))
    }

    async fn check_sharers(&self, location: &LocationId, number: &NumberHealth) -> Finding {
        let (pool, instance) = (&self.0.pool, &number.instance_id);
        let sharers = numbers::list_sharers(pool, location, &number.number, instance).await;
        match sharers.map(|sharers| sharers.len()) {
            Ok(0) => Finding::new("shared_number", State::Good, say::alone()),
            Ok(others) => Finding::new("shared_number", State::Bad, say::shared(others)),
            Err(_) => database_failed("shared_number"),
        }
    }
}

/// Why the monitor took a number for restricted; none where another version noticed it.
fn why_of(noticed: &Incident) -> Option<Restriction> {
    Restriction::from_code(noticed.detail.as_deref()?)
}

fn check_hold(number: &NumberHealth) -> Finding {
    match &number.hold_reason {
        Some(reason) => Finding::new("hold", State::Bad, say::on_hold(reason)),
        None => Finding::new("hold", State::Good, say::sends()),
    }
}

/// Waapify does not report where it posts, so the check looks at what it has posted.
fn check_webhook(number: &NumberHealth, now: OffsetDateTime, zone: &Zone) -> Finding {
    let heard = number.last_event_at.filter(|at| *at >= number.connected_at);
    match (number.unheard_since, heard) {
        (Some(since), _) => Finding::new(
            "webhook",
            State::Bad,
            say::webhook_silent(&zone.minutes(since)),
        ),
        (None, Some(at)) => Finding::new(
            "webhook",
            State::Good,
            say::webhook_heard(&zone.minutes(at)),
        ),
        (None, None) if number.was_never_heard(now) => {
            Finding::new("webhook", State::Warn, say::never_called())
        }
        (None, None) => Finding::new("webhook", State::Unknown, say::webhook_untried()),
    }
}
