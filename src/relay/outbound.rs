//! Deliveries of GHL → Waapify.
//!
//! Owns: one attempt at one part of a message, and the one exhaustive match on how it ended. Refuses: sending a
//! part again whose outcome is unknown, before its echo had time to come.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;
use tracing::{info, warn};

use super::plan::{Part, Plan, plan};
use super::schedule::{ATTEMPT_FAILED, GATEWAY_DOWN, Schedule};
use super::{Context, Worker};
use crate::clients::waapify::{Credentials, SendFailure, Stop};
use crate::connect;
use crate::db::outbound::{self, Failure, OutboundJob};
use crate::db::outcomes::{self, SentPart};
use crate::db::{locations, numbers};
use crate::ids::WaMessageId;

/// A send is cut off at 68 s; its owner has the rest to write down what came of it.
const LEASE: Duration = Duration::seconds(90);
/// How long an unknown outcome waits for its echo: Waapify posts echoes within seconds, and a gateway that restarts
/// needs a minute or two.
const ECHO_WINDOW: Duration = Duration::minutes(2);
/// Sends with an unknown outcome, the first and one more; a third could be the third copy on a customer's phone.
const MAX_UNCONFIRMED_SENDS: i32 = 2;
/// A number on hold is tried again this often: when its owner has mended it, messages flow within minutes.
const HOLD: Duration = Duration::minutes(5);
/// A message that waited this long for its number would surprise its reader; it fails, readable and replayable.
const MAX_WAIT: Duration = Duration::hours(24);
/// Share of the pacing interval that is added at random: a steady beat looks like a machine to WhatsApp.
const PACE_JITTER: f64 = 0.5;

/// The worker.
#[derive(Clone, Debug)]
pub struct Outbound(pub Arc<Context>);

/// What is claimed.
#[derive(Clone, Debug)]
pub enum Job {
    /// A part is to be sent.
    Send(OutboundJob),
    /// No echo came in time.
    WaitOver(OutboundJob),
}

impl Worker for Outbound {
    type Job = Job;
    const NAME: &'static str = "outbound";
    const CONCURRENCY: usize = 64;

    fn bell(&self) -> &Notify {
        &self.0.wake.outbound
    }

    async fn claim(&self, limit: i64) -> sqlx::Result<Vec<Job>> {
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        outbound::expire_sends(pool, now + ECHO_WINDOW, now).await?;
        let waits = outbound::claim_unconfirmed(pool, now, LEASE, limit).await?;
        let pause = self.pause();
        let sendable = outbound::claim_sendable(pool, now, LEASE, pause, limit).await?;
        let unconnected = outbound::claim_unconnected(pool, now, LEASE, limit).await?;
        let sends = sendable.into_iter().chain(unconnected).map(Job::Send);
        Ok(waits.into_iter().map(Job::WaitOver).chain(sends).collect())
    }

    async fn process(&self, job: Job) -> sqlx::Result<()> {
        match job {
            Job::Send(job) => self.send(&job).await,
            Job::WaitOver(job) => self.end_wait(&job).await,
        }
    }
}

impl Outbound {
    fn pause(&self) -> Duration {
        let jitter = 1.0 + PACE_JITTER * rand::random::<f64>();
        Duration::try_from(self.0.min_interval.mul_f64(jitter)).unwrap_or(Duration::ZERO)
    }

