//! Reconciliation: decides from GHL's last message of a conversation whether GHL has our message.
//!
//! Pure comparison. A match that two messages could explain does not count, because a message that is posted twice is
//! better than one that is missing.

use time::{Duration, OffsetDateTime};

use crate::clients::ghl::{LastMessage, StoredMessage};
use crate::db::inbound::InboundJob;
use crate::db::inbound::posts::Predecessor;

/// How far two clocks may differ; WhatsApp's dates have whole seconds.
const SLACK: Duration = Duration::seconds(5);
/// GHL stores a post at the latest when its call is cut off, with a renewed token and a second call.
const LONGEST_POST: Duration = Duration::seconds(100);

/// What the last message of a conversation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Our message.
    Ours,
    /// An older message: ours is not there.
    Older,
    /// Neither is proven: ours may be before it.
    Unknown,
}

/// Compares `last`, GHL's last message of the conversation, with the message of `job`. `before` is the message that was
/// posted to the conversation before it.
pub(super) fn match_last_message(
    last: &LastMessage,
    job: &InboundJob,
    before: Option<&Predecessor>,
) -> End {
    let explains = |from_me, text: &str, sent_at, post_started_at| {
        last.is_inbound != Some(from_me)
            && same_words(&last.text, text)
            && last.at.is_none_or(|at| fits(at, sent_at, post_started_at))
    };
    let is_ours = explains(job.from_me, &job.text, job.sent_at, job.post_started_at);
    let is_before =
        before.is_some_and(|b| explains(b.from_me, &b.text, b.sent_at, Some(b.post_started_at)));
    let is_older = || last.at.is_some_and(|at| at < job.sent_at - SLACK);
    // GHL orders messages by the date of writing: ours may be before one that was written later and posted earlier.
    let is_in_order = before.is_some_and(|b| b.sent_at <= job.sent_at);
    match (is_ours, is_before) {
        (true, false) => End::Ours,
        (false, true) if is_in_order => End::Older,
        (false, false) if is_older() => End::Older,
        _ => End::Unknown,
    }
}

/// Whether GHL may show the date `at` for such a message: the time of writing or of storing.
fn fits(
    at: OffsetDateTime,
    sent_at: OffsetDateTime,
    post_started_at: Option<OffsetDateTime>,
) -> bool {
    let written = (at - sent_at).abs() <= SLACK;
    let stored =
        post_started_at.is_some_and(|left| at >= left - SLACK && at <= left + LONGEST_POST + SLACK);
    written || stored
}

/// Whether a message that GHL stored may be that of `job`: it has the same words, or without words the same file.
pub(super) fn is_reported_by(stored: &StoredMessage, job: &InboundJob) -> bool {
    let has_words = !job.text.trim().is_empty();
    let shares_file = || {
        job.attachment
            .as_ref()
            .is_some_and(|file| stored.files.contains(file))
    };
    same_words(&stored.text, &job.text) && (has_words || shares_file())
}

