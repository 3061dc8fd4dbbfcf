//! Whether GHL's last message of a conversation is ours; pure.
//!
//! Owns: the one comparison. Refuses: believing what two messages would explain: a message that is posted twice is
//! better than one that is missing.

use time::{Duration, OffsetDateTime};

use crate::clients::ghl::{LastMessage, StoredMessage};
use crate::db::departures::Predecessor;
use crate::db::inbound::InboundJob;

/// What two clocks may differ by; WhatsApp's dates have whole seconds.
pub(super) const SLACK: Duration = Duration::seconds(5);
/// GHL stores a post at the latest when its call is cut off, a renewed token and a second call included.
const LONGEST_POST: Duration = Duration::seconds(100);

/// Whether `last`, what GHL shows as the conversation's last message, is the message of `job`; `before` is what left
/// for that conversation before it.
pub(super) fn proves(last: &LastMessage, job: &InboundJob, before: Option<&Predecessor>) -> bool {
    if last.is_inbound == Some(job.from_me) || !same_words(&last.text, &job.text) {
        return false;
    }
    let twin = before.filter(|before| {
        last.is_inbound != Some(before.from_me) && same_words(&before.text, &job.text)
    });
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

/// Whether what GHL says it stored may be the message of `job`: by its words, or by its file where it has no words.
pub(super) fn is_told_of(stored: &StoredMessage, job: &InboundJob) -> bool {
    let has_words = !job.text.trim().is_empty();
    let shares_file = || {
        job.attachment
            .as_ref()
            .is_some_and(|file| stored.files.contains(file))
    };
    same_words(&stored.text, &job.text) && (has_words || shares_file())
}

/// The words alone: GHL trims texts and may change their white space.
pub(in crate::relay) fn same_words(one: &str, other: &str) -> bool {
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
            from_me: false,
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
            from_me: false,
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
    fn the_businesss_own_words_are_proven_by_the_businesss_bubble_only() {
        let mut own = job("ok");
        own.from_me = true;
        let at = Some(seconds(0));
        assert!(proves(&last("ok", Some(false), at), &own, None));
        assert!(!proves(&last("ok", Some(true), at), &own, None));
        let customers = before("ok", -3);
        assert!(
            proves(&last("ok", Some(false), at), &own, Some(&customers)),
            "the customer's cannot be it"
        );
        assert!(!proves(&last("ok", None, at), &own, Some(&customers)));
    }

    #[test]
    fn a_file_without_words_is_told_by_its_address() {
        let mut own = job("");
        own.attachment = Some("https://storage/a.jpg".to_owned());
        let stored = |files: &[&str]| StoredMessage {
            id: crate::ids::GhlMessageId::from("m"),
            text: String::new(),
            files: files.iter().map(ToString::to_string).collect(),
        };
        assert!(is_told_of(&stored(&["https://storage/a.jpg"]), &own));
        assert!(!is_told_of(&stored(&["https://storage/b.jpg"]), &own));
        assert!(!is_told_of(&stored(&[]), &own));
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
