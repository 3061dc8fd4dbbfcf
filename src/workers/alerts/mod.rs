//! Tells people of incidents: the operator's targets, which are settings, and those that agencies set.
//!
//! A target's turn is claimed with a lease, so that of all processes one tells it. What it was told is recorded after it was
//! delivered: a process that is killed in between tells it again, under the same id. What lasts two minutes is told, again
//! each day, and when it has been over for two minutes. Everything that is due goes in one message, and the next one a
//! minute later at the earliest.
//!
//! * `message`: the title and the JSON; `digest`: the text, the worst first; `service`: incidents of the service itself, targets that cannot be reached included

mod digest;
mod message;
mod service;

use std::sync::{Arc, Mutex, PoisonError};

use secrecy::SecretString;
use time::{Duration, OffsetDateTime};
use tracing::{info, warn};

use crate::clients::alert_mail;
use crate::clients::alert_mail::Mail;
use crate::clients::alert_webhook::Post;
use crate::config::alerts::parse_mailbox;
use crate::db::alerts;
use crate::db::alerts::targets::{Target, address_place, secret_place};
use crate::db::alerts::{Turn, ledger, targets};
use crate::db::queue::Capacity;
use crate::model::alert::{AlertFault, AlertTemplate, Channel, Medium};
use crate::model::ids::CompanyId;
use crate::model::language::Language;
use crate::runtime::notify::Signal;
use crate::workers::alerts::message::Message;
use crate::workers::{Context, Worker};

/// Longer than the slowest delivery.
const LEASE: Duration = Duration::minutes(2);
/// A target is looked at this often while nothing is due: much less than what has to last to be told.
const LOOK_PAUSE: Duration = Duration::seconds(15);
/// Least pause between two messages to one target: what begins meanwhile is told together.
const LEAST_GAP: Duration = Duration::minutes(1);
/// The service looks at itself this often.
const SERVICE_PAUSE: Duration = Duration::minutes(1);
/// Pause after the first failure; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::minutes(1);
/// Longest pause: a target that works again gets what it missed within the hour.
const LAST_RETRY: Duration = Duration::hours(1);
/// How often it is made sure that the settings' targets have rows: only a reset of the sandbox removes them.
const KEEP_PAUSE: Duration = Duration::minutes(1);

/// The worker.
#[derive(Debug)]
pub struct Alerts {
    context: Arc<Context>,
    kept_at: Mutex<Option<OffsetDateTime>>,
}

impl Alerts {
    /// The worker of a process.
    #[must_use]
    pub const fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            kept_at: Mutex::new(None),
        }
    }
}

impl Worker for Alerts {
    type Job = Turn;
    const NAME: &'static str = "alerts";
    /// Targets of some agencies that do not answer hold up none of the others for long.
    const CONCURRENCY: usize = 8;

    fn signal(&self) -> &Signal {
        &self.context.signals.alerts
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<Turn>> {
        let limit = capacity.into().limit;
        let (pool, now) = (&self.context.pool, self.context.clock.now());
        if self.is_time_to_keep(now) {
            alerts::keep(pool, &self.configured(), now).await?;
        }
        alerts::claim(pool, now, LEASE, limit).await
    }

    async fn process(&self, turn: Turn) -> sqlx::Result<()> {
        match &turn.channel {
            Channel::Service => {
                let (pool, now) = (&self.context.pool, self.context.clock.now());
                service::watch(&self.context).await?;
                alerts::end_well(pool, &turn, false, now, now + SERVICE_PAUSE).await
            }
            channel => match self.find_recipient(channel).await? {
                Some(found) => self.tell(&turn, found).await,
                // Its settings are another process's, or were removed a moment ago.
                None => self.rest(&turn).await,
            },
        }
    }

    async fn release(&self, jobs: &[Turn]) -> sqlx::Result<()> {
        for turn in jobs {
            alerts::release(&self.context.pool, turn).await?;
        }
        Ok(())
    }
}

/// Where a message goes.
struct Recipient {
    address: Address,
    language: Language,
}

enum Address {
    Webhook {
        url: SecretString,
        secret: Option<SecretString>,
        template: AlertTemplate,
        is_operators: bool,
    },
    Mail(Vec<lettre::message::Mailbox>),
}

impl Alerts {
    fn is_time_to_keep(&self, now: OffsetDateTime) -> bool {
        let mut kept = self.kept_at.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = kept.is_none_or(|at| now >= at + KEEP_PAUSE);
        if is_time {
            *kept = Some(now);
        }
        is_time
    }

    /// The channels of the settings.
    fn configured(&self) -> Vec<String> {
        let settings = &self.context.alert_settings;
        let mut channels = vec![Channel::Service];
        if settings.webhook.is_some() {
            channels.push(Channel::Operator(Medium::Webhook));
        }
        if settings.mail_server.is_some() && !settings.mail_to.is_empty() {
            channels.push(Channel::Operator(Medium::Mail));
        }
        channels.iter().map(ToString::to_string).collect()
    }

