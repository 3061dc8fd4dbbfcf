//! GHL's deliveries → Waapify.
//!
//! Owns one attempt at one part of a message. It must not send a part with an unknown outcome again before its echo had
//! time to arrive. `plan` makes the parts, `attachments` asks about files, `results` records what the gateway answered,
//! `circuits` protects messages from a gateway that fails for everybody, `ends` records how a message ends that does not leave, `ghl_echoes` recognises what GHL delivers back,
//! `routes` moves what waits for a number that cannot send,
//! `retries` counts failures. The echo that proves a send is found in `workers::inbound::own_sends`.

mod attachments;
mod circuits;
mod ends;
mod ghl_echoes;
mod opted_out;
pub mod plan;
mod results;
mod retries;
pub(in crate::workers) mod routes;
mod strangers;

use std::sync::Arc;
use std::time::Duration as StdDuration;

use time::Duration;
use tracing::Instrument as _;

use crate::accounts::connect;
use crate::clients::waapify::Media;
use crate::db::contacts::phones::WithoutPhone;
use crate::db::contacts::{addresses, phones};
use crate::db::outbound::circuits::OpenCircuit;
use crate::db::outbound::outcomes::Outcome;
use crate::db::outbound::{OutboundJob, Pace, Recipient, leases, priority};
use crate::db::queue::{Capacity, number_key};
use crate::db::{numbers, outbound};
use crate::model::ids::LocationId;
use crate::model::phone_forms;
use crate::model::reason::{Failure, Hold, Step};
use crate::runtime::notify::Signal;
use crate::runtime::traces;
use crate::workers::outbound::plan::attachments::File;
use crate::workers::outbound::plan::{Attachment, Part, Plan, country_of};
use crate::workers::outbound::strangers::Turn;
use crate::workers::{Context, POLL_INTERVAL, Worker};

/// A send is cut off at 68 s; the rest is for recording the outcome.
const LEASE: Duration = Duration::seconds(90);
/// How long an unknown outcome waits for its echo: Waapify posts echoes within seconds, and a gateway that restarts
/// needs a minute or two.
const ECHO_WINDOW: Duration = Duration::minutes(2);
/// How long a message may wait until it is known whether its location has the app.
const MAX_WAIT: Duration = Duration::hours(24);
/// How long after a token request its result is expected.
const INSTALL_PAUSE: Duration = Duration::seconds(1);
/// Messages without a number, and those whose wait is over, in one claim; neither is sent.
const RARE: i64 = 64;
/// Share of the pacing interval that is added at random, because a constant interval looks like a machine to WhatsApp.
const PACE_JITTER: f64 = 0.5;

/// The worker.
#[derive(Clone, Debug)]
pub struct Outbound(pub Arc<Context>);

/// A claimed job.
#[derive(Clone, Debug)]
pub enum Job {
    /// A part is to be sent.
    Send(OutboundJob),
    /// A part is to be sent into an open circuit.
    Probe(OutboundJob, OpenCircuit),
    /// No echo arrived in time.
    WaitOver(OutboundJob),
}

/// What is to be sent to whom.
struct Message {
    /// E.164 digits, or the address of a chat without a phone.
    chat: String,
    /// The contact that has this phone in GHL.
    contact: Option<String>,
    /// At least one.
    parts: Vec<Part>,
}

impl Message {
    fn part_count(&self) -> i32 {
        i32::try_from(self.parts.len()).unwrap_or(i32::MAX)
    }
}

impl Worker for Outbound {
    type Job = Job;
    const NAME: &'static str = "outbound";
    /// A send only waits for the gateway. Thirty numbers whose instances hang leave capacity for others.
    const CONCURRENCY: usize = 128;
    /// An instance that hangs keeps a send for a minute. With a pause of a second, a number that is well has one or two.
    const SHARE: usize = 4;

    fn signal(&self) -> &Signal {
        &self.0.signals.outbound
    }