/// Compares without white space, because GHL trims texts and may change their white space.
pub(in crate::workers) fn same_words(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::{LocationId, MessageId, WaMessageId};

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
            contact_id: None,
            text: text.to_owned(),
            sent_at: NOON,
            accepted_at: NOON,
            failures: 1,
            waits: 0,
            attempt: 2,
            unconfirmed: true,
            post_started_at: Some(seconds(10)),
            post_sequence: Some(1),
            reconciliations: 0,
            lacks_file: false,
            is_file_untried: false,
            file_failed: false,
            is_file_held: false,
            file_since: NOON,
            attachment: None,
            gone_contacts: Vec::new(),
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
            post_started_at: seconds(sent + 10),
        }
    }

    #[test]
    fn the_same_words_are_ours_unless_the_business_said_them() {
        let ours = job("Berapa  harga?\nTerima kasih ");
        let words = "Berapa harga? Terima kasih";
        assert_eq!(
            match_last_message(&last(words, None, None), &ours, None),
            End::Ours
        );
        let hai = before("hai", -60);
        let found = match_last_message(&last(words, Some(true), None), &ours, Some(&hai));
        assert_eq!(found, End::Ours);
        for other in [
            last(words, Some(false), None),
            last("Berapa harga", None, None),
        ] {
            assert_eq!(match_last_message(&other, &ours, None), End::Unknown);
        }
    }

    #[test]
    fn the_businesss_own_words_are_proven_by_the_businesss_bubble_only() {
        let mut own = job("ok");
        own.from_me = true;
        let at = Some(seconds(0));
        let end =
            |is_inbound, at, before| match_last_message(&last("ok", is_inbound, at), &own, before);
        assert_eq!(end(Some(false), at, None), End::Ours);
        assert_eq!(end(Some(true), at, None), End::Unknown);
        let customers = before("ok", -3);
        assert_eq!(
            end(Some(false), at, Some(&customers)),
            End::Ours,
            "the customer's cannot be it"
        );
        assert_eq!(end(Some(true), at, Some(&customers)), End::Older);
        assert_eq!(end(None, at, Some(&customers)), End::Unknown);
    }

    #[test]
    fn ours_cannot_stand_before_a_message_that_is_older() {
        let end = |text, at| {
            match_last_message(&last(text, None, at), &job("ok"), Some(&before("hai", -3)))
        };
        assert_eq!(end("lagi?", Some(seconds(-60))), End::Older);
        assert_eq!(end("lagi?", Some(seconds(60))), End::Unknown);
        assert_eq!(
            end("lagi?", Some(seconds(-3))),
            End::Unknown,
            "as good as ours"
        );
        assert_eq!(end("lagi?", None), End::Unknown);
        assert_eq!(
            end("hai", Some(seconds(-3))),
            End::Older,
            "what left before"
        );
    }

    #[test]
    fn a_predecessor_that_was_written_later_says_nothing_of_ours() {
        let end = |sent| {
            let last = last("hai", Some(true), Some(seconds(sent)));
            match_last_message(&last, &job("ok"), Some(&before("hai", sent)))
        };
        for (sent, expected) in [
            (-20, End::Older),
            (0, End::Older),
            (1, End::Unknown),
            (20, End::Unknown),
        ] {
            assert_eq!(end(sent), expected, "{sent}");
        }
    }

    #[test]
    fn a_file_without_words_is_told_by_its_address() {
        let mut own = job("");
        own.attachment = Some("https://storage/a.jpg".to_owned());
        let stored = |files: &[&str]| StoredMessage {
            id: crate::model::ids::GhlMessageId::from("m"),
            text: String::new(),
            files: files.iter().map(ToString::to_string).collect(),
        };
        assert!(is_reported_by(&stored(&["https://storage/a.jpg"]), &own));
        assert!(!is_reported_by(&stored(&["https://storage/b.jpg"]), &own));
        assert!(!is_reported_by(&stored(&[]), &own));
    }

    #[test]
    fn a_date_must_be_that_of_the_writing_or_of_the_post() {
        let end =
            |n| match_last_message(&last("ok", Some(true), Some(seconds(n))), &job("ok"), None);
        for (n, expected) in [
            (-3_600, End::Older),
            (0, End::Ours),
            (12, End::Ours),
            (60, End::Ours),
            (3_600, End::Unknown),
        ] {
            assert_eq!(end(n), expected, "{n}");
        }
    }

    #[test]
    fn after_a_message_with_the_same_words_only_a_date_of_ours_alone_proves_it() {
        let end = |sent, at: Option<i64>| {
            let twin = before("ok", sent);
            match_last_message(
                &last("ok", Some(true), at.map(seconds)),
                &job("ok"),
                Some(&twin),
            )
        };
        assert_eq!(end(-3_600, None), End::Unknown);
        assert_eq!(end(-3_600, Some(0)), End::Ours);
        assert_eq!(end(-3_600, Some(-3_600)), End::Older, "the first one's");
        assert_eq!(end(-3, Some(0)), End::Unknown, "it may be either's");
    }
}
