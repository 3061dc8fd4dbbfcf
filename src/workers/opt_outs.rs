//! Customers who said STOP or START → GHL's "do not disturb" for SMS, and the one answer.
//!
//! Decides what GHL is told. It must not change what somebody else has set in GHL, nor what other channels have. That a
//! customer's word counts here does not depend on it.

use std::sync::Arc;

use time::Duration;
use tracing::{info, warn};

use crate::accounts::tokens::{Owner, TokenError};
use crate::clients::ghl;
use crate::db::accounts::rate_limits::CallPriority;
use crate::db::opt_outs;
use crate::db::opt_outs::{OptOutJob, dnd, ending, settings};
use crate::db::queue::{Capacity, location_key};
use crate::model::ids::ContactId;
use crate::model::opt_out::{Dnd, OptOutState, OptOutWord};
use crate::model::reason::{Reason, Step, Wait};
use crate::model::retry_schedule::{INBOUND, KEPT};
use crate::runtime::notify::Signal;
use crate::workers::{Context, Worker};

/// Three calls of at most 30 s, and a refresh.
pub const LEASE: Duration = Duration::seconds(150);
/// Attempts that a failure of the database or a killed process may end. After more, the job itself is taken as the
/// cause.
const MAX_CRASHED_ATTEMPTS: i32 = 20;

/// The worker.
#[derive(Clone, Debug)]
pub struct OptOuts(pub Arc<Context>);

impl Worker for OptOuts {
    type Job = OptOutJob;
    const NAME: &'static str = "opt_outs";
    /// A campaign to thousands brings a few a second.
    const CONCURRENCY: usize = 16;
    /// One location whose calls hang leaves hands for others.
    const SHARE: usize = 4;

    fn signal(&self) -> &Signal {
        &self.0.signals.opt_outs
    }

    fn holder(job: &OptOutJob) -> Option<String> {
        Some(location_key(&job.location_id))
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<OptOutJob>> {
        let capacity = capacity.into();
        opt_outs::claim(&self.0.pool, self.0.clock.now(), LEASE, capacity).await
    }

    async fn process(&self, job: OptOutJob) -> sqlx::Result<()> {
        if job.attempt - job.failures - job.waits > MAX_CRASHED_ATTEMPTS {
            return self.refuse(&job, &Step::Poison.into()).await;
        }
        let Some(contact) = &job.contact_id else {
            return self.wait_for_contact(&job).await;
        };
        match self.tell(&job, contact).await {
            Ok(state) => {
                info!(location = %job.location_id, word = job.word.as_str(), state = state.as_str(), "GHL knows the customer's word");
                self.finish(&job, state, None).await
            }
            Err(error) => self.put_back(&job, error).await,
        }
    }

    async fn release(&self, jobs: &[OptOutJob]) -> sqlx::Result<()> {
        opt_outs::release(&self.0.pool, jobs, self.0.clock.now()).await
    }
}

impl OptOuts {
    /// Has GHL know the word. What somebody else has set there stays, whatever the word.
    async fn tell(&self, job: &OptOutJob, contact: &ContactId) -> Result<OptOutState, TokenError> {
        let (pool, location, asked_at) = (&self.0.pool, &job.location_id, self.0.clock.now());
        let read = |ghl: ghl::Client, token| async move {
            ghl.find_phones_of_contact(&token, contact).await
        };
        let dnd = self.call(job, read).await?.dnd;
        let is_stop = job.word == OptOutWord::Stop;
        if let Some(Dnd::Others) = dnd {
            dnd::record(pool, location, contact, Dnd::Others, asked_at, asked_at).await?;
            return Ok(OptOutState::WasSo);
        }
        let is_so = is_stop == (dnd == Some(Dnd::Ours));
        if is_stop && !is_so {
            // Before our own switch, behind which GHL sends nothing more.
            ending::end_if_opted_out(pool, location, contact, asked_at).await?;
            self.answer(job, contact).await?;
        }
        if is_so {
            return Ok(OptOutState::Told);
        }
        let put =
            |ghl: ghl::Client, token| async move { ghl.put_dnd(&token, contact, job.word).await };
        self.call(job, put).await?;
        Ok(OptOutState::Told)
    }

