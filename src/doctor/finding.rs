//! The result of a check, as people read it.

use serde::Serialize;

use crate::doctor::labels::Said;
use crate::model::language::Text;

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All is well.
    Good,
    /// It works, but somebody should look at it.
    Warn,
    /// Something does not work until it is fixed.
    Bad,
    /// The check could not be made.
    Unknown,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable name of the check, such as `public_url`, `provider` or `link`.
    pub check: &'static str,
    /// The number it is about, in digits. None for the location or the service as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The outcome.
    pub state: State,
    /// What was found.
    pub what: Text,
    /// Why it matters. None if there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
    /// What to do. None if there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub todo: Option<Text>,
}

impl Finding {
    /// A result about the location or the service as a whole.
    pub(super) fn new(check: &'static str, state: State, said: Said) -> Self {
        let Said { what, why, todo } = said;
        Self {
            check,
            number: None,
            state,
            what,
            why,
            todo,
        }
    }

    /// The same result, about a number.
    pub(super) fn of_number(self, number: &str) -> Self {
        Self {
            number: Some(number.to_owned()),
            ..self
        }
    }
}
