//! The code of a reason as an argument: one that no reason has is refused, with the one that was probably meant.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};

use crate::model::reason::all_codes;

/// Reads a code in any case.
#[derive(Clone, Debug)]
pub(super) struct ReasonCode;

impl TypedValueParser for ReasonCode {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let value = value.to_string_lossy().to_lowercase();
        PossibleValuesParser::new(all_codes())
            .parse_ref(command, argument, OsStr::new(&value))
            .map_err(|mut error| {
                // A hundred codes would hide the one that was meant.
                error.insert(ContextKind::ValidValue, ContextValue::Strings(Vec::new()));
                error
            })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(all_codes().into_iter().map(PossibleValue::new)))
    }
}