    /// Where a channel leads; an error of the inner kind if its stored address cannot be used.
    async fn find_recipient(
        &self,
        channel: &Channel,
    ) -> sqlx::Result<Option<Result<Recipient, AlertFault>>> {
        let settings = &self.context.alert_settings;
        let address = match channel {
            Channel::Service => None,
            Channel::Operator(Medium::Webhook) => settings.webhook.as_ref().map(|target| {
                let target = target.clone();
                Address::Webhook {
                    url: target.url,
                    secret: target.secret,
                    template: target.template,
                    is_operators: true,
                }
            }),
            Channel::Operator(Medium::Mail) => Some(Address::Mail(settings.mail_to.clone())),
            Channel::Agency(company, medium) => {
                let target = targets::find(&self.context.pool, company, *medium).await?;
                return Ok(target.map(|target| self.open(company, *medium, &target)));
            }
        };
        let language = settings.language;
        Ok(address.map(|address| Ok(Recipient { address, language })))
    }

    fn open(
        &self,
        company: &CompanyId,
        medium: Medium,
        target: &Target,
    ) -> Result<Recipient, AlertFault> {
        let open = |place: String, sealed: &[u8]| {
            let opened = self.context.sealer.open(&place, sealed);
            opened.map_err(|_| AlertFault::Sealed)
        };
        let url = open(address_place(company, medium), &target.address)?;
        let secret = target.secret.as_deref();
        let secret = secret.map(|sealed| open(secret_place(company, medium), sealed));
        let address = match medium {
            Medium::Webhook => Address::Webhook {
                url,
                secret: secret.transpose()?,
                template: AlertTemplate::parse(&target.template).map_err(|_| AlertFault::Sealed)?,
                is_operators: false,
            },
            Medium::Mail => Address::Mail(vec![
                parse_mailbox(secrecy::ExposeSecret::expose_secret(&url))
                    .map_err(|_| AlertFault::Sealed)?,
            ]),
        };
        let language = Language::preferred(&target.language);
        Ok(Recipient { address, language })
    }

    /// Ends a turn in which there was nothing to do.
    async fn rest(&self, turn: &Turn) -> sqlx::Result<()> {
        let now = self.context.clock.now();
        alerts::end_well(&self.context.pool, turn, false, now, now + LOOK_PAUSE).await
    }

    async fn tell(
        &self,
        turn: &Turn,
        recipient: Result<Recipient, AlertFault>,
    ) -> sqlx::Result<()> {
        let (pool, now) = (&self.context.pool, self.context.clock.now());
        let items = ledger::list_due(pool, turn, turn.channel.company(), now).await?;
        if items.is_empty() && !turn.wants_test {
            return self.rest(turn).await;
        }
        let delivered = match recipient {
            Ok(recipient) => {
                let message = Message::new(turn, &items, recipient.language, &self.context);
                self.deliver(recipient.address, message, now).await
            }
            Err(fault) => Err(fault),
        };
        let (channel, count) = (&turn.channel, items.len());
        match delivered {
            Ok(()) => {
                info!(%channel, count, "told of incidents");
                ledger::record(pool, turn, &items, now).await?;
                alerts::end_well(pool, turn, true, now, now + LEAST_GAP).await
            }
            Err(fault) => {
                let status = fault.status();
                warn!(%channel, count, fault = fault.code(), status, "incidents could not be told");
                let next = now + retry_pause(turn.failures);
                alerts::end_badly(pool, turn, fault, now, next).await
            }
        }
    }

    async fn deliver(
        &self,
        address: Address,
        message: Message,
        at: OffsetDateTime,
    ) -> Result<(), AlertFault> {
        match address {
            Address::Webhook {
                url,
                secret,
                template,
                is_operators,
            } => {
                let post = Post {
                    url: &url,
                    secret: secret.as_ref(),
                    body: template.render(&message.title, &message.text, &message.json),
                    at,
                };
                let client = &self.context.alert_webhooks;
                if is_operators {
                    client.post_to_operator(post).await
                } else {
                    client.post_to_agency(post).await
                }
            }
            Address::Mail(to) => match &self.context.alert_settings.mail_server {
                Some(server) => {
                    let mail = Mail {
                        to: &to,
                        title: &message.title,
                        text: message.text,
                        id: &format!("{}.{}", message.id, at.unix_timestamp()),
                        at,
                    };
                    alert_mail::send(server, mail).await
                }
                None => Err(AlertFault::Unreachable),
            },
        }
    }
}

/// The pause after a failure, by the number of failures before it.
fn retry_pause(failures: i32) -> Duration {
    let doubled = u32::try_from(failures).map_or(1, |failures| 1_i32 << failures.min(10));
    (FIRST_RETRY * doubled).min(LAST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_up_to_an_hour() {
        let minutes = |failures| retry_pause(failures).whole_minutes();
        assert_eq!(
            [0, 1, 2, 5, 6, 100, i32::MAX, -1].map(minutes),
            [1, 2, 4, 32, 60, 60, 60, 1]
        );
    }
}