    async fn send(&self, job: &OutboundJob) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        let (chat, parts) = match plan(&job.body) {
            Plan::Ignore(reason) => {
                return outcomes::finish_ignored(&self.0.pool, job, reason, now).await;
            }
            Plan::Fail(failure) => return self.fail(job, &failure, now).await,
            Plan::Send { chat, parts } => (chat, parts),
        };
        let Some((number, credentials)) = self.credentials(job).await? else {
            return self.fail(job, &self.unconnected(job).await?, now).await;
        };
        let Some(part) = usize::try_from(job.parts_sent)
            .ok()
            .and_then(|at| parts.get(at))
        else {
            // Only a plan that a newer version made shorter gets here: all its parts have left.
            return outcomes::finish_ignored(&self.0.pool, job, "all its parts have left", now)
                .await;
        };
        let count = i32::try_from(parts.len()).unwrap_or(i32::MAX);
        if !outbound::record_destination(&self.0.pool, job, &chat, count).await? {
            return Ok(());
        }
        match self
            .0
            .waapify
            .send(&credentials, &chat, &part.text, part.media.as_ref())
            .await
        {
            Ok(id) => self.record_sent(job, &number, &id).await,
            Err(failure) => self.record_failure(job, &number, part, failure).await,
        }
    }

    /// The number to send from and its opened credentials; none when the location has none that can be used.
    async fn credentials(&self, job: &OutboundJob) -> sqlx::Result<Option<(String, Credentials)>> {
        let Some(number) = &job.number else {
            return Ok(None);
        };
        let Some(row) = numbers::find_number(&self.0.pool, &job.location_id, number).await? else {
            return Ok(None);
        };
        match connect::open_credentials(&self.0.sealer, &job.location_id, &row) {
            Ok(credentials) => Ok(Some((row.number, credentials))),
            Err(error) => {
                warn!(location = %job.location_id, %error, "the number's credentials cannot be opened");
                Ok(None)
            }
        }
    }

    async fn unconnected(&self, job: &OutboundJob) -> sqlx::Result<Failure> {
        let installed = locations::is_installed(&self.0.pool, &job.location_id).await?;
        Ok(if installed {
            Failure {
                code: "not_connected",
                message: "No WhatsApp number is connected to this sub-account yet. Connect one in the app's settings, then send again.".to_owned(),
            }
        } else {
            Failure {
                code: "not_installed",
                message: "This sub-account has not installed the WhatsApp app.".to_owned(),
            }
        })
    }

    async fn record_sent(
        &self,
        job: &OutboundJob,
        number: &str,
        id: &WaMessageId,
    ) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        let sent = SentPart {
            location: &job.location_id,
            message: job.id,
            number,
            part: job.parts_sent,
            wa_message_id: id,
        };
        outcomes::record_sent(&self.0.pool, sent, "Waapify took it", now).await?;
        let mut connection = self.0.pool.acquire().await?;
        numbers::release_number(&mut connection, &job.location_id, number, now).await?;
        info!(location = %job.location_id, message_id = %job.id, part = job.parts_sent, "sent");
        Ok(())
    }

    async fn record_failure(
        &self,
        job: &OutboundJob,
        number: &str,
        part: &Part,
        failure: SendFailure,
    ) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        info!(location = %job.location_id, message_id = %job.id, ?failure, "not sent");
        match failure {
            SendFailure::Unknown(cause) => {
                outcomes::finish_unconfirmed(&self.0.pool, job, &cause, now + ECHO_WINDOW, now).await
            }
            SendFailure::GatewayDown(cause) => {
                self.retry(job, GATEWAY_DOWN, &cause, "gateway_down", "WhatsApp's gateway could not be reached for many hours. Please send the message again.").await
            }
            SendFailure::AttemptFailed(cause) => {
                let sentence = attempt_failed(part);
                self.retry(job, ATTEMPT_FAILED, &cause, "not_taken", sentence).await
            }
            SendFailure::NumberStopped(stop) => self.hold(job, number, stop, now).await,
            SendFailure::Rejected(cause) => {
                let message = format!("Waapify refused this message: {cause}. Change it and send it again.");
                self.fail(job, &Failure { code: "rejected", message }, now).await
            }
        }
    }

    async fn retry(
        &self,
        job: &OutboundJob,
        schedule: Schedule,
        cause: &str,
        code: &'static str,
        sentence: &str,
    ) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        if let Some(pause) = schedule.pause(job.failures, rand::random()) {
            let mut connection = self.0.pool.acquire().await?;
            return outcomes::finish_retry(&mut connection, job, cause, true, now + pause, now)
                .await;
        }
        self.fail(
            job,
            &Failure {
                code,
                message: sentence.to_owned(),
            },
            now,
        )
        .await
    }

    /// Holds the whole number: what is wrong with it is wrong for every message.
    async fn hold(
        &self,
        job: &OutboundJob,
        number: &str,
        stop: Stop,
        now: OffsetDateTime,
    ) -> sqlx::Result<()> {
        warn!(location = %job.location_id, reason = ?stop, "the number is on hold");
        if now - job.accepted_at > MAX_WAIT {
            let message = stop.sentence().to_owned();
            return self
                .fail(
                    job,
                    &Failure {
                        code: "number_stopped",
                        message,
                    },
                    now,
                )
                .await;
        }
        let mut tx = self.0.pool.begin().await?;
        numbers::hold_number(
            &mut tx,
            &job.location_id,
            number,
            stop.sentence(),
            now + HOLD,
        )
        .await?;
        outcomes::finish_retry(&mut tx, job, stop.sentence(), false, now, now).await?;
        tx.commit().await
    }

    async fn end_wait(&self, job: &OutboundJob) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        if job.unconfirmed_sends < MAX_UNCONFIRMED_SENDS {
            return outcomes::finish_wait(&self.0.pool, job, now).await;
        }
        let failure = Failure {
            code: "unconfirmed",
            message: "WhatsApp did not confirm this message. It may have arrived all the same: look at the chat on the phone before you send it again.".to_owned(),
        };
        self.fail(job, &failure, now).await
    }

    async fn fail(
        &self,
        job: &OutboundJob,
        failure: &Failure,
        now: OffsetDateTime,
    ) -> sqlx::Result<()> {
        info!(location = %job.location_id, message_id = %job.id, code = failure.code, "failed");
        outcomes::finish_failed(&self.0.pool, job, failure, now).await?;
        self.0.wake.status_updates.notify_one();
        Ok(())
    }
}

const fn attempt_failed(part: &Part) -> &'static str {
    if part.media.is_some() {
        "WhatsApp did not take this file. The number may have no WhatsApp, or the file cannot be fetched. Check both and send it again."
    } else {
        "WhatsApp did not take this message. The number may have no WhatsApp. Check it and send again."
    }
}
