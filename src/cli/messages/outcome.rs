//! What becomes of messages that are to be replayed: the questions before, and the answer after.

use std::io;
use std::io::{BufRead, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::db::replays::{MayHaveArrived, Replay};
use crate::model::ids::MessageId;
use crate::model::reason::Reason;
use crate::model::states::MessageState;

/// A question could not be asked, and the answer was not given.
#[derive(Debug, thiserror::Error)]
#[error("{} would be sent again; add --yes to do it, or --dry-run to see which", counted(*.matching))]
pub(in crate::cli) struct NoAnswer {
    /// How many.
    pub(super) matching: usize,
}

fn counted(messages: usize) -> String {
    match messages {
        1 => "1 message".to_owned(),
        many => format!("{many} messages"),
    }
}

/// The code for a message that may have arrived.
pub(super) const MAY_HAVE_ARRIVED: &str = "may_have_arrived";

/// The code for a message that is left because its remedy is not to send it again.
pub(super) const WOULD_FAIL_AGAIN: &str = "would_fail_again";

/// Why messages were left as they are, in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Left {
    pub(super) code: &'static str,
    pub(super) why: String,
    pub(super) ids: Vec<i64>,
}

/// What became of the messages, in JSON.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outcome {
    pub(super) replayed: Vec<i64>,
    pub(super) left: Vec<Left>,
}

impl Outcome {
    /// Notes a message that was left.
    pub(super) fn leave(&mut self, id: MessageId, code: &'static str, why: String) {
        match self.left.iter_mut().find(|left| left.why == why) {
            Some(left) => left.ids.push(id.0),
            None => self.left.push(Left {
                code,
                why,
                ids: vec![id.0],
            }),
        }
    }

    /// 1 if a message was left that should have been replayed.
    pub(super) fn exit_code(&self) -> ExitCode {
        if self.left.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

pub(super) fn wording(how: MayHaveArrived) -> (String, &'static str) {
    match how {
        MayHaveArrived::Unconfirmed => ("It may have arrived.".to_owned(), "Send it again?"),
        MayHaveArrived::Refused => (
            "WhatsApp refused a part of it; that part and all behind it go again.".to_owned(),
            "Send it again?",
        ),
        MayHaveArrived::PartsLeft { sent } => (
            format!("{sent} of its parts already left; only the rest goes."),
            "Send the rest?",
        ),
        MayHaveArrived::AnswerLost => ("GHL may have it already.".to_owned(), "Post it again?"),
    }
}

/// Why a message was not replayed, as a code and in words; none if it was.
pub(super) fn refusal(replay: Replay) -> Option<(&'static str, String)> {
    Some(match replay {
        Replay::Queued => return None,
        Replay::Unknown => ("unknown", "no message has this number".to_owned()),
        Replay::Uninstalled => (
            "uninstalled",
            "the app was uninstalled from its sub-account; install it again first".to_owned(),
        ),
        Replay::NoNumber => (
            "no_number",
            "its sub-account has no WhatsApp number; connect one first".to_owned(),
        ),
        Replay::MayHaveArrived(how) => (MAY_HAVE_ARRIVED, wording(how).0),
        Replay::NotFailed(state, reason) => ("not_failed", not_failed(state, reason.as_ref())),
    })
}

fn not_failed(state: MessageState, reason: Option<&Reason>) -> String {
    let reason = reason.map(Reason::english).unwrap_or_default();
    match state {
        MessageState::Ignored => format!("it was ignored on purpose: {reason}"),
        MessageState::Held => format!("it is held: {reason}"),
        MessageState::Accepted | MessageState::Sending | MessageState::Unconfirmed => {
            format!("it is on its way already ({state})")
        }
        _ => format!("it has not failed ({state})"),
    }
}

/// Asks the person at the terminal.
pub(in crate::cli) fn ask(question: &str) -> io::Result<bool> {
    let question = format!("{question} [y/N] ");
    says_yes(&question, &mut io::stdin().lock(), &mut io::stderr())
}

/// Only a yes counts as yes.
fn says_yes(
    question: &str,
    answers: &mut impl BufRead,
    terminal: &mut impl Write,
) -> io::Result<bool> {
    terminal.write_all(question.as_bytes())?;
    terminal.flush()?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for (answer, expected) in [
            ("y\n", true),
            (" YES \n", true),
            ("\n", false),
            ("n\n", false),
            ("yolo\n", false),
            ("", false),
        ] {
            let mut terminal = Vec::new();
            let said = says_yes("Again? ", &mut answer.as_bytes(), &mut terminal).unwrap();
            assert_eq!(
                (said, terminal),
                (expected, b"Again? ".to_vec()),
                "{answer:?}"
            );
        }
    }
}
