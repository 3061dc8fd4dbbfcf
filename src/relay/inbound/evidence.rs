//! Whether GHL's last message of a conversation is ours; pure.
//!
//! Owns: the one comparison. Refuses: believing what two messages would explain: a message that is posted twice is
//! better than one that is missing.

use time::{Duration, OffsetDateTime};

use crate::clients::ghl::LastMessage;
use crate::db::departures::Predecessor;
use crate::db::inbound::InboundJob;

/// What two clocks may differ by; WhatsApp's dates have whole seconds.
pub(super) const SLACK: Duration = Duration::seconds(5);
/// GHL stores a post at the latest when its call is cut off, a renewed token and a second call included.
const LONGEST_POST: Duration = Duration::seconds(100);

/// Whether `last`, what GHL shows as the conversation's last message, is the message of `job`; `before` is what left
/// for that conversation before it.
pub(super) fn proves(last: &LastMessage, job: &InboundJob, before: Option<&Predecessor>) -> bool {
    if last.is_inbound == Some(false) || !same_words(&last.text, &job.text) {
        return false;
    }
    let twin = before.filter(|before| same_words(&before.text, &job.text));
    match last.at {
        None => twin.is_none(),
        Some(at) => {
            let fits_twin = twin.is_some_and(|twin| fits(at, twin.sent_at, Some(twin.departed_at)));
            fits(at, job.sent_at, job.departed_at) && !fits_twin
        }
    }
}

/// Whether GHL may show `at` for such a message: when it was written, or when it was stored.
fn fits(at: OffsetDateTime, sent_at: OffsetDateTime, departed_at: Option<OffsetDateTime>) -> bool {
    let written = (at - sent_at).abs() <= SLACK;
    let stored =
        departed_at.is_some_and(|left| at >= left - SLACK && at <= left + LONGEST_POST + SLACK);
    written || stored
}

/// The words alone: GHL trims texts and may change their white space.
pub(super) fn same_words(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{LocationId, MessageId, WaMessageId};

    const NOON: OffsetDateTime = time::macros::datetime!(2026-11-21 12:00 UTC);

    fn seconds(n: i64) -> OffsetDateTime {
        NOON + Duration::seconds(n)
    }

    /// Written at noon, posted ten seconds later.
    fn job(text: &str) -> InboundJob {
        InboundJob {
            number: "60111234567".to_owned(),
            call_status: None,
            location_id: LocationId::from("l"),
            id: MessageId(1),
            wa_message_id: WaMessageId::from("w"),
            conversation: "60123456789".to_owned(),
            phone: "60123456789".to_owned(),
            sender_name: None,
            text: text.to_owned(),
            sent_at: NOON,
            failures: 1,
            waits: 0,
            claims: 2,
            unclear: true,
            departed_at: Some(seconds(10)),
            lacks_file: false,
            attachment: None,
        }
    }

    fn last(text: &str, is_inbound: Option<bool>, at: Option<OffsetDateTime>) -> LastMessage {
        LastMessage {
            text: text.to_owned(),
            is_inbound,
            at,
        }
    }

    fn before(text: &str, sent: i64) -> Predecessor {
        Predecessor {
            text: text.to_owned(),
            sent_at: seconds(sent),
            departed_at: seconds(sent + 10),
        }
    }

    #[test]
    fn the_same_words_are_ours_unless_the_business_said_them() {
        let ours = job("Berapa  harga?\nTerima kasih ");
        let words = "Berapa harga? Terima kasih";
        assert!(proves(&last(words, None, None), &ours, None));
        assert!(proves(
            &last(words, Some(true), None),
            &ours,
            Some(&before("hai", -60))
        ));
        assert!(!proves(&last(words, Some(false), None), &ours, None));
        assert!(!proves(&last("Berapa harga", None, None), &ours, None));
    }

    #[test]
    fn a_date_must_be_that_of_the_writing_or_of_the_post() {
        let at = |n| proves(&last("ok", Some(true), Some(seconds(n))), &job("ok"), None);
        for (n, is_ours) in [
            (-3_600, false),
            (0, true),
            (12, true),
            (60, true),
            (3_600, false),
        ] {
            assert_eq!(at(n), is_ours, "{n}");
        }
    }

    #[test]
    fn after_a_message_with_the_same_words_only_a_date_of_ours_alone_proves_it() {
        let ours = job("ok");
        let proves_after = |sent, at: Option<i64>| {
            proves(
                &last("ok", Some(true), at.map(seconds)),
                &ours,
                Some(&before("ok", sent)),
            )
        };
        assert!(!proves_after(-3_600, None));
        assert!(proves_after(-3_600, Some(0)));
        assert!(
            !proves_after(-3_600, Some(-3_600)),
            "that is the first one's"
        );
        assert!(!proves_after(-3, Some(0)), "it may be either's");
    }
}
