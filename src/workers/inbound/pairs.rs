//! Pictures and videos that come twice: the better form takes the place of the first one, and parts that show the same are
//! left out. The first one stays in reserve, because the better one may be lost.

use whatsapp_events::Message;

use crate::db::inbound::media;
use crate::db::inbound::media::{InChat, Named};
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::ids::WaMessageId;
use crate::workers::Context;

/// What a message is beside the one that it belongs to.
pub(super) enum Form {
    /// A message of its own.
    Own,
    /// The better form of one that arrived without its content: it is recorded under that id, so that the other adds nothing.
    First(WaMessageId),
    /// The better form of one that has not arrived. If that comes, its file is kept in reserve.
    Early(WaMessageId),
    /// The better form of one that arrived: its file takes the place of the other, if it is not too late.
    Better(WaMessageId),
    /// It shows nothing that the other does not show.
    Part,
}

impl Form {
    /// The id under which it is recorded, if that is not its own.
    pub(super) const fn id(&self) -> Option<&WaMessageId> {
        match self {
            Self::First(first) => Some(first),
            _ => None,
        }
    }

    /// The message whose better form it is, if its smaller one may still come.
    pub(super) const fn better_of(&self) -> Option<&WaMessageId> {
        match self {
            Self::First(of) | Self::Early(of) => Some(of),
            _ => None,
        }
    }

    /// Whether it is no message of its own in GHL.
    pub(super) const fn is_left_out(&self) -> bool {
        matches!(self, Self::Better(_) | Self::Part)
    }
}

/// Which form a message of a chat is. What belongs to no picture of its chat is a message of its own, because a sender
/// chooses which message it names.
pub(super) async fn form_of(
    context: &Context,
    job: &EventJob,
    message: &Message,
    conversation: &str,
) -> sqlx::Result<Form> {
    let pool = &context.pool;
    let in_chat = |id| InChat {
        location: &job.location_id,
        number: &job.number,
        conversation,
        from_me: message.from_me,
        id,
    };
    let Some(twin) = &message.twin else {
        let id = WaMessageId::from(message.id.as_str());
        return Ok(match &message.file {
            Some(file) if media::offer(pool, in_chat(&id), file).await? => Form::Part,
            _ => Form::Own,
        });
    };
    let Some(of) = twin.of.as_deref().filter(|_| twin.is_better) else {
        return Ok(Form::Part);
    };
    let of = WaMessageId::from(of);
    Ok(match media::find_named(pool, in_chat(&of)).await? {
        Named::Unknown => Form::Early(of),
        Named::Stub => Form::First(of),
        Named::File => Form::Better(of),
        Named::Other => Form::Own,
    })
}
