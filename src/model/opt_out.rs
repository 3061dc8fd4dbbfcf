//! The words with which customers say that they want no more messages, and that they want them again.
//!
//! Owns the words that the program brings, and what makes a message such a word: the whole of it, whatever its case and
//! the punctuation around it. "Please stop by tomorrow" is an ordinary message.

use icu_normalizer::ComposingNormalizer;

use crate::model::stored_enum::stored_enum;

stored_enum! {
    /// What a customer said.
    OptOutWord {
        /// No more messages.
        Stop = "stop", "wants no more messages", "tidak mahu menerima mesej lagi";
        /// They are welcome again.
        Start = "start", "wants messages again", "mahu menerima mesej semula";
    }
}

stored_enum! {
    /// What GHL knows of a customer's word.
    OptOutState {
        /// It is to be told.
        Waiting = "waiting", "GHL will be told", "GHL akan diberitahu";
        /// It was told, and has stored it.
        Told = "told", "GHL knows", "GHL tahu";
        /// Somebody else had set the same before, or what START may not lift.
        WasSo = "was_so", "left as it is in GHL", "dibiarkan seperti dalam GHL";
        /// Somebody in GHL has switched it off since.
        Lifted = "lifted", "switched off in GHL", "dimatikan dalam GHL";
        /// It does not take it.
        Refused = "refused", "GHL did not take it", "GHL tidak menerimanya";
    }
}

/// The code that tells our "do not disturb" from everybody else's in GHL.
pub const STOP_CODE: &str = "WA_STOP";
/// The code with which we lift it.
pub const START_CODE: &str = "WA_START";

stored_enum! {
    /// Who says that a contact wants no message that no person wrote.
    OptedOutBy {
        /// The customer said STOP.
        Customer = "customer", "the customer", "pelanggan";
        /// "Do not disturb" is on in GHL.
        Ghl = "ghl", "GHL", "GHL";
    }
}

/// GHL's "do not disturb" of a contact, for SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dnd {
    /// It is off.
    Off,
    /// It is on, and we have set it.
    Ours,
    /// It is on, and somebody else has set it.
    Others,
}

/// The words of the large SMS services, and what people here write instead. YES and Ya lift nothing: they answer ordinary
/// questions.
pub const STOP_WORDS: &[&str] = &[
    "STOP",
    "STOPALL",
    "STOP ALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "OPTOUT",
    "OPT OUT",
    "OPT-OUT",
    "REVOKE",
    "BERHENTI",
    "HENTI",
    "HENTIKAN",
    "BERHENTI LANGGAN",
    "BATAL LANGGANAN",
    "停止",
    "退订",
    "退訂",
    "取消订阅",
    "取消訂閱",
    "நிறுத்து",
    "நிறுத்தவும்",
    "நிறுத்துங்கள்",
];
/// The words that lift it.
pub const START_WORDS: &[&str] = &[
    "START",
    "UNSTOP",
    "SUBSCRIBE",
    "MULA",
    "MULA LANGGAN",
    "LANGGAN SEMULA",
    "恢复订阅",
    "恢復訂閱",
    "தொடங்கு",
    "தொடரவும்",
];

/// Longest word, in characters: a longer message is not compared with any.
pub const MAX_WORD: usize = 40;
/// Most words of a list: more than all languages of a town need.
pub const MAX_WORDS: usize = 100;
/// Longest answer, in characters: a few sentences.
pub const MAX_ANSWER: usize = 500;
/// Longest message in bytes that may be a word with space and punctuation around it.
const MAX_BYTES: usize = 4 * MAX_WORD + 64;

/// A text as words are compared: in one case and one form, without what stands around it. None for what can be no word.
#[must_use]
pub fn normal(text: &str) -> Option<String> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let composed = ComposingNormalizer::new_nfkc().normalize(text);
    let bare = composed.trim_matches(is_outer);
    let lines: Vec<&str> = bare.lines().collect();
    let [line] = lines.as_slice() else {
        return None;
    };
    let words: Vec<String> = line.split_whitespace().map(str::to_lowercase).collect();
    let word = words.join(" ");
    let is_word = word.chars().any(char::is_alphanumeric) && word.chars().count() <= MAX_WORD;
    is_word.then_some(word)
}

/// White space, punctuation, and characters that nobody sees. No letters and no signs of other scripts, which may end a word.
fn is_outer(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || c.is_ascii_punctuation()
        || matches!(c,
            '\u{a1}' | '\u{ab}' | '\u{ad}' | '\u{b7}' | '\u{bb}' | '\u{bf}'
            | '\u{200b}'..='\u{206f}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}'
            | '\u{3014}'..='\u{301b}' | '\u{30fb}' | '\u{fe0e}' | '\u{fe0f}' | '\u{feff}')
}

