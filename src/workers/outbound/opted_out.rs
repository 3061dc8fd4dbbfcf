//! A message to a contact who opted out, at its turn: a person's leaves, everything else ends.

use time::Duration;

use crate::clients::ghl::DeliveryHead;
use crate::db::opt_outs::ending;
use crate::db::outbound::sources;
use crate::db::outbound::{OutboundJob, Recipient, outcomes};
use crate::model::reason::Wait;
use crate::model::states::Source;
use crate::workers::outbound::Outbound;

/// How long a message waits until GHL was asked who wrote it.
const ASKING: Duration = Duration::seconds(3);

/// Whether the delivery names the user who sent it.
pub(super) fn has_sender(job: &OutboundJob) -> bool {
    DeliveryHead::read(&whatsapp_events::json::text(&job.body)).has_sender
}

impl Outbound {
    /// Decides about a message whose send was not begun. True for the one answer to a customer who opted out, which leaves all
    /// the same; otherwise the claim is lost, or the message has ended or waits for GHL's word.
    pub(super) async fn is_exempt(
        &self,
        job: &OutboundJob,
        recipient: Recipient<'_>,
    ) -> sqlx::Result<bool> {
        let (pool, location, now) = (&self.0.pool, &job.location_id, self.0.clock.now());
        let found = ending::find(pool, location, job.id, recipient.forms).await?;
        let Some(block) = found else {
            return Ok(false);
        };
        // The answer is sent by a program: by us.
        let may_be_answer = matches!(block.source, None | Some(Source::Api | Source::Unknown));
        if may_be_answer
            && ending::take_answer(pool, location, job.id, recipient.forms, &text_of(job)).await?
        {
            return Ok(true);
        }
        if block.source.is_none() {
            sources::ask_about(pool, location, job.id, now).await?;
            self.0.signals.sources.notify_one();
            let wait = Wait::AskingWhoWrote.into();
            outcomes::snooze(pool, job, &wait, now + ASKING, now).await?;
            self.refund_pacing_slot(job).await?;
            return Ok(false);
        }
        self.fail(job, ending::failure(block.by)).await?;
        self.refund_pacing_slot(job).await?;
        Ok(false)
    }
}

/// The text as GHL delivered it.
fn text_of(job: &OutboundJob) -> String {
    let body = whatsapp_events::json::text(&job.body);
    let [message] = whatsapp_events::json::pick(&body, ["message"]);
    whatsapp_events::json::scalar(message).trim().to_owned()
}
