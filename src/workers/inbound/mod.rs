//! Customers' messages, and those written on the business's phone → GHL: finds or creates the contact, and posts the
//! message into its conversation.
//!
//! Owns one attempt at a message. It must not post a message again that GHL may have, before it has checked GHL's
//! conversation (`lookup`, `reconciliation`). `retries` decides when it is tried again. `record`, `calls` and `lids` store
//! what Waapify reports.

mod beginnings;
pub(super) mod calls;
pub(super) mod contacts;
mod early_edits;
mod last_numbers;
pub(in crate::workers) mod lids;
mod lookup;
mod opt_outs;
mod own_sends;
mod pairs;
mod readable;
pub(in crate::workers) mod reconciliation;
pub(in crate::workers) mod record;
mod retries;
mod storing;

use std::sync::Arc;

use time::Duration;
use tracing::info;

use self::contacts::Contact;
use self::lookup::Looked;
use self::reconciliation::End;
use crate::accounts::tokens::TokenError;
use crate::clients::ghl::{CallLog, Direction, InboundMessage, Posted, StoredMessage};
use crate::db::contacts::lids::show_hidden;
use crate::db::contacts::phones;
use crate::db::inbound;
use crate::db::inbound::{InboundJob, late, media, posts, undecrypted};
use crate::db::queue::{Capacity, location_key};
use crate::db::webhooks::ghl_events;
use crate::model::ids::{ContactId, GhlMessageId};
use crate::model::reason::{Reason, Step, Wait};
use crate::model::retry_schedule::{HIDDEN_POST, REFUSED_LOOK};
use crate::model::states::CallEnd;
use crate::runtime::counters::Leg;
use crate::runtime::notify::Signal;
use crate::workers::inbound::contacts::Sender;
use crate::workers::inbound_media::{BUSY_WAIT, MEDIA_WAIT, NewLink};
use crate::workers::recording::until_recorded;
use crate::workers::{Context, Worker};

/// Three calls of at most 30 s, and a refresh; the post has a lease of its own.
const LEASE: Duration = Duration::seconds(150);
/// How long a message waits after a lost answer: GHL's search finds it after about a minute
/// (`docs/vendors/ghl.md#conversation-search`), and another half minute is allowed for.
const INDEX_LAG: Duration = Duration::seconds(90);
/// The same where the conversation is known, and its messages are read: GHL may still be storing the message.
const STORING: Duration = Duration::seconds(10);
/// A post takes 30 s, or about 100 s with a renewal of the token and a second call.
const LONGEST_POST: Duration = Duration::seconds(100);
/// How long a message waits for the phone of its sender. WhatsApp names it within minutes, if at all: after a quarter of an
/// hour the business can still answer.
pub(in crate::workers) const PHONE_WAIT: Duration = Duration::minutes(15);
/// How long a message waits once more for a file that had no call yet: the location has calls again.
const FILES_TURN: Duration = Duration::seconds(10);
/// Attempts that a failure of the database or a killed process may end. After more, the job itself is taken as the
/// cause.
const MAX_CRASHED_ATTEMPTS: i32 = 20;

/// The worker.
#[derive(Clone, Debug)]
pub struct Inbound(pub Arc<Context>);

impl Worker for Inbound {
    type Job = InboundJob;
    const NAME: &'static str = "inbound";
    const CONCURRENCY: usize = 32;
    /// More than GHL's limit on calls lets a location use, unless GHL is slow.
    const SHARE: usize = 4;

    fn signal(&self) -> &Signal {
        &self.0.signals.inbound
    }

