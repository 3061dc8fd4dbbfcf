//! Waapify's events → messages (`inbound/record.rs`), calls, receipts, link state.
//!
//! Decides the effect of each event. Bodies are read by [`whatsapp_events`]. It must not call a vendor: an event only
//! changes rows, and each change is idempotent.

use std::sync::Arc;

use time::Duration;
use tracing::{debug, warn};
use whatsapp_events::{self, BadBody, Event, Person, Receipt, ReceiptLevel};

use crate::db::history::incidents;
use crate::db::numbers::holds;
use crate::db::outbound::receipts;
use crate::db::webhooks::waapify_events;
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::ids::WaMessageId;
use crate::model::reason::{Hold, Reason, Step};
use crate::runtime::notify::Signal;
use crate::workers::inbound::{calls, lids, record};
use crate::workers::{Context, Worker};

/// Reading an event is a few statements; a first login's contact list takes seconds.
const LEASE: Duration = Duration::seconds(60);
/// An event that was tried more often than this fails unread and stays stored. An unstable database does not use this
/// up within a quarter of an hour.
const MAX_ATTEMPTS: i32 = 20;
/// A number that was logged out is tried again after this.
const HOLD: Duration = Duration::minutes(5);

/// The worker.
#[derive(Clone, Debug)]
pub struct WaapifyEvents(pub Arc<Context>);

impl Worker for WaapifyEvents {
    /// The next events of one number, in their order.
    type Job = Vec<EventJob>;
    const NAME: &'static str = "waapify_events";
    const CONCURRENCY: usize = 8;

    fn signal(&self) -> &Signal {
        &self.0.signals.waapify_events
    }

    async fn claim(&self, limit: i64) -> sqlx::Result<Vec<Vec<EventJob>>> {
        let events = waapify_events::claim(&self.0.pool, self.0.clock.now(), LEASE, limit).await?;
        let same =
            |a: &EventJob, b: &EventJob| (&a.location_id, &a.number) == (&b.location_id, &b.number);
        Ok(events.chunk_by(same).map(<[EventJob]>::to_vec).collect())
    }

    /// Events that were read before an error are ended nevertheless.
    async fn process(&self, jobs: Vec<EventJob>) -> sqlx::Result<()> {
        let mut ended = Vec::with_capacity(jobs.len());
        let mut outcome = Ok(());
        for job in &jobs {
            match self.read(job).await {
                Ok(result) => ended.push((job, result)),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        waapify_events::finish(&self.0.pool, &ended).await?;
        outcome
    }

    async fn release(&self, jobs: &[Vec<EventJob>]) -> sqlx::Result<()> {
        waapify_events::release(&self.0.pool, &jobs.concat(), self.0.clock.now()).await
    }
}

impl WaapifyEvents {
    /// Applies an event, or returns why it cannot be read.
    async fn read(&self, job: &EventJob) -> sqlx::Result<Result<(), Reason>> {
        if job.attempt > MAX_ATTEMPTS {
            return Ok(Err(Step::Deadly.into()));
        }
        let webhook = match whatsapp_events::parse(&job.body) {
            Ok(webhook) => webhook,
            Err(error) => {
                warn!(location = %job.location_id, event = job.id, %error, "an event cannot be read");
                return Ok(Err(match error {
                    BadBody::NotJson(_) => Step::NotJson.into(),
                    BadBody::NotObject => Step::NotObject.into(),
                    BadBody::TooManyItems => Step::TooManyItems.into(),
                }));
            }
        };
        if self.is_of_another_phone(job, &webhook.events).await? {
            debug!(location = %job.location_id, event = job.id, "ignored: another phone is linked");
            return Ok(Ok(()));
        }
        lids::learn(&self.0, job, &webhook.events).await?;
        for event in &webhook.events {
            self.apply(job, event).await?;
        }
        Ok(Ok(()))
    }

    /// Whether these events are of another phone than the number's, so that they are not for its location.
    async fn is_of_another_phone(&self, job: &EventJob, events: &[Event]) -> sqlx::Result<bool> {
        // Receipts, the most frequent events, are about our own sends and need no query.
        let tells = |event: &Event| {
            matches!(
                event,
                Event::Message(_) | Event::Call(_) | Event::Contact(_) | Event::Group(_)
            )
        };
        Ok(events.iter().any(tells)
            && holds::has_other_phone(&self.0.pool, &job.location_id, &job.number).await?)
    }

    async fn apply(&self, job: &EventJob, event: &Event) -> sqlx::Result<()> {
        match event {
            Event::Message(message) => record::record(&self.0, job, message).await,
            Event::Receipt(receipt) => self.receipt(job, receipt).await,
            Event::Linked { account } => self.linked(job, account.as_ref()).await,
            Event::Unlinked => {
                warn!(location = %job.location_id, "the number was logged out of WhatsApp");
                self.hold(job).await
            }
            Event::Call(call) => calls::record(&self.0, job, call).await,
            Event::Contact(_) | Event::Group(_) => Ok(()),
            Event::Ignored { what, .. } => {
                debug!(location = %job.location_id, event = job.id, %what, "ignored");
                Ok(())
            }
        }
    }

    /// A phone was linked: the number's own, or one without a name, or another, from which nothing may be sent.
    async fn linked(&self, job: &EventJob, account: Option<&Person>) -> sqlx::Result<()> {
        let (pool, location, number) = (&self.0.pool, &job.location_id, job.number.as_str());
        let phone = account.and_then(|person| person.phone.as_deref());
        if phone.is_some_and(|phone| phone != number) {
            warn!(%location, "another phone was linked than the number's");
            holds::mark_other_phone(pool, location, number, &Hold::OtherNumber).await?;
        } else {
            let mut connection = pool.acquire().await?;
            let now = self.0.clock.now();
            holds::release_number(&mut connection, location, number, now, phone.is_some()).await?;
            drop(connection);
            self.0.signals.outbound.notify_one();
        }
        self.have_watched(job).await
    }

    async fn hold(&self, job: &EventJob) -> sqlx::Result<()> {
        let location = &job.location_id;
        let until = self.0.clock.now() + HOLD;
        let mut connection = self.0.pool.acquire().await?;
        holds::hold_number(
            &mut connection,
            location,
            &job.number,
            &Hold::LinkLost,
            until,
        )
        .await?;
        drop(connection);
        self.have_watched(job).await
    }

    /// Has the monitor check the location soon, so that the incident of a lost link begins and ends without delay.
    async fn have_watched(&self, job: &EventJob) -> sqlx::Result<()> {
        incidents::check_soon(&self.0.pool, &job.location_id, self.0.clock.now()).await?;
        self.0.signals.monitor.notify_one();
        Ok(())
    }

    async fn receipt(&self, job: &EventJob, receipt: &Receipt) -> sqlx::Result<()> {
        let (level, refused) = match receipt.level {
            ReceiptLevel::Refused => (0, Some(receipt.refusal_code.as_deref().unwrap_or("0"))),
            ReceiptLevel::Pending => (1, None),
            ReceiptLevel::ServerAck => (2, None),
            ReceiptLevel::Delivered => (receipts::DELIVERED, None),
            ReceiptLevel::Read => (receipts::READ, None),
        };
        let id = WaMessageId::from(receipt.id.as_str());
        let now = self.0.clock.now();
        receipts::record_receipt(
            &self.0.pool,
            &job.location_id,
            &job.number,
            &id,
            level,
            refused,
            now,
        )
        .await?;
        self.0.signals.status_updates.notify_one();
        Ok(())
    }
}
