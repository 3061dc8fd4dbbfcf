//! What a check found, as people read it.

use serde::Serialize;

use crate::doctor::labels::Said;
use crate::model::language::Text;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All is well.
    Good,
    /// It works, and somebody should look at it.
    Warn,
    /// Something does not work until it is fixed.
    Bad,
    /// It could not be found out.
    Unknown,
}

/// One check's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check's name, stable: `public_url`, `provider`, `link`.
    pub check: &'static str,
    /// The number that it is about, digits; none: the location or the service as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// How it ended.
    pub state: State,
    /// What was found.
    pub what: Text,
    /// Why it matters; none where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Text>,
    /// What to do; none where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub todo: Option<Text>,
}

impl Finding {
    /// A check's answer about the location or the service as a whole.
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

    /// The same about a number.
    pub(super) fn of_number(self, number: &str) -> Self {
        Self {
            number: Some(number.to_owned()),
            ..self
        }
    }
}
