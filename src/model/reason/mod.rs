//! Why messages and numbers stand where they stand: every fixed sentence of ours, in both languages.
//!
//! The database keeps the English sentence, and GHL is told it too; pages find the Malay one by it. So the English of
//! what was kept once must not change, or old messages show it in English.
//!
//! Owns: the sentences, filling in what differs, and recognising them. Refuses: the words of GHL and of the gateway;
//! whoever shows those says that they are English.
//!
//! * [`failure`]: messages that could not be sent
//! * [`hold`]: numbers that cannot send
//! * [`wait`]: what a call to GHL waits for
//! * [`step`]: other steps of a message
//! * [`file`]: files of customers that cannot be had

use crate::model::language::Text;

/// Stands in a sentence for what differs: a file's name, a size.
const BLANK: &str = "{}";

/// A sentence in both languages, with the same blanks in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    english: &'static str,
    malay: &'static str,
}

/// Constants, and the list of them all, so that none is told and not recognised.
macro_rules! reasons {
    ($($(#[$doc:meta])+ $name:ident = $english:literal, $malay:literal;)+) => {
        use super::Reason;
        $($(#[$doc])+ pub const $name: Reason = Reason { english: $english, malay: $malay };)+
        /// Every one of them.
        pub(super) const ALL: &[Reason] = &[$($name),+];
    };
}

pub mod failure;
pub mod file;
pub mod hold;
pub mod step;
pub mod wait;

/// Every sentence.
const ALL: [&[Reason]; 5] = [failure::ALL, hold::ALL, wait::ALL, step::ALL, file::ALL];

impl Reason {
    /// The English sentence of one without blanks: what is kept.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        self.english
    }

    /// Both sentences of one without blanks.
    #[must_use]
    pub fn text(self) -> Text {
        Text::new(self.english, self.malay)
    }

    /// The English sentence with its blanks filled in, in their order: what is kept.
    #[must_use]
    pub fn with(self, parts: &[&str]) -> String {
        fill(self.english, parts)
    }

    /// Both sentences, if the English one says this.
    fn told_by(self, sentence: &str) -> Option<Text> {
        let parts = parts(self.english, sentence)?;
        Some(Text::new(sentence.to_owned(), fill(self.malay, &parts)))
    }
}

/// A kept sentence in both languages; none where it is not one of ours.
#[must_use]
pub fn told_by(sentence: &str) -> Option<Text> {
    let mut all = ALL.into_iter().flatten();
    all.find_map(|reason| reason.told_by(sentence))
}

fn fill(pattern: &str, parts: &[&str]) -> String {
    let mut pieces = pattern.split(BLANK);
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for (piece, part) in pieces.zip(parts) {
        filled.push_str(part);
        filled.push_str(piece);
    }
    filled
}

/// What stands in the blanks of a sentence; none where it does not follow the pattern. Read from its end, because only
/// a first blank holds what strangers wrote: a file's name, in which a piece of the pattern may stand.
fn parts<'a>(pattern: &str, sentence: &'a str) -> Option<Vec<&'a str>> {
    let Some((start, rest)) = pattern.split_once(BLANK) else {
        return (pattern == sentence).then(Vec::new);
    };
    let mut pieces = rest.rsplit(BLANK);
    let mut left = sentence.strip_prefix(start)?.strip_suffix(pieces.next()?)?;
    let mut parts = Vec::new();
    for piece in pieces {
        let (before, part) = left.rsplit_once(piece)?;
        parts.push(part);
        left = before;
    }
    parts.push(left);
    parts.reverse();
    Some(parts)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn all() -> impl Iterator<Item = Reason> {
        ALL.into_iter().flatten().copied()
    }

    #[test]
    fn every_reason_has_both_languages_with_the_same_blanks_and_none_is_said_twice() {
        let mut seen = HashSet::new();
        for reason in all() {
            let Reason { english, malay } = reason;
            assert!(!english.is_empty() && !malay.is_empty(), "{reason:?}");
            assert_ne!(english, malay);
            let blanks = |text: &str| text.matches(BLANK).count();
            assert_eq!(blanks(english), blanks(malay), "{reason:?}");
            assert!(seen.insert(english), "twice: {english}");
        }
    }

    #[test]
    fn every_kept_sentence_is_found_as_itself_and_as_no_other() {
        for reason in all() {
            let parts = ["\"kedai\" {}", "25"];
            let count = reason.english.matches(BLANK).count();
            let kept = reason.with(&parts[..count]);
            let finders: Vec<_> = all().filter(|it| it.told_by(&kept).is_some()).collect();
            assert_eq!(finders, [reason], "{kept}");
            let text = told_by(&kept).unwrap();
            assert_eq!(text.english, kept);
            assert_eq!(text.malay, fill(reason.malay, &parts[..count]));
        }
    }

    #[test]
    fn a_pattern_gives_back_its_parts_whatever_a_file_is_called() {
        let pattern = "The file \"{}\" is larger than the {} MB that can be sent.";
        for name in [
            "harga.pdf",
            "",
            "{}",
            "\" is larger than the \"",
            "a\" is larger than the 9 MB that can be sent.",
            "Senarai \u{201c}é\u{201d} 🙂",
        ] {
            let kept = fill(pattern, &[name, "50"]);
            assert_eq!(parts(pattern, &kept), Some(vec![name, "50"]), "{kept}");
        }
        assert_eq!(parts("so: {}", "so: it is"), Some(vec!["it is"]));
        for other in ["", "so", "so:", "and so: it is"] {
            assert_eq!(parts("so: {}", other), None, "{other}");
        }
    }

    #[test]
    fn a_stored_sentence_of_each_kind_is_found() {
        for (kept, malay) in [
            (
                failure::NO_PHONE.sentence().to_owned(),
                "Kenalan ini tiada nombor telefon. Tambah nombor bersama kod negara, contohnya +60123456789, dan hantar lagi.",
            ),
            (
                failure::FILE_GONE.with(&["harga.pdf"]),
                "Fail \"harga.pdf\" sudah tiada, atau tidak boleh dimuat turun oleh semua orang. Lampirkan sekali lagi dan hantar semula.",
            ),
            (
                hold::QUOTA.sentence().to_owned(),
                "Had mesej pelan Waapify sudah habis, atau pelan sudah tamat. Perbaharui dalam Waapify.",
            ),
            (
                wait::RENEWAL.with(&["GHL answers 500"]),
                "token tidak dapat diperbaharui: GHL answers 500",
            ),
            (
                step::GHL_DELIVERED.sentence().to_owned(),
                "GHL menghantarnya kepada kami",
            ),
            (
                file::GONE.sentence().to_owned(),
                "WhatsApp tidak lagi menyimpan fail itu",
            ),
        ] {
            assert_eq!(told_by(&kept).unwrap().malay, malay);
        }
    }

    #[test]
    fn the_words_of_others_are_not_found() {
        for words in ["", "GHL answers 422: Contact not found", "rejected", "{}"] {
            assert_eq!(told_by(words), None, "{words}");
        }
    }
}
