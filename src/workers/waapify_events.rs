//! Waapify's events → messages (`inbound/record.rs`), calls, receipts, link state.
//!
//! Decides the effect of each event. Bodies are read by [`whatsapp_events`]. It must not call a vendor: an event only
//! changes rows, and each change is idempotent.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use time::{Duration, OffsetDateTime};
use tracing::{debug, info, warn};
use whatsapp_events::{self, BadBody, Event, Person, Receipt, ReceiptLevel};

use crate::db;
use crate::db::history::acks::RESTRICTED_CODE;
use crate::db::history::incidents;
use crate::db::numbers::protection::Of;
use crate::db::numbers::{holds, restrictions};
use crate::db::outbound::receipts;
use crate::db::outbound::receipts::Seen;
use crate::db::queue::{Capacity, number_key};
use crate::db::webhooks::waapify_events::EventJob;
use crate::db::webhooks::{unknown_events, waapify_events};
use crate::model::ids::WaMessageId;
use crate::model::phone_forms;
use crate::model::reason::{Hold, Reason, Step};
use crate::runtime::notify::Signal;
use crate::workers::inbound::{calls, lids, record};
use crate::workers::{Context, Worker, lease};

/// Reading an event is a few statements. While its owner works the lease is renewed, so that it ends only with the process.
const LEASE: Duration = Duration::seconds(60);
/// Processes that one event may end. It then fails unread and stays stored, and the number's later events go on.
const MAX_CRASHED_ATTEMPTS: i32 = 2;
/// Crashed attempts of an event that is read again at an operator's word: one more sets it aside.
pub const LAST_CHANCE: i32 = MAX_CRASHED_ATTEMPTS - 1;
/// Tries that may fail because of what an event says; conflicts with another process's rows are among them.
const MAX_FAILURES: i32 = 20;
/// Pause after a try that failed.
const RETRY: Duration = Duration::seconds(5);
/// Pause between tries to put an event back while the database does not answer.
const RESCHEDULE_PAUSE: StdDuration = StdDuration::from_secs(1);
/// Items that are read under one lease and kept in memory at once; a body with more becomes several events.
const MAX_ITEMS: usize = 5_000;
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
    /// The events of a number are read one after the other.
    const SHARE: usize = 1;
    const CAN_EARN: bool = false;

    fn signal(&self) -> &Signal {
        &self.0.signals.waapify_events
    }

    fn holder(job: &Vec<EventJob>) -> Option<String> {
        let first = job.first()?;
        Some(number_key(&first.location_id, &first.number))
    }

    async fn claim(
        &self,
        capacity: impl Into<Capacity> + Send,
    ) -> sqlx::Result<Vec<Vec<EventJob>>> {
        let (capacity, now) = (capacity.into(), self.0.clock.now());
        let mut place = self.0.events_place.lock().await;
        let claimed =
            waapify_events::claim(&self.0.pool, now, now + LEASE, capacity, &mut place).await;
        drop(place);
        if claimed.as_ref().is_err_and(db::is_disconnect) {
            tokio::spawn(give_back_unanswered(Arc::clone(&self.0), now + LEASE));
        }
        let events = claimed?;
        let same =
            |a: &EventJob, b: &EventJob| (&a.location_id, &a.number) == (&b.location_id, &b.number);
        Ok(events.chunk_by(same).map(<[EventJob]>::to_vec).collect())
    }

    /// Events that were read before an error are ended nevertheless.
    async fn process(&self, jobs: Vec<EventJob>) -> sqlx::Result<()> {
        let (pool, clock) = (&self.0.pool, &self.0.clock);
        let Some(until) = jobs.first().map(|job| job.leased_until) else {
            return Ok(());
        };
        let renew = || waapify_events::renew(pool, &jobs, clock.now() + LEASE);
        let reading = self.read_all(&jobs);
        if let Some(outcome) = lease::keep(clock, LEASE, until, reading, renew).await {
            return outcome;
        }
        info!("another process reads these events");
        waapify_events::put_back(pool, &jobs, None, clock.now()).await
    }

    async fn release(&self, jobs: &[Vec<EventJob>]) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        waapify_events::put_back(&self.0.pool, &jobs.concat(), None, now).await
    }
}

