//! A message to somebody who never wrote, at its turn: it leaves if its number may write to one more such person now, or waits for
//! that. Nobody gets the same text twice in a day.
//!
//! The claim takes one such message of a number at a time, and puts the time of the next to the end of its lease; whatever
//! becomes of the message sets that time again. When it may leave is decided in [`crate::model::protection`].

use time::{Duration, OffsetDateTime};
use tracing::info;

use crate::accounts::connect;
use crate::clients::waapify::Presence;
use crate::crypto;
use crate::db::contacts::phone_checks;
use crate::db::contacts::phone_checks::Known;
use crate::db::numbers::protection;
use crate::db::numbers::protection::Of;
use crate::db::outbound;
use crate::db::outbound::outcomes::Outcome;
use crate::db::outbound::{OutboundJob, Recipient, outcomes, sources};
use crate::model::protection::{Counts, Limits, SAME_TEXT, Verdict, decide, next};
use crate::model::reason::{Failure, Reason, Step, Wait};
use crate::model::states::PhoneAnswer;
use crate::workers::outbound::{Message, Outbound, opted_out};
use crate::workers::phone_checks::{AGAIN, learn};

/// How long a message waits until GHL was asked who wrote it.
const ASKING: Duration = Duration::seconds(3);

/// What becomes of such a message at its turn.
pub(super) enum Turn {
    /// Its send may start, and is recorded.
    Started,
    /// Its send was not recorded: the claim is lost, or the contact has opted out.
    NotStarted,
    /// It has ended or waits.
    Over,
}

/// A message with what decides about it.
struct Case<'a> {
    job: &'a OutboundJob,
    of: Of<'a>,
    recipient: Recipient<'a>,
    phone: &'a str,
    limits: Limits,
    /// WhatsApp refused a message: nothing leaves to people who never wrote until then.
    stopped_until: Option<OffsetDateTime>,
    /// What recognises the same text.
    hash: Vec<u8>,
}

impl Outbound {
    /// Decides about a claimed message to somebody who never wrote.
    pub(super) async fn start_to_stranger(
        &self,
        job: &OutboundJob,
        recipient: Recipient<'_>,
        message: &Message,
    ) -> sqlx::Result<Turn> {
        let (Some(number), Some(phone)) = (job.number.as_deref(), recipient.forms.first()) else {
            return Ok(Turn::NotStarted);
        };
        let of = Of {
            location: &job.location_id,
            number,
        };
        if protection::has_written(&self.0.pool, of.location, recipient.forms).await? {
            // Its contact never wrote, its phone did: under another contact, or as a member of staff.
            return self.start_to_known(job, recipient, message).await;
        }
        let Some(protection) = protection::find(&self.0.pool, of).await? else {
            return Ok(Turn::NotStarted);
        };
        let case = Case {
            job,
            of,
            recipient,
            phone,
            limits: protection.limits(self.0.clock.now()),
            stopped_until: protection.strangers_from,
            hash: hash_of(message),
        };
        if self.was_sent_lately(&case).await? {
            if !self.asks_whether_person(job).await? {
                self.fail(job, Failure::SameTextToday.into()).await?;
            }
            self.refund_pacing_slot(job).await?;
            return Ok(Turn::Over);
        }
        self.take_turn(&case, message.part_count()).await
    }

    /// Starts the send of a message that need not wait for a turn after all.
    async fn start_to_known(
        &self,
        job: &OutboundJob,
        recipient: Recipient<'_>,
        message: &Message,
    ) -> sqlx::Result<Turn> {
        self.refund_strangers_turn(job).await?;
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        let parts = message.part_count();
        Ok(
            if outbound::mark_send_started(pool, job, recipient, parts, now).await? {
                Turn::Started
            } else {
                Turn::NotStarted
            },
        )
    }

    /// Whether the same text went to this phone lately, and no person wrote this one.
    async fn was_sent_lately(&self, case: &Case<'_>) -> sqlx::Result<bool> {
        let (location, since) = (case.of.location, self.0.clock.now() - SAME_TEXT);
        let (pool, id) = (&self.0.pool, case.job.id);
        let was_sent =
            protection::was_sent(pool, location, case.phone, &case.hash, id, since).await?;
        Ok(was_sent && !self.is_persons(case.job).await?)
    }

    /// Records the departure of a message, its place and the time of the next one, or has it wait or asks about its phone.
    async fn take_turn(&self, case: &Case<'_>, parts: i32) -> sqlx::Result<Turn> {
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        let Case {
            of, phone, limits, ..
        } = case;
        let known = if self.0.checks_strangers {
            Some(phone_checks::find(pool, of.location, phone, now - AGAIN).await?)
        } else {
            None
        };
        if known == Some(Known::Answered(PhoneAnswer::No)) {
            self.fail(case.job, Failure::NoWhatsApp.into()).await?;
            self.refund_pacing_slot(case.job).await?;
            return Ok(Turn::Over);
        }
        let mut tx = pool.begin().await?;
        protection::lock(&mut tx, *of).await?;
        let (counts, is_known) = protection::count(&mut tx, *of, limits, phone, now).await?;
        let verdict = decide(limits, counts, !is_known, case.stopped_until, now);
        if let Verdict::Later { at, why } = verdict {
            protection::set_next(&mut tx, *of, at, Some(&why), now).await?;
            tx.commit().await?;
            self.wait_for_turn(case.job, &why).await?;
            return Ok(Turn::Over);
        }
        let counts = with_one(counts, is_known);
        if known == Some(Known::NotAsked) {
            protection::note_contact(&mut tx, *of, limits.day(now), phone, now).await?;
            tx.commit().await?;
            self.ask_about_phone(case, counts).await?;
            return Ok(Turn::Over);
        }
        let (job, recipient) = (case.job, case.recipient);
        if !outbound::mark_send_started(&mut *tx, job, recipient, parts, now).await? {
            return Ok(Turn::NotStarted);
        }
        protection::note_contact(&mut tx, *of, limits.day(now), phone, now).await?;
        protection::note_text(&mut tx, of.location, phone, &case.hash, job.id, now).await?;
        let (next_at, why) = next(limits, counts, now, rand::random());
        protection::set_next(&mut tx, *of, next_at, why.as_ref(), now).await?;
        tx.commit().await?;
        Ok(Turn::Started)
    }

