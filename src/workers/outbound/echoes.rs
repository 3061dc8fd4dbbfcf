//! Deliveries that are GHL's echo of a message that was written on the business's phone and posted by us.
//!
//! Owns: telling them from what an agent sends; pure. Refuses: guessing by words alone: only while such a message is on
//! its way to GHL does a delivery with the same words wait, until the id that GHL gave it is known.

use time::{Duration, OffsetDateTime};

use crate::clients::ghl::StoredMessage;
use crate::db::outbound::OutboundJob;
use crate::db::outbound::outcomes::Outcome;
use crate::model::reason::Step;
use crate::workers::inbound::reconciliation::same_words;

/// GHL answers a post within a second or two. What has waited longer is looked at ever more rarely.
const PAUSE: Duration = Duration::seconds(3);
/// After a lost answer GHL's echo is looked for within five minutes, the lease of a killed process included, and then
/// every few minutes (`relay::inbound`); what waited longer than any of these pauses is an agent's message.
const MAX_WAIT: Duration = Duration::minutes(10);

/// What becomes of a claimed delivery that is an echo, or may be one; none when it is to be sent.
pub(super) fn judge(job: &OutboundJob, now: OffsetDateTime) -> Option<(Outcome<'static>, Step)> {
    if job.is_echo {
        return Some((Outcome::Ignored, Step::GhlEcho));
    }
    let mirroring = job.mirroring.as_ref().filter(|_| job.parts_sent == 0)?;
    let waited = now - job.accepted_at;
    let delivery = whatsapp_events::json::parse(&job.body).ok()?;
    let delivered = StoredMessage::read(&delivery)?;
    let waits = waited < MAX_WAIT && same_words(&delivered.text, mirroring);
    waits.then(|| {
        (
            Outcome::Snooze(now + PAUSE.max(waited / 2)),
            Step::GhlEchoPerhaps,
        )
    })
}
