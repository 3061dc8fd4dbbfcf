//! What may be wrong with the service and with a location, and how to mend it: one list of checks for the command, the
//! page inside GHL, and the operator's pages.
//!
//! Owns: the checks and their sentences. Refuses: mending; that is the relay's, or a person's.

mod finding;

pub use finding::{Finding, State};
