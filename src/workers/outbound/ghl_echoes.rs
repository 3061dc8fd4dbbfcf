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
pub(super) fn recognise(
    job: &OutboundJob,
    now: OffsetDateTime,
) -> Option<(Outcome<'static>, Step)> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{GhlMessageId, LocationId, MessageId};

    const NOON: OffsetDateTime = time::macros::datetime!(2026-11-21 12:00 UTC);

    /// Accepted at noon, while a message with the same words is being posted.
    fn job() -> OutboundJob {
        OutboundJob {
            location_id: LocationId::from("l"),
            id: MessageId(1),
            ghl_message_id: GhlMessageId::from("m"),
            body: br#"{"messageId":"m","message":"on the  way"}"#.to_vec(),
            files: None,
            number: None,
            instance_id: None,
            access_token: None,
            is_held: false,
            is_echo: false,
            mirroring: Some("on the way".to_owned()),
            parts_sent: 0,
            failures: 0,
            failing: None,
            crashed_attempts: 0,
            unconfirmed_sends: 0,
            attempt: 1,
            accepted_at: NOON,
            failing_since: None,
            is_failing: false,
            cold_until: None,
            is_persons_first: false,
        }
    }

    /// How many seconds after noon a delivery is looked at again that is looked at after so many; none if it is sent.
    fn again(job: &OutboundJob, after: i64) -> Option<i64> {
        match recognise(job, NOON + Duration::seconds(after))? {
            (Outcome::Snooze(due), Step::GhlEchoPerhaps) => Some((due - NOON).whole_seconds()),
            _ => None,
        }
    }

    #[test]
    fn what_may_be_an_echo_is_looked_at_less_and_less_often_for_ten_minutes() {
        for (after, next) in [
            (0, Some(3)),
            (6, Some(9)),
            (60, Some(90)),
            (598, Some(897)),
            (600, None),
        ] {
            assert_eq!(again(&job(), after), next, "{after}");
        }
    }

    #[test]
    fn other_words_and_what_has_left_in_part_are_sent() {
        let mut other = job();
        other.mirroring = Some("on my way".to_owned());
        let mut begun = job();
        begun.parts_sent = 1;
        for sent in [other, begun] {
            assert!(recognise(&sent, NOON).is_none());
        }
        let mut echo = job();
        echo.is_echo = true;
        let recognised = recognise(&echo, NOON);
        assert!(matches!(
            recognised,
            Some((Outcome::Ignored, Step::GhlEcho))
        ));
    }
}
