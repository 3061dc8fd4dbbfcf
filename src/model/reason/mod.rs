//! Why messages, numbers and tokens are in their states: a code with arguments, which the database stores in two
//! columns (`…_code text`, `…_args jsonb`). The sentence is made when it is shown, in the reader's language.
//!
//! Owns the codes, their arguments, and the one table of sentences in both languages. The words of GHL and Waapify must
//! not be translated: they are arguments (`words`) and are shown unchanged.
//!
//! A code never changes its meaning and is never removed, because old rows have it. Sentences may change at any time.
//!
//! * [`Failure`]: messages that could not be sent
//! * [`Hold`]: numbers that cannot send
//! * [`Wait`]: what a call to GHL waits for
//! * [`Step`]: other steps of a message
//! * [`Media`]: customers' files that are not available
//! * [`Answer`]: what vendors and servers answered
//! * [`Other`]: sentences that older versions stored

mod column;
mod explained;
mod render;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::language::{Language, Text};

/// Declares a kind of reasons: an enum, with the code and the sentences of each reason. `{name}` in a sentence stands
/// for the argument of that name.
macro_rules! reasons {
    (
        $(#[$about_kind:meta])+ $kind:ident
        $(
            $(#[$about:meta])+
            $name:ident $({ $($(#[$about_arg:meta])+ $arg:ident: $type:ty,)+ })? = $code:literal,
                $english:literal, $malay:literal;
        )+
    ) => {
        #[allow(unused_imports, reason = "not every kind has a reason within a reason")]
        use super::Reason;

        $(#[$about_kind])+
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "code", content = "args")]
        pub enum $kind {
            $(
                $(#[$about])+
                #[serde(rename = $code)]
                $name $({ $($(#[$about_arg])+ $arg: $type,)+ })?,
            )+
        }

        impl $kind {
            /// Every code of this kind, with its sentence in English and in Malay.
            pub const TABLE: &[(&str, &str, &str)] = &[$(($code, $english, $malay)),+];

            /// The code, which is stored, logged and counted.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $code,)+
                }
            }

            /// The sentence in English and in Malay, with the names of the arguments in braces.
            pub(super) const fn sentences(&self) -> (&'static str, &'static str) {
                match self {
                    $(Self::$name { .. } => ($english, $malay),)+
                }
            }
        }

        impl From<$kind> for Reason {
            fn from(reason: $kind) -> Self {
                Self::$kind(reason)
            }
        }
    };
}

mod answer;
mod failure;
mod hold;
mod media;
mod other;
mod step;
mod wait;

pub use answer::Answer;
pub use failure::{Failure, Remedy};
pub use hold::Hold;
pub use media::Media;
pub use other::Other;
pub use step::Step;
pub use wait::Wait;

/// The error code for GHL of every message that failed because its number is on hold.
pub const NUMBER_STOPPED: &str = "number_stopped";

/// A reason of any kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Reason {
    /// Why a message to WhatsApp failed.
    Failure(Failure),
    /// Why a number sends nothing.
    Hold(Hold),
    /// What a call to GHL waits for.
    Wait(Wait),
    /// What else happened.
    Step(Step),
    /// Why a customer's file is not available.
    Media(Media),
    /// What a vendor or a server answered.
    Answer(Answer),
    /// A sentence that an older version stored.
    Other(Other),
    /// A reason of another version that this one does not know.
    Unknown {
        /// Its code, which is shown as it is.
        code: String,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        args: Option<Value>,
    },
}

/// Codes for GHL that several reasons share, each with the codes of these.
const SHARED: [(&str, &[&str]); 6] = [
    (
        "invalid_phone",
        &["phone_with_extension", "phone_incomplete"],
    ),
    (
        "bad_attachment",
        &[
            "no_file_address",
            "file_address_too_long",
            "file_not_public",
        ],
    ),
    ("not_taken", &["text_not_taken", "file_not_taken"]),
    ("uninstalled", &["app_uninstalled"]),
    ("opted_out", &["dnd_set"]),
    ("too_old", &["waited_too_long"]),
];

/// The codes of all reasons that a person means by `wanted`: a reason's own code, or the one that GHL gets.
#[must_use]
pub fn codes_of(wanted: &str) -> Vec<String> {
    let shared = SHARED.iter().filter(|(code, _)| *code == wanted);
    let shared = shared.flat_map(|(_, codes)| codes.iter().copied());
    let holds = Hold::TABLE.iter().filter(|_| wanted == NUMBER_STOPPED);
    let holds = holds.map(|(code, ..)| *code);
    let all = [wanted].into_iter().chain(shared).chain(holds);
    all.map(str::to_owned).collect()
}

/// Every code by which messages are looked for: each reason's own, and those that GHL gets.
#[must_use]
pub fn all_codes() -> Vec<&'static str> {
    let own = TABLES.iter().flat_map(|table| table.iter());
    let mut codes = error_codes();
    codes.extend(own.map(|(code, ..)| *code));
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The codes that GHL gets for failures of messages to WhatsApp, each once.
#[must_use]
pub fn error_codes() -> Vec<&'static str> {
    let shown = |code| {
        let shared = SHARED.iter().find(|(_, codes)| codes.contains(&code));
        shared.map_or(code, |(shared, _)| *shared)
    };
    let failures = Failure::TABLE.iter().map(|(code, ..)| shown(*code));
    let mut codes: Vec<_> = failures.chain([NUMBER_STOPPED]).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Reasons of all kinds, each code with its sentence in English and in Malay.
pub const TABLES: [&[(&str, &str, &str)]; 7] = [
    Failure::TABLE,
    Hold::TABLE,
    Wait::TABLE,
    Step::TABLE,
    Media::TABLE,
    Answer::TABLE,
    Other::TABLE,
];

impl Reason {
    /// What a person can do about a message that failed for this reason.
    #[must_use]
    pub const fn remedy(&self) -> Remedy {
        match self {
            Self::Failure(failure) => failure.remedy(),
            _ => Remedy::SendAgain,
        }
    }

    /// The code, which is stored, logged and counted.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Failure(reason) => reason.code(),
            Self::Hold(reason) => reason.code(),
            Self::Wait(reason) => reason.code(),
            Self::Step(reason) => reason.code(),
            Self::Media(reason) => reason.code(),
            Self::Answer(reason) => reason.code(),
            Self::Other(reason) => reason.code(),
            Self::Unknown { code, .. } => code,
        }
    }

    /// The error code for GHL of a message that failed for this reason.
    #[must_use]
    pub fn error_code(&self) -> &str {
        match self {
            Self::Failure(reason) => reason.error_code(),
            Self::Hold(_) => NUMBER_STOPPED,
            Self::Other(Other::Failure { error, .. }) => error,
            reason => reason.code(),
        }
    }

    /// The sentence in one language.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        render::text(self, language)
    }

    /// The sentence in English: for the terminal, for logs, and for GHL.
    #[must_use]
    pub fn english(&self) -> String {
        self.text(Language::English)
    }

    /// The sentence in both languages.
    #[must_use]
    pub fn texts(&self) -> Text {
        Text::new(self.english(), self.text(Language::Malay))
    }

    /// What the vendor's words in it mean, if it has any that are known.
    #[must_use]
    pub fn explanation(&self) -> Option<Text> {
        explained::explanation(self)
    }

    /// Whether the sentence has no words of ours, so that it is the same, mostly English, in every language.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        match self.sentences() {
            Some((english, malay)) => english == malay,
            None => true,
        }
    }

    const fn sentences(&self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::Failure(reason) => reason.sentences(),
            Self::Hold(reason) => reason.sentences(),
            Self::Wait(reason) => reason.sentences(),
            Self::Step(reason) => reason.sentences(),
            Self::Media(reason) => reason.sentences(),
            Self::Answer(reason) => reason.sentences(),
            Self::Other(reason) => reason.sentences(),
            Self::Unknown { .. } => return None,
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english())
    }
}

#[cfg(test)]
mod tests;