    fn holder(job: &InboundJob) -> Option<String> {
        Some(location_key(&job.location_id))
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<InboundJob>> {
        let capacity = capacity.into();
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        undecrypted::expire(pool, now).await?;
        show_hidden(pool, now - PHONE_WAIT, now).await?;
        late::release_shown(pool, (now - PHONE_WAIT, now + MEDIA_WAIT), now).await?;
        self.claim_ready(capacity).await
    }

    async fn claim_ready(
        &self,
        capacity: impl Into<Capacity> + Send,
    ) -> sqlx::Result<Vec<InboundJob>> {
        let capacity = capacity.into();
        inbound::claim(&self.0.pool, self.0.clock.now(), LEASE, capacity).await
    }

    async fn process(&self, mut job: InboundJob) -> sqlx::Result<()> {
        if job.attempt - job.failures - job.waits > MAX_CRASHED_ATTEMPTS {
            return self.fail(&job, &Step::Poison.into()).await;
        }
        if job.is_file_held {
            return self.wait_with_file(&job).await;
        }
        if job.is_file_untried && self.0.clock.now() - job.file_since < BUSY_WAIT {
            return self.wait_for_file(&job).await;
        }
        let contact = match self.prepare(&mut job).await {
            Ok(Prepared::Post(contact)) => contact,
            Ok(Prepared::WasStored(message)) => {
                info!(location = %job.location_id, message_id = %job.id, ghl_message_id = %message, "GHL has it, its answer was lost");
                return self.finish_posted(&job, Ok(&message)).await;
            }
            Ok(Prepared::IsInGhl) => {
                info!(location = %job.location_id, message_id = %job.id, "GHL has it, its answer was lost");
                return self
                    .finish_posted(&job, Err(&Step::AnswerLost.into()))
                    .await;
            }
            Ok(Prepared::IsHidden(pause)) => return self.look_again(&job, pause).await,
            Err(error) => return self.reschedule(&job, error, INDEX_LAG).await,
        };
        if job.lacks_file {
            self.settle_file(&mut job).await?;
            beginnings::leave_out_line(&self.0, &mut job, &contact.id).await?;
        }
        let now = self.0.clock.now();
        let lease = LONGEST_POST + rest_after(&contact);
        if !posts::mark_post_started(&self.0.pool, &job, &contact.id, now + lease, now).await? {
            return Ok(());
        }
        match self.post(&job, &contact.id).await {
            Ok(Posted {
                message,
                conversation,
            }) => {
                info!(location = %job.location_id, message_id = %job.id, ghl_message_id = %message, "posted to GHL");
                self.finish_posted(&job, Ok(&message)).await?;
                self.keep_conversation(&job, &contact, conversation).await
            }
            Err(error) => {
                job.unconfirmed = is_unconfirmed(&job, &error);
                self.reschedule(&job, error, rest_after(&contact)).await
            }
        }
    }

    /// A post that is cut off may still reach GHL now, so the rest starts now.
    async fn release(&self, jobs: &[InboundJob]) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        inbound::release(&self.0.pool, jobs, now + INDEX_LAG, now).await
    }
}

/// Whether GHL may have the message after this failed post. If its contact is gone, an earlier post may have moved to
/// another contact with it.
fn is_unconfirmed(job: &InboundJob, error: &TokenError) -> bool {
    let TokenError::Call(call) = error else {
        return false;
    };
    call.may_have_arrived || job.unconfirmed && call.says_contact_is_gone()
}

/// How long a message rests after a post whose outcome is unknown, before it is looked for.
const fn rest_after(contact: &Contact) -> Duration {
    if contact.conversation.is_some() {
        STORING
    } else {
        INDEX_LAG
    }
}

/// What to do with a claimed message.
enum Prepared {
    /// Post it to this contact.
    Post(Contact),
    /// GHL reported in an event that it has it, under this id.
    WasStored(GhlMessageId),
    /// GHL's conversation shows it.
    IsInGhl,
    /// GHL may have it, and may report it in an event, or show it in a list or its search, within this time.
    IsHidden(Duration),
}

impl Inbound {
    /// Everything before the post. If the outcome of an earlier post is unknown, GHL's conversation is checked first.
    async fn prepare(&self, job: &mut InboundJob) -> Result<Prepared, TokenError> {
        let sender = Sender {
            phone: &job.phone,
            number: &job.number,
            name: job.sender_name.as_deref(),
            wrote_at: (!job.from_me).then_some(job.sent_at),
            answers: job.contact_id.as_ref(),
            gone: &job.gone_contacts,
        };
        let contact = contacts::find_or_make(&self.0, &job.location_id, sender).await?;
        beginnings::leave_out_line(&self.0, job, &contact.id).await?;
        if !job.unconfirmed {
            return Ok(Prepared::Post(contact));
        }
        if let Some(message) = self.find_stored(job, &contact.id).await? {
            return Ok(Prepared::WasStored(message));
        }
        let end = match lookup::look(&self.0, job, &contact).await? {
            Looked::Found(message) => return Ok(Prepared::WasStored(message)),
            Looked::NotThere => End::Older,
            Looked::Compared(end) => end,
            Looked::Early(pause) => return Ok(Prepared::IsHidden(pause)),
            Looked::Refused => {
                // The contact may be gone, with its messages in another.
                self.doubt_contact(job).await?;
                let pause = REFUSED_LOOK.pause(job.reconciliations, rand::random());
                return Ok(pause.map_or(Prepared::Post(contact), Prepared::IsHidden));
            }
        };
        match end {
            End::Ours => Ok(Prepared::IsInGhl),
            End::Unknown if ghl_events::are_told_of(&self.0.pool, &job.location_id).await? => {
                let pause = HIDDEN_POST.pause(job.reconciliations, rand::random());
                Ok(pause.map_or(Prepared::Post(contact), Prepared::IsHidden))
            }
            End::Older | End::Unknown => Ok(Prepared::Post(contact)),
        }
    }

