//! What Waapify posted → inbound messages, receipts, link state.
//!
//! Owns: what becomes of each event. Refuses: reading bodies, which is [`crate::whatsapp`]'s, and calling anyone: an
//! event only changes rows, each change so that doing it twice is doing it once.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;
use tracing::{debug, warn};

use super::media::MEDIA_WAIT;
use super::plan::{Country, Plan, country_of, files, plan};
use super::{Context, Worker};
use crate::clients::waapify::Stop;
use crate::db::gateway_events::{self, EventJob};
use crate::db::inbound::{self, NewInbound, State};
use crate::db::media::NewMedia;
use crate::db::numbers;
use crate::db::outbound::{self, InFlight};
use crate::db::receipts::{self, SentPart};
use crate::ids::WaMessageId;
use crate::whatsapp::{
    self, Chat, Content, Event, FileFate, Message, Origin, Receipt, ReceiptLevel,
};

/// Reading an event is a few statements; a first login's contact list takes seconds.
const LEASE: Duration = Duration::seconds(60);
/// An event that ended its worker this often is kept, unread, for someone to look at; a database that comes and goes for
/// a quarter of an hour does not use that up.
const MAX_CLAIMS: i32 = 20;
/// A number that reports itself logged out is looked at again this often.
const HOLD: Duration = Duration::minutes(5);
/// Phones' clocks run ahead a little; a message from further ahead counts as written when it came.
const MAX_AHEAD: Duration = Duration::minutes(10);

/// The worker.
#[derive(Clone, Debug)]
pub struct GatewayEvents(pub Arc<Context>);

impl Worker for GatewayEvents {
    type Job = EventJob;
    const NAME: &'static str = "gateway_events";
    const CONCURRENCY: usize = 8;

    fn bell(&self) -> &Notify {
        &self.0.wake.gateway_events
    }

    async fn claim(&self, limit: i64) -> sqlx::Result<Vec<EventJob>> {
        gateway_events::claim(&self.0.pool, self.0.clock.now(), LEASE, limit).await
    }

    async fn process(&self, job: EventJob) -> sqlx::Result<()> {
        if job.claims > MAX_CLAIMS {
            return gateway_events::finish(&self.0.pool, &job, Some("it kept ending its worker"))
                .await;
        }
        match whatsapp::parse(&job.body) {
            Ok(webhook) => {
                for event in &webhook.events {
                    self.apply(&job, event).await?;
                }
                gateway_events::finish(&self.0.pool, &job, None).await
            }
            Err(error) => {
                warn!(location = %job.location_id, event = job.id, %error, "an event cannot be read");
                gateway_events::finish(&self.0.pool, &job, Some(&error.to_string())).await
            }
        }
    }

    async fn release(&self, jobs: &[EventJob]) -> sqlx::Result<()> {
        gateway_events::release(&self.0.pool, jobs, self.0.clock.now()).await
    }
}

impl GatewayEvents {
    async fn apply(&self, job: &EventJob, event: &Event) -> sqlx::Result<()> {
        match event {
            Event::Message(message) => self.message(job, message).await,
            Event::Receipt(receipt) => self.receipt(job, receipt).await,
            Event::Linked { .. } => {
                let mut connection = self.0.pool.acquire().await?;
                numbers::release_number(
                    &mut connection,
                    &job.location_id,
                    &job.number,
                    self.0.clock.now(),
                )
                .await?;
                self.0.wake.outbound.notify_one();
                Ok(())
            }
            Event::Unlinked => {
                warn!(location = %job.location_id, "the number was logged out of WhatsApp");
                let until = self.0.clock.now() + HOLD;
                let reason = Stop::LinkLost.sentence();
                let mut connection = self.0.pool.acquire().await?;
                numbers::hold_number(
                    &mut connection,
                    &job.location_id,
                    &job.number,
                    reason,
                    until,
                )
                .await
            }
            Event::Call(_) | Event::Contact(_) | Event::Group(_) => Ok(()),
            Event::Ignored { what, .. } => {
                debug!(location = %job.location_id, event = job.id, %what, "ignored");
                Ok(())
            }
        }
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
        self.0.wake.status_updates.notify_one();
        Ok(())
    }