    /// Whether a person wrote it, as far as is known: GHL says so, or does not say and the delivery names a user.
    async fn is_persons(&self, job: &OutboundJob) -> sqlx::Result<bool> {
        let source = sources::find(&self.0.pool, &job.location_id, job.id).await?;
        Ok(source.is_some_and(|source| source.is_persons(opted_out::has_sender(job))))
    }

    /// Puts a message back until its number may write to people who never wrote. If a person may have written it, GHL is asked:
    /// then it need not wait.
    async fn wait_for_turn(&self, job: &OutboundJob, why: &Reason) -> sqlx::Result<()> {
        if !self.asks_whether_person(job).await? {
            let now = self.0.clock.now();
            outcomes::snooze(&self.0.pool, job, why, now, now).await?;
        }
        self.refund_pacing_slot(job).await
    }

    /// Asks GHL whether a person wrote a message, if that is not known, and puts it back meanwhile. False if nobody is asked.
    async fn asks_whether_person(&self, job: &OutboundJob) -> sqlx::Result<bool> {
        let (pool, location, now) = (&self.0.pool, &job.location_id, self.0.clock.now());
        let asks = opted_out::has_sender(job)
            && sources::ask_if_unknown(pool, location, job.id, now).await?;
        if asks {
            self.0.signals.sources.notify_one();
            let asking = Wait::AskingWhetherPerson.into();
            outcomes::snooze(pool, job, &asking, now + ASKING, now).await?;
        }
        Ok(asks)
    }

    /// Asks Waapify about a phone that was never written to, then puts its message back, to leave at once; or fails it, if
    /// there is no WhatsApp. The question has taken a place of the day's cap.
    async fn ask_about_phone(&self, case: &Case<'_>, counts: Counts) -> sqlx::Result<()> {
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        let (job, of) = (case.job, case.of);
        let check = phone_checks::begin(pool, job, case.phone, now - AGAIN, now).await?;
        let presence = match &check {
            Some(check) => {
                let credentials =
                    connect::open_credentials(&self.0.sealer, of.location, &check.sender());
                match credentials {
                    Ok(credentials) => (self.0.waapify).check_phone(&credentials, case.phone).await,
                    Err(_) => Presence::Unknown,
                }
            }
            None => Presence::Unknown,
        };
        let answer = PhoneAnswer::from(&presence);
        info!(location = %of.location, answer = answer.as_str(), "asked before a first contact");
        if let Some(check) = &check {
            phone_checks::record(pool, check, answer).await?;
            learn(&self.0, check, presence).await?;
        }
        let now = self.0.clock.now();
        if answer == PhoneAnswer::No {
            let (next_at, why) = next(&case.limits, counts, now, rand::random());
            let mut connection = pool.acquire().await?;
            protection::set_next(&mut connection, of, next_at, why.as_ref(), now).await?;
            drop(connection);
            self.fail(job, Failure::NoWhatsApp.into()).await?;
        } else {
            self.finish(job, Outcome::Snooze(now), &Step::PhoneAsked.into())
                .await?;
        }
        self.refund_pacing_slot(job).await
    }

    /// Counts somebody who never wrote and to whom a person writes: such messages never wait, and use a place of the day's cap.
    pub(super) async fn note_persons_contact(
        &self,
        job: &OutboundJob,
        forms: &[String],
    ) -> sqlx::Result<()> {
        let Some(number) = job.number.as_deref() else {
            return Ok(());
        };
        let of = Of {
            location: &job.location_id,
            number,
        };
        protection::note_persons_contact(&self.0.pool, of, forms, self.0.clock.now()).await
    }

    /// After an attempt at a message to somebody who never wrote: if nothing decided when the next one may leave, now.
    pub(super) async fn refund_strangers_turn(&self, job: &OutboundJob) -> sqlx::Result<()> {
        let (Some(number), Some(lease_ends_at)) = (job.number.as_deref(), job.cold_until) else {
            return Ok(());
        };
        let of = Of {
            location: &job.location_id,
            number,
        };
        let now = self.0.clock.now();
        protection::refund(&self.0.pool, of, lease_ends_at, now).await
    }
}

/// With the one that leaves now, if it is the first to its phone today.
const fn with_one(counts: Counts, is_known: bool) -> Counts {
    let more = if is_known { 0 } else { 1 };
    Counts {
        today: counts.today + more,
        this_hour: counts.this_hour + more,
    }
}

/// What recognises the same message to the same phone.
fn hash_of(message: &Message) -> Vec<u8> {
    let texts = message.parts.iter().flat_map(|part| {
        let file = part.media.as_ref().map(|file| file.url.as_str());
        [Some(part.text.as_str()), file].into_iter().flatten()
    });
    crypto::hash_texts(texts)
}