    fn holder(job: &Job) -> Option<String> {
        match job {
            Job::Send(job) | Job::Probe(job, _) => {
                Some(number_key(&job.location_id, job.number.as_deref()?))
            }
            Job::WaitOver(_) => None,
        }
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<Job>> {
        self.leave_numbers().await?;
        self.fail_aged().await?;
        let capacity = capacity.into();
        let limit = capacity.limit.min(RARE);
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        leases::rescue_expired(pool, now + ECHO_WINDOW, now).await?;
        priority::raise_priorities(pool, limit).await?;
        let waits = outbound::claim_unconfirmed(pool, now, LEASE, limit).await?;
        let unconnected = outbound::claim_unconnected(pool, now, LEASE, limit).await?;
        let probes = self.claim_probes(limit).await?;
        let sends = unconnected.into_iter().map(Job::Send).chain(probes);
        let rare = waits.into_iter().map(Job::WaitOver).chain(sends);
        Ok(rare.chain(self.claim_ready(capacity).await?).collect())
    }

    async fn claim_ready(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<Job>> {
        let capacity = capacity.into();
        let (pool, now, pace) = (&self.0.pool, self.0.clock.now(), self.pace());
        let sendable = outbound::claim_sendable(pool, now, LEASE, pace, capacity).await?;
        Ok(sendable.into_iter().map(Job::Send).collect())
    }

    /// Pacing is exact to the millisecond, not to the poll interval.
    async fn pause(&self) -> StdDuration {
        let now = self.0.clock.now();
        let turn = numbers::find_next_pacing_slot(&self.0.pool, now, now + POLL_INTERVAL).await;
        let until = turn.ok().flatten().map(|turn| turn - now);
        until
            .and_then(|until| StdDuration::try_from(until).ok())
            .unwrap_or(POLL_INTERVAL)
    }

    async fn process(&self, job: Job) -> sqlx::Result<()> {
        match job {
            Job::Send(job) => {
                let span = results::attempt_span(&job);
                self.handle(&job).instrument(span).await?;
                self.refund_strangers_turn(&job).await
            }
            Job::Probe(job, circuit) => {
                let span = results::attempt_span(&job);
                self.probe(&job, &circuit).instrument(span).await?;
                self.refund_strangers_turn(&job).await
            }
            Job::WaitOver(job) => {
                let span = results::wait_span(&job);
                self.end_wait(&job).instrument(span).await
            }
        }
    }

    async fn release(&self, jobs: &[Job]) -> sqlx::Result<()> {
        let (mut sends, mut waits) = (Vec::new(), Vec::new());
        for job in jobs {
            match job {
                Job::Send(job) | Job::Probe(job, _) => sends.push(job),
                Job::WaitOver(job) => waits.push(job),
            }
        }
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        leases::release_sends(pool, &sends, now).await?;
        leases::release_waits(pool, &waits, now).await
    }
}

impl Outbound {
    /// The pause after sends that start now.
    fn pace(&self) -> Pace {
        Pace {
            interval: Duration::try_from(self.0.min_interval).unwrap_or(Duration::ZERO),
            stretch: 1.0 + PACE_JITTER * rand::random::<f64>(),
            protects: self.0.protects_numbers,
        }
    }

    async fn handle(&self, job: &OutboundJob) -> sqlx::Result<()> {
        if retries::is_poison(job) {
            return self.discard(job).await;
        }
        match ghl_echoes::recognise(job, self.0.clock.now()) {
            Some((outcome, why)) => {
                self.finish(job, outcome, &why.into()).await?;
                self.refund_pacing_slot(job).await
            }
            None => self.send(job).await,
        }
    }

    /// Sends the next part of a message, or ends the attempt where nothing can be sent.
    async fn send(&self, job: &OutboundJob) -> sqlx::Result<()> {
        let Some(message) = self.plan(job).await? else {
            return Ok(());
        };
        let Some(number) = job.sender() else {
            return self.end_without_number(job).await;
        };
        let Ok(credentials) = connect::open_credentials(&self.0.sealer, &job.location_id, &number)
        else {
            return self.hold(job, &number.number, &Hold::Sealed).await;
        };
        let next = usize::try_from(job.parts_sent).ok();
        let Some(part) = next.and_then(|at| message.parts.get(at)) else {
            // Only a plan that a newer version made shorter gets here: all its parts were sent.
            return self
                .finish(job, Outcome::Ignored, &Step::AllLeft.into())
                .await;
        };
        let Some(address) = self.start_send(job, &message).await? else {
            return Ok(());
        };
        let media = part.media.as_ref();
        let media = media.map(|file| self.media(&job.location_id, file));
        let send = (self.0.waapify).send(&credentials, &address, &part.text, media.as_ref());
        let span = results::send_span(job);
        match send.instrument(span.clone()).await {
            Ok(id) => self.record_sent(job, &number.number, &id).await,
            Err(failure) => {
                traces::mark_failed(&span, results::failure_code(&failure));
                drop(span);
                self.record_failure(job, &number.number, part, failure)
                    .await
            }
        }
    }

    /// Records that the part is being sent: from here on a crash means an unknown outcome. Returns the address to send to;
    /// none if the claim is lost, or the message is not wanted and has ended or waits.
    async fn start_send(
        &self,
        job: &OutboundJob,
        message: &Message,
    ) -> sqlx::Result<Option<String>> {
        let forms = phone_forms::forms(&message.chat);
        let recipient = Recipient {
            forms: &forms,
            contact: message.contact.as_deref(),
            has_sender: opted_out::has_sender(job),
            is_exempt: false,
        };
        let address = self.address(job, &message.chat, &forms).await?;
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        let count = message.part_count();
        let has_started = if job.cold_until.is_some() {
            match self.start_to_stranger(job, recipient, message).await? {
                Turn::Started => true,
                Turn::NotStarted => false,
                Turn::Over => return Ok(None),
            }
        } else {
            outbound::mark_send_started(pool, job, recipient, count, now).await?
        };
        let is_ours = has_started
            || self.is_exempt(job, recipient).await?
                && outbound::mark_send_started(pool, job, recipient.exempt(), count, now).await?;
        if is_ours && job.is_persons_first {
            self.note_persons_contact(job, &forms).await?;
        }
        Ok(is_ours.then_some(address))
    }

    /// The number under which WhatsApp knows a phone: of two, the one that answered or acknowledged last, else GHL's.
    async fn address(
        &self,
        job: &OutboundJob,
        chat: &str,
        forms: &[String],
    ) -> sqlx::Result<String> {
        let known = match forms {
            [phone, _, ..] => addresses::find(&self.0.pool, &job.location_id, phone).await?,
            _ => None,
        };
        Ok(known.unwrap_or_else(|| chat.to_owned()))
    }

    /// Whom to send what; none where the plan is another one, which was carried out.
    async fn plan(&self, job: &OutboundJob) -> sqlx::Result<Option<Message>> {
        let country = job.number.as_deref().and_then(country_of);
        let known = plan::attachments::known(job.files.as_deref());
        let planned = match plan::plan(&job.body, country, known.as_deref()) {
            Plan::Fail(Failure::NoPhone) => self.plan_without_phone(job, known.as_deref()).await?,
            planned => planned,
        };
        match planned {
            Plan::Send {
                chat,
                contact,
                parts,
            } => {
                return Ok(Some(Message {
                    chat,
                    contact,
                    parts,
                }));
            }
            // Without a number of its own a location has no country either, in which to read its customers' numbers.
            Plan::Ask(_) if job.number.is_none() => self.end_without_number(job).await?,
            Plan::Fail(Failure::PhoneIncomplete | Failure::PhoneWithExtension)
                if job.number.is_none() =>
            {
                self.end_without_number(job).await?;
            }
            Plan::Fail(failure) => self.fail_plan(job, failure).await?,
            Plan::Ask(addresses) => self.look_at_files(job, &addresses).await?,
        }
        Ok(None)
    }

    /// The file as the gateway gets it.
    fn media(&self, location: &LocationId, attachment: &Attachment) -> Media {
        let Attachment { url, file, alias } = attachment;
        let (attachments, now) = (&self.0.attachments, self.0.clock.now());
        Media {
            url: match alias {
                Some(alias) => attachments.address(location, url, &file.media_type, alias, now),
                None => url.clone(),
            },
            filename: file.name.clone(),
        }
    }

    /// The plan of a message to a contact without a phone. Where the contact can have none, "no phone number" would not
    /// help the reader.
    async fn plan_without_phone(
        &self,
        job: &OutboundJob,
        files: Option<&[File]>,
    ) -> sqlx::Result<Plan> {
        let found = phones::find_addressee(&self.0.pool, &job.location_id, job.id).await?;
        Ok(match found {
            Some(WithoutPhone::Hidden(address)) if self.0.sends_to_hidden => {
                plan::plan_to(&job.body, &address, files)
            }
            Some(WithoutPhone::Hidden(_)) => Plan::Fail(Failure::PhoneHidden),
            Some(WithoutPhone::Group) => Plan::Fail(Failure::Group),
            Some(WithoutPhone::Moved) => Plan::Fail(Failure::PhoneElsewhere),
            None => Plan::Fail(Failure::NoPhone),
        })
    }
}