/// Gives back what a claim took although its answer was lost, once the database answers: otherwise each such claim would
/// count as a process that the event has ended. After its lease that is no more in our hands.
async fn give_back_unanswered(context: Arc<Context>, until: OffsetDateTime) {
    while context.clock.now() < until {
        let now = context.clock.now();
        match waapify_events::give_back_unanswered(&context.pool, until, now).await {
            Ok(()) => return,
            Err(error) => debug!(%error, "an unanswered claim could not be given back"),
        }
        tokio::time::sleep(RESCHEDULE_PAUSE).await;
    }
}

/// What came of an event that can be read or never can.
enum Read {
    /// It was applied, or cannot be, for this reason.
    Ended(Result<(), Reason>),
    /// Its parts are events of their own, and come before whatever follows it.
    Split,
}

impl WaapifyEvents {
    /// Reads events in their order, until one of them has to be read again or was split.
    async fn read_all(&self, jobs: &[EventJob]) -> sqlx::Result<()> {
        let mut ended = Vec::with_capacity(jobs.len());
        let mut outcome = Ok(());
        for job in jobs {
            match self.read(job).await {
                Ok(Read::Ended(result)) => ended.push((job, result)),
                Ok(Read::Split) => break,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        let finished = waapify_events::finish(&self.0.pool, &ended).await;
        let (left, outcome) = match finished {
            Ok(()) => (&jobs[ended.len()..], outcome),
            Err(error) => (jobs, Err(error)),
        };
        if !left.is_empty() {
            self.put_back(left, outcome.as_ref().err()).await;
        }
        outcome
    }

    /// Puts back what was not ended, so that nobody takes this process for dead. While the database does not answer, that
    /// is tried again.
    async fn put_back(&self, jobs: &[EventJob], error: Option<&sqlx::Error>) {
        let failed = jobs.first().filter(|_| error.is_some_and(db::is_row_error));
        let pause = if error.is_some() {
            RETRY
        } else {
            Duration::ZERO
        };
        loop {
            let due = self.0.clock.now() + pause;
            match waapify_events::put_back(&self.0.pool, jobs, failed, due).await {
                Ok(()) => return,
                Err(error) => debug!(%error, "events could not be put back"),
            }
            tokio::time::sleep(RESCHEDULE_PAUSE).await;
        }
    }

    /// Applies an event, or returns why it cannot be read.
    async fn read(&self, job: &EventJob) -> sqlx::Result<Read> {
        if job.crashed_attempts >= MAX_CRASHED_ATTEMPTS || job.failures >= MAX_FAILURES {
            warn!(location = %job.location_id, event = job.id, "an event is set aside");
            return Ok(Read::Ended(Err(Step::Poison.into())));
        }
        if let Some(parts) = whatsapp_events::split(&job.body, MAX_ITEMS) {
            let now = self.0.clock.now();
            waapify_events::split(&self.0.pool, job, &parts, now).await?;
            self.0.signals.waapify_events.notify_one();
            return Ok(Read::Split);
        }
        self.apply_all(job).await.map(Read::Ended)
    }

    async fn apply_all(&self, job: &EventJob) -> sqlx::Result<Result<(), Reason>> {
        let webhook = match whatsapp_events::parse(&job.body) {
            Ok(webhook) => webhook,
            Err(error) => {
                warn!(location = %job.location_id, event = job.id, %error, "an event cannot be read");
                self.count_unknown(job, 1).await?;
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
        let unknown = webhook
            .events
            .iter()
            .filter(|event| is_unknown(event))
            .count();
        if unknown > 0 {
            self.count_unknown(job, unknown).await?;
        }
        lids::learn(&self.0, job, &webhook.events).await?;
        let both_receipts =
            |a: &Event, b: &Event| matches!((a, b), (Event::Receipt(_), Event::Receipt(_)));
        for events in webhook.events.chunk_by(both_receipts) {
            match events {
                [Event::Receipt(_), ..] => self.receipts(job, events).await?,
                events => {
                    for event in events {
                        self.apply(job, event).await?;
                    }
                }
            }
        }
        Ok(Ok(()))
    }

    /// Counts events of a body that nobody understood, for the doctor to name with the body's shape.
    async fn count_unknown(&self, job: &EventJob, events: usize) -> sqlx::Result<()> {
        let (pool, location, now) = (&self.0.pool, &job.location_id, self.0.clock.now());
        let shape = whatsapp_events::shape(&job.body);
        warn!(%location, event = job.id, shape, "nobody understands this event");
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        unknown_events::count(pool, location, &job.number, (&shape, events), now).await
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
            Event::Receipt(_) => self.receipts(job, std::slice::from_ref(event)).await,
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
        if phone.is_some_and(|phone| !phone_forms::is_same(phone, number)) {
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
        let (is_on, now) = (self.0.protects_numbers, self.0.clock.now());
        restrictions::note_lost_link(&self.0.pool, of(job), is_on, now).await?;
        self.have_watched(job).await
    }

    /// Has the monitor check the location soon, so that the incident of a lost link, or of a restriction, begins and ends
    /// without delay.
    async fn have_watched(&self, job: &EventJob) -> sqlx::Result<()> {
        incidents::check_soon(&self.0.pool, &job.location_id, self.0.clock.now()).await?;
        self.0.signals.monitor.notify_one();
        Ok(())
    }

    /// Records the receipts among events in a few statements.
    async fn receipts(&self, job: &EventJob, events: &[Event]) -> sqlx::Result<()> {
        let seen: Vec<Seen> = events
            .iter()
            .filter_map(|event| match event {
                Event::Receipt(receipt) => Some(seen(receipt)),
                _ => None,
            })
            .collect();
        let (location, number, now) = (&job.location_id, &job.number, self.0.clock.now());
        receipts::record_receipts(&self.0.pool, location, number, &seen, now).await?;
        self.0.signals.status_updates.notify_one();
        let is_restricted = |seen: &&Seen| seen.refused.as_deref() == Some(RESTRICTED_CODE);
        let refused = seen.iter().filter(is_restricted);
        let refused: Vec<_> = refused.map(|seen| seen.id.as_str()).collect();
        if !refused.is_empty() {
            let is_on = self.0.protects_numbers;
            if restrictions::note(&self.0.pool, of(job), &refused, is_on, now).await? {
                warn!(%location, "WhatsApp refused a message: nothing goes to strangers for a time");
            }
            return self.have_watched(job).await;
        }
        Ok(())
    }
}

/// The number of an event.
fn of(job: &EventJob) -> Of<'_> {
    Of {
        location: &job.location_id,
        number: &job.number,
    }
}

const fn is_unknown(event: &Event) -> bool {
    matches!(event, Event::Ignored { what, .. } if what.is_unknown())
}

fn seen(receipt: &Receipt) -> Seen {
    let refusal = || {
        receipt
            .refusal_code
            .clone()
            .unwrap_or_else(|| "0".to_owned())
    };
    let (level, refused) = match receipt.level {
        ReceiptLevel::Refused => (0, Some(refusal())),
        ReceiptLevel::Pending => (1, None),
        ReceiptLevel::ServerAck => (2, None),
        ReceiptLevel::Delivered => (receipts::DELIVERED, None),
        ReceiptLevel::Read => (receipts::READ, None),
    };
    Seen {
        id: WaMessageId::from(receipt.id.as_str()),
        level,
        refused,
    }
}