/// The words of a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptOutWords {
    /// End messages.
    pub stop: Vec<String>,
    /// Lift that.
    pub start: Vec<String>,
}

impl Default for OptOutWords {
    fn default() -> Self {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Self {
            stop: owned(STOP_WORDS),
            start: owned(START_WORDS),
        }
    }
}

impl OptOutWords {
    /// What a whole message says, if it is one of the words.
    #[must_use]
    pub fn judge(&self, message: &str) -> Option<OptOutWord> {
        let said = normal(message)?;
        let has = |words: &[String]| {
            words
                .iter()
                .any(|word| normal(word).as_ref() == Some(&said))
        };
        if has(&self.stop) {
            Some(OptOutWord::Stop)
        } else if has(&self.start) {
            Some(OptOutWord::Start)
        } else {
            None
        }
    }
}

/// What is wrong with a list of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordFault {
    /// It has none.
    Empty,
    /// It has more than [`MAX_WORDS`].
    TooMany,
    /// This is longer than [`MAX_WORD`], or has no letter.
    Bad(String),
}

/// Reads a list as people type it: one word a line, or several with commas between them. What stands twice counts once.
///
/// # Errors
/// [`WordFault`]
pub fn read_words(typed: &str) -> Result<Vec<String>, WordFault> {
    let mut words: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    let written = typed
        .split(['\n', ',', ';', '，', '、', '；'])
        .map(str::trim);
    for word in written.filter(|word| !word.is_empty()) {
        let Some(normal) = normal(word) else {
            return Err(WordFault::Bad(word.chars().take(MAX_WORD).collect()));
        };
        if !seen.contains(&normal) {
            seen.push(normal);
            words.push(word.to_owned());
        }
        if words.len() > MAX_WORDS {
            return Err(WordFault::TooMany);
        }
    }
    if words.is_empty() {
        return Err(WordFault::Empty);
    }
    Ok(words)
}

/// The first word that stands in both lists.
#[must_use]
pub fn common<'a>(stop: &'a [String], start: &[String]) -> Option<&'a String> {
    let start: Vec<_> = start.iter().map(|word| normal(word)).collect();
    stop.iter().find(|word| start.contains(&normal(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_in_every_script_and_form() {
        let words = OptOutWords::default();
        for text in [
            "stop",
            "Stop!",
            "  “STOP”  ",
            "ＳＴＯＰ",
            "opt  out",
            "stop\n",
            "停止。",
            "நிறுத்து",
            "*Berhenti*",
            "\u{200e}STOP",
        ] {
            assert_eq!(words.judge(text), Some(OptOutWord::Stop), "{text}");
        }
        // The same letters, in one piece and in two.
        for text in ["தொடங்கு", "த\u{bc6}\u{bbe}டங்கு"] {
            assert_eq!(words.judge(text), Some(OptOutWord::Start), "{text}");
        }
        for text in [
            "stop it",
            "opt\nout",
            "STOP 🛑",
            "",
            "...",
            &"STOP ".repeat(100),
        ] {
            assert_eq!(words.judge(text), None, "{text}");
        }
    }

    #[test]
    fn the_lists_that_the_program_brings_can_be_typed_and_share_no_word() {
        let words = OptOutWords::default();
        for list in [&words.stop, &words.start] {
            assert_eq!(&read_words(&list.join("\n")).unwrap(), list);
        }
        assert_eq!(common(&words.stop, &words.start), None);
    }

    #[test]
    fn a_list_is_read_as_people_type_it() {
        let words = |typed| read_words(typed);
        assert_eq!(
            words("STOP, stop\r\n\r\n 停止，HENTI").unwrap(),
            ["STOP", "停止", "HENTI"]
        );
        assert_eq!(words(" \n, "), Err(WordFault::Empty));
        assert_eq!(words("STOP\n🛑"), Err(WordFault::Bad("🛑".to_owned())));
        let long = "a".repeat(MAX_WORD + 1);
        assert!(matches!(words(&long), Err(WordFault::Bad(_))));
        let many: Vec<_> = (0..=MAX_WORDS).map(|n| n.to_string()).collect();
        assert_eq!(words(&many.join("\n")), Err(WordFault::TooMany));
        let (stop, start) = (
            ["Henti".to_owned()],
            ["MULA".to_owned(), "henti.".to_owned()],
        );
        assert_eq!(common(&stop, &start), Some(&stop[0]));
    }
}
