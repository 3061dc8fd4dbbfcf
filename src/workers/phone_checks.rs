//! Asks Waapify whether phones are on WhatsApp, because its answer names the phone's LID: so that a message of a hidden sender
//! is shown to the contact of somebody whom the business wrote to lately.
//!
//! Decides who is asked about, and how seldom. It must not decide whether something is sent: only a positive answer counts.

use std::sync::Arc;

use time::Duration;
use tracing::{info, warn};

use crate::accounts::connect;
use crate::clients::waapify::Presence;
use crate::db::contacts::addresses::Heard;
use crate::db::contacts::lids::Pair;
use crate::db::contacts::phone_checks::{Bounds, PhoneCheck};
use crate::db::contacts::{addresses, lids, phone_checks};
use crate::db::queue::{Capacity, number_key};
use crate::model::phone_forms;
use crate::model::states::{LidSource, PhoneAnswer};
use crate::runtime::notify::Signal;
use crate::workers::inbound::PHONE_WAIT;
use crate::workers::inbound_media::MEDIA_WAIT;
use crate::workers::{Context, Worker};

/// A phone is asked about once in this time, and only if it was written to in this time: who answers later has mostly
/// been heard by another way.
pub(in crate::workers) const AGAIN: Duration = Duration::days(7);
/// Between two questions of a number: a person who looks for somebody is not faster.
const PAUSE: Duration = Duration::seconds(20);
/// After no answer, or one that nobody understands.
const TROUBLE: Duration = Duration::hours(1);
/// After words that the build knows no such question; a number's questions are counted over the same time.
const DAY: Duration = Duration::days(1);
/// Questions of a number in a day. WhatsApp restricts numbers that check many (`docs/vendors/waapify.md#check-phone`).
const DAILY: i64 = 20;

/// The worker.
#[derive(Clone, Debug)]
pub struct PhoneChecks(pub Arc<Context>);

impl Worker for PhoneChecks {
    type Job = PhoneCheck;
    const NAME: &'static str = "phone_checks";
    /// A question waits 25 s at most, and each number asks one at a time.
    const CONCURRENCY: usize = 8;
    const SHARE: usize = 1;
    const CAN_EARN: bool = false;

    fn signal(&self) -> &Signal {
        &self.0.signals.phone_checks
    }

    fn holder(job: &PhoneCheck) -> Option<String> {
        Some(number_key(&job.location_id, &job.number))
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<PhoneCheck>> {
        if !self.0.checks_phones {
            return Ok(Vec::new());
        }
        let (now, limit) = (self.0.clock.now(), capacity.into().limit);
        let bounds = Bounds {
            held: now - PHONE_WAIT,
            written: now - AGAIN,
            pause: now - PAUSE,
            trouble: now - TROUBLE,
            day: now - DAY,
            daily: DAILY,
        };
        phone_checks::claim(&self.0.pool, bounds, now, limit).await
    }

    async fn process(&self, job: PhoneCheck) -> sqlx::Result<()> {
        let sealer = &self.0.sealer;
        let credentials = connect::open_credentials(sealer, &job.location_id, &job.sender());
        let presence = match credentials {
            Ok(credentials) => self.0.waapify.check_phone(&credentials, &job.phone).await,
            Err(error) => {
                warn!(location = %job.location_id, %error, "a number's key cannot be opened");
                Presence::Unknown
            }
        };
        let answer = PhoneAnswer::from(&presence);
        info!(location = %job.location_id, answer = answer.as_str(), "asked whether a phone is on WhatsApp");
        phone_checks::record(&self.0.pool, &job, answer).await?;
        learn(&self.0, &job, presence).await
    }

    /// What was asked counts as asked: nobody is asked twice because a process stops.
    async fn release(&self, _: &[PhoneCheck]) -> sqlx::Result<()> {
        Ok(())
    }
}

impl From<&Presence> for PhoneAnswer {
    fn from(presence: &Presence) -> Self {
        match presence {
            Presence::Yes { .. } => Self::Yes,
            Presence::No => Self::No,
            Presence::Unknown => Self::Unknown,
            Presence::Unsupported => Self::Unsupported,
        }
    }
}

/// Stores what a positive answer tells, and releases messages that were held for it. No other answer teaches anything.
pub(in crate::workers) async fn learn(
    context: &Context,
    job: &PhoneCheck,
    presence: Presence,
) -> sqlx::Result<()> {
    let Presence::Yes { address, lid } = presence else {
        return Ok(());
    };
    let (pool, location, now) = (&context.pool, &job.location_id, context.clock.now());
    let has_two_numbers = phone_forms::forms(&job.phone).len() > 1;
    if let Some(address) = address.filter(|_| has_two_numbers) {
        let phone = job.phone.clone();
        addresses::learn(pool, location, &Heard { phone, address }, job.asked_at).await?;
    }
    let Some(lid) = lid.as_deref() else {
        return Ok(());
    };
    let pair = Pair {
        lid,
        phone: job.phone.clone(),
        name: None,
        said_at: job.asked_at,
        learnt_by: LidSource::Check,
    };
    if lids::learn(pool, location, &[pair], now + MEDIA_WAIT, now).await? {
        context.signals.inbound.notify_one();
        context.signals.inbound_media.notify_one();
    }
    Ok(())
}
