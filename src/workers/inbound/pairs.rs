//! Pictures and videos that come twice: the better form takes the place of the first one, and parts that show the same are
//! left out.

use whatsapp_events::Message;

use crate::db::inbound::media;
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::ids::WaMessageId;
use crate::workers::Context;

/// What a message is beside the one that it belongs to.
pub(super) enum Form {
    /// A message of its own.
    Own,
    /// The better form of one that has not arrived: it is recorded under that id, so that the other adds nothing.
    First(WaMessageId),
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

    /// Whether it is no message of its own in GHL.
    pub(super) const fn is_left_out(&self) -> bool {
        matches!(self, Self::Better(_) | Self::Part)
    }
}

/// Which form a message is.
pub(super) async fn form_of(
    context: &Context,
    job: &EventJob,
    message: &Message,
) -> sqlx::Result<Form> {
    let Some(twin) = &message.twin else {
        return Ok(Form::Own);
    };
    let Some(of) = twin.of.as_deref().filter(|_| twin.is_better) else {
        return Ok(Form::Part);
    };
    let (of, from_me) = (WaMessageId::from(of), message.from_me);
    let (pool, location) = (&context.pool, &job.location_id);
    let has_arrived = media::has_arrived(pool, location, &job.number, &of, from_me).await?;
    Ok(if has_arrived {
        Form::Better(of)
    } else {
        Form::First(of)
    })
}
