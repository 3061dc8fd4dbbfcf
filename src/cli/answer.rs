//! What commands print: their answer on standard output, as text for people or as one JSON document for programs, and
//! notes on standard error.
//!
//! Colours show on a terminal only; `NO_COLOR`, `CLICOLOR` and `CLICOLOR_FORCE` are obeyed (by `anstream`). Nothing is
//! said by colour alone.

use std::io;
use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::db::views::messages::MessageRow;
use crate::model::reason::Reason;
use crate::model::states::{Direction, MessageState};

/// Of headings, and heads of tables.
pub(super) const HEAD: Style = Style::new().bold();
/// Of what works.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// Of what somebody should look at.
pub(super) const LOOK: Style = AnsiColor::Yellow.on_default();
/// Of what does not work.
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Of what is said beside the matter.
pub(super) const ASIDE: Style = Style::new().dimmed();
/// Of what is like all the rest.
pub(super) const PLAIN: Style = Style::new();

/// How a command answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As text for people.
    Text,
    /// As one JSON document in one line.
    Json,
}

impl Form {
    /// Prints the answer.
    pub(super) fn print(
        self,
        document: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        let answer = match self {
            Self::Text => text(),
            Self::Json => format!("{}\n", serde_json::to_string(document)?),
        };
        match anstream::stdout().write_all(answer.as_bytes()) {
            // A reader such as `head` has enough: that is no reason to fail.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }

    /// Says something beside the answer, on standard error.
    pub(super) fn note(self, text: &str) -> io::Result<()> {
        let line = match self {
            Self::Text => text.to_owned(),
            Self::Json => serde_json::json!({"note": text}).to_string(),
        };
        writeln!(anstream::stderr(), "{line}")
    }
}

/// The text in a style, for a terminal.
pub(super) fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// The style of a message's state.
pub(super) fn style_of(state: MessageState) -> Style {
    match state {
        MessageState::Failed => BAD,
        MessageState::Held | MessageState::Unconfirmed => LOOK,
        MessageState::Delivered | MessageState::Read | MessageState::Posted => GOOD,
        MessageState::Ignored => ASIDE,
        MessageState::Accepted | MessageState::Sending | MessageState::Sent => PLAIN,
    }
}

/// A reason in JSON: the stable code, and the sentence, which may change.
#[derive(Debug, Serialize)]
pub(super) struct Why {
    code: String,
    text: String,
}

impl Why {
    /// Its sentence.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

impl From<&Reason> for Why {
    fn from(reason: &Reason) -> Self {
        Self {
            code: reason.code().to_owned(),
            text: reason.english(),
        }
    }
}

/// The code by which commands show a message's reason and look for it: GHL's, where GHL was given one.
pub(super) fn shown_code(row: &MessageRow) -> Option<&str> {
    let reason = row.reason.as_ref()?;
    Some(match (row.direction, row.state) {
        (Direction::Outbound, MessageState::Failed) => reason.error_code(),
        _ => reason.code(),
    })
}