    /// The id of the message from GHL's event about it, if the app's webhook gets those, or from GHL's echo of it to
    /// the delivery URL, which waits unsent meanwhile. It has the same words, arrived after the post started, and is
    /// not known as another message.
    async fn find_stored(
        &self,
        job: &InboundJob,
        contact: &ContactId,
    ) -> sqlx::Result<Option<GhlMessageId>> {
        let (pool, location) = (&self.0.pool, &job.location_id);
        let Some(place) = job.post_sequence else {
            return Ok(None);
        };
        let events =
            ghl_events::list_stored_messages(pool, location, contact, job.from_me, place).await?;
        let echoes = if job.from_me {
            posts::list_unsent_deliveries(pool, location, contact, place).await?
        } else {
            Vec::new()
        };
        for body in events.into_iter().chain(echoes) {
            let event = whatsapp_events::json::parse(&body).ok();
            let Some(stored) = event.as_ref().and_then(StoredMessage::read) else {
                continue;
            };
            if reconciliation::is_reported_by(&stored, job)
                && !posts::is_known(pool, location, &stored.id).await?
            {
                return Ok(Some(stored.id));
            }
        }
        Ok(None)
    }

    async fn post(&self, job: &InboundJob, contact: &ContactId) -> Result<Posted, TokenError> {
        let (ours, theirs) = (format!("+{}", job.number), format!("+{}", job.phone));
        let (from, to) = if job.from_me {
            (&ours, &theirs)
        } else {
            (&theirs, &ours)
        };
        let log = |status| CallLog { from, to, status };
        // If GHL refused a call log once, the next try posts a line of text.
        let status = job.call_status.filter(|_| job.failures == 0);
        let status = status.map(CallEnd::as_str);
        let message = InboundMessage {
            direction: if job.from_me {
                Direction::Outbound
            } else {
                Direction::Inbound
            },
            contact_id: contact,
            message: &job.text,
            alt_id: job.wa_message_id.as_str(),
            date: job.sent_at,
            attachments: job.attachment.as_slice(),
            call: status.map(log),
        };
        self.0
            .tokens
            .call(&job.location_id, |ghl, token| {
                let message = &message;
                async move { ghl.post_inbound(&token, message).await }
            })
            .await
    }

    /// The file waits for the location's token, which the message needs, too. It is tried once more when the token works.
    async fn wait_with_file(&self, job: &InboundJob) -> sqlx::Result<()> {
        if let Err(error) = self.0.tokens.check(&job.location_id).await {
            return self.reschedule(job, error, INDEX_LAG).await;
        }
        media::open(&self.0.pool, job, self.0.clock.now()).await?;
        self.0.signals.inbound_media.notify_one();
        self.wait_for_file(job).await
    }

    async fn wait_for_file(&self, job: &InboundJob) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        let wait = Wait::RateLimited.into();
        inbound::snooze(&self.0.pool, job, &wait, now + FILES_TURN, now).await
    }

    /// The message has waited long enough for its file: it gets a link, with which the reader downloads the file.
    async fn settle_file(&self, job: &mut InboundJob) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        let link = NewLink::new(&self.0, "file");
        (job.text, job.attachment) = media::settle(&self.0.pool, job, link.borrowed(), now).await?;
        Ok(())
    }

    async fn finish_posted(
        &self,
        job: &InboundJob,
        message: Result<&GhlMessageId, &Reason>,
    ) -> sqlx::Result<()> {
        self.0.counters.inbound_ended("posted");
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        self.0
            .counters
            .message_took(Leg::Posted, now - job.accepted_at);
        until_recorded(|| inbound::finish_posted(pool, job, message, now)).await
    }

    /// The conversation is read after an answer is lost, without GHL's search.
    async fn keep_conversation(
        &self,
        job: &InboundJob,
        contact: &Contact,
        conversation: Option<String>,
    ) -> sqlx::Result<()> {
        match conversation {
            Some(new) if contact.conversation.as_ref() != Some(&new) => {
                phones::save_conversation(&self.0.pool, &job.location_id, &contact.id, &new).await
            }
            _ => Ok(()),
        }
    }

    async fn look_again(&self, job: &InboundJob, pause: Duration) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        posts::reschedule_reconciliation(
            &self.0.pool,
            job,
            &Step::AnswerHidden.into(),
            now + pause,
            now,
        )
        .await
    }
}