    /// Answers the customer once, if the location wants that. An answer whose fate is unknown is not repeated: the customer
    /// asked for fewer messages.
    async fn answer(&self, job: &OptOutJob, contact: &ContactId) -> Result<(), TokenError> {
        let (pool, location) = (&self.0.pool, &job.location_id);
        let answer = settings::find(pool, location).await?.answer;
        let Some(answer) = answer.filter(|_| !job.is_answered) else {
            return Ok(());
        };
        // GHL is asked only with a token that works, so that the answer is not lost for the lack of one.
        self.0.tokens.check(location).await?;
        if !opt_outs::mark_answered(pool, job, &answer, self.0.clock.now()).await? {
            return Ok(());
        }
        let text = answer.as_str();
        let send =
            |ghl: ghl::Client, token| async move { ghl.send_sms(&token, contact, text).await };
        if let Err(error) = self.call(job, send).await {
            warn!(%location, %error, "the answer to an opt-out was not sent");
        }
        Ok(())
    }

    async fn call<T, F>(
        &self,
        job: &OptOutJob,
        call: impl Fn(ghl::Client, secrecy::SecretString) -> F,
    ) -> Result<T, TokenError>
    where
        F: Future<Output = Result<T, ghl::CallError>>,
    {
        let owner = Owner::Location(&job.location_id);
        self.0
            .tokens
            .call_as(owner, CallPriority::StatusUpdate, call)
            .await
    }

    /// What GHL will never take ends; everything else is tried again for a week.
    async fn put_back(&self, job: &OptOutJob, error: TokenError) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        let why = error.reason();
        match &error {
            TokenError::Database(_) => match error {
                TokenError::Database(error) => Err(error),
                _ => Ok(()),
            },
            TokenError::Uninstalled => self.refuse(job, &why).await,
            TokenError::Call(call)
                if call.is_final || call.lacks_scope() || call.says_contact_is_gone() =>
            {
                self.refuse(job, &why).await
            }
            _ => {
                let is_wait = error.wait().is_some();
                if !is_wait && INBOUND.is_over(job.failures) && now - job.said_at >= KEPT {
                    return self.refuse(job, &why).await;
                }
                let pause = error
                    .wait()
                    .unwrap_or_else(|| INBOUND.endless(job.failures, rand::random()));
                let pause = error.least_pause().map_or(pause, |least| pause.max(least));
                info!(location = %job.location_id, %error, "GHL does not know a customer's word yet");
                opt_outs::put_back(&self.0.pool, job, &why, is_wait, now + pause).await
            }
        }
    }

    /// GHL may get the contact with the message, where that is an old one which somebody may wish to see.
    async fn wait_for_contact(&self, job: &OptOutJob) -> sqlx::Result<()> {
        let (why, now) = (Wait::NoContact.into(), self.0.clock.now());
        match INBOUND.pause(job.failures, rand::random()) {
            Some(pause) => opt_outs::put_back(&self.0.pool, job, &why, false, now + pause).await,
            None => self.refuse(job, &why).await,
        }
    }

    async fn refuse(&self, job: &OptOutJob, why: &Reason) -> sqlx::Result<()> {
        warn!(location = %job.location_id, word = job.word.as_str(), %why, "GHL was not told of a customer's word");
        self.finish(job, OptOutState::Refused, Some(why)).await
    }

    async fn finish(
        &self,
        job: &OptOutJob,
        state: OptOutState,
        why: Option<&Reason>,
    ) -> sqlx::Result<()> {
        opt_outs::finish(&self.0.pool, job, state, why, self.0.clock.now()).await
    }
}
