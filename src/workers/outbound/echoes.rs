//! GHL's echoes: deliveries of a message that was written on the business's phone and posted by us.
//!
//! Pure code that distinguishes them from an agent's messages, not by words alone: a delivery with the same words waits
//! only while such a message is being posted to GHL, until the id that GHL gave that message is known.

use time::{Duration, OffsetDateTime};

use crate::clients::ghl::StoredMessage;
use crate::db::outbound::OutboundJob;
use crate::db::outbound::outcomes::Outcome;
use crate::model::reason::Step;
use crate::workers::inbound::reconciliation::same_words;

/// GHL answers a post within a second or two. A delivery that has waited longer is checked less and less often.
const PAUSE: Duration = Duration::seconds(3);
/// After a lost answer, [`crate::workers::inbound`] searches GHL's echo within five minutes, including the lease of a
/// killed process, and then every few minutes. A delivery that waited longer than these pauses is an agent's message.
const MAX_WAIT: Duration = Duration::minutes(10);

/// The outcome of a claimed delivery that is an echo, or may be one; none when it is to be sent.
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