    async fn message(&self, job: &EventJob, message: &Message) -> sqlx::Result<()> {
        let id = WaMessageId::from(message.id.as_str());
        if message.origin == Origin::OwnEcho {
            self.confirm_send(job, message, &id).await?;
        }
        let text = whatsapp::text_of(message, None, FileFate::None);
        let Some(state) = enter(message, text.as_deref()) else {
            return Ok(());
        };
        let (conversation, phone) = match &message.chat {
            Chat::Person(person) => {
                let conversation = person
                    .phone
                    .as_deref()
                    .or(person.lid.as_deref())
                    .unwrap_or_default();
                (conversation, person.phone.as_deref())
            }
            Chat::Group(group) => (group.as_str(), None),
            Chat::Broadcast | Chat::Status | Chat::Newsletter | Chat::Other => ("", None),
        };
        let ignored = matches!(state, State::Ignored(_));
        let now = self.0.clock.now();
        let file = message.file.as_ref().filter(|_| state == State::Accepted);
        let until = now + MEDIA_WAIT;
        let media = file.map(|file| NewMedia { file, until });
        let new = NewInbound {
            location: &job.location_id,
            number: &job.number,
            wa_message_id: &id,
            from_me: message.from_me,
            conversation,
            phone,
            sender_name: message.sender_name.as_deref(),
            text: text.as_deref().filter(|_| !ignored),
            sent_at: sent_at(message, job.received_at),
            state,
            media,
        };
        inbound::record_message(&self.0.pool, &new, now).await?;
        self.0.wake.inbound.notify_one();
        self.0.wake.media.notify_one();
        Ok(())
    }

    /// An echo of our own send proves that it left, which its sender may not know (yet): the part on its way to that
    /// chat with that text is the one.
    async fn confirm_send(
        &self,
        job: &EventJob,
        message: &Message,
        id: &WaMessageId,
    ) -> sqlx::Result<()> {
        let (pool, location) = (&self.0.pool, &job.location_id);
        let Chat::Person(whatsapp::Person {
            phone: Some(chat), ..
        }) = &message.chat
        else {
            return Ok(());
        };
        if receipts::is_ours(pool, location, &job.number, id).await? {
            return Ok(());
        }
        for candidate in outbound::list_in_flight(pool, location, &job.number, chat).await? {
            if !says_the_same(&candidate, country_of(&job.number), &message.content) {
                continue;
            }
            let sent = SentPart {
                location,
                message: candidate.id,
                number: &job.number,
                part: candidate.parts_sent,
                wa_message_id: id,
            };
            receipts::record_sent(pool, sent, "WhatsApp echoed it", self.0.clock.now()).await?;
            self.0.wake.outbound.notify_one();
            break;
        }
        Ok(())
    }
}

/// Whether an echo's content is that of a part.
fn says_the_same(candidate: &InFlight, country: Option<Country>, content: &Content) -> bool {
    let files = files::known(candidate.files.as_deref());
    let Plan::Send { parts, .. } = plan(&candidate.body, country, files.as_deref()) else {
        return false;
    };
    let part = usize::try_from(candidate.parts_sent).ok();
    let part = part.and_then(|part| parts.get(part));
    part.is_some_and(|part| match content {
        Content::Text(text) => part.media.is_none() && *text == part.text,
        Content::NotText { caption, .. } => {
            part.media.is_some() && caption.as_deref().unwrap_or_default() == part.text
        }
        Content::Edited(_) | Content::Deleted | Content::Undecrypted | Content::Noise => false,
    })
}

/// How a message enters; none when its id must stay free, because its content is still to come or nobody wrote it, and
/// for what changes an older message.
fn enter<'a>(message: &Message, text: Option<&str>) -> Option<State<'a>> {
    if matches!(
        message.content,
        Content::Edited(_) | Content::Deleted | Content::Undecrypted | Content::Noise
    ) {
        return None;
    }
    Some(match (&message.chat, message.origin) {
        (Chat::Group(_), _) => State::Ignored("a group message"),
        (Chat::Broadcast | Chat::Status | Chat::Newsletter | Chat::Other, _) => {
            State::Ignored("a broadcast, status or channel message")
        }
        (Chat::Person(_), Origin::OwnEcho) => {
            State::Ignored("the echo of a message sent through Waapify")
        }
        (Chat::Person(_), Origin::OwnPhone) => {
            State::Ignored("written on the business's own phone")
        }
        (Chat::Person(_), Origin::Customer) if text.is_none() => State::Ignored("it says nothing"),
        (Chat::Person(person), Origin::Customer) if person.phone.is_none() => {
            State::Held("WhatsApp hides the sender's number")
        }
        (Chat::Person(_), Origin::Customer) => State::Accepted,
    })
}

fn sent_at(message: &Message, received_at: OffsetDateTime) -> OffsetDateTime {
    let believable = message.sent_at.filter(|at| *at <= received_at + MAX_AHEAD);
    believable.unwrap_or(received_at)
}
