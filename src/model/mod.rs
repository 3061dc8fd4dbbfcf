//! Plain types without I/O: identifiers, phones, states, reasons, languages, time zones, retry schedules.

pub mod alert;
pub mod audit;
pub mod ids;
pub mod language;
pub mod number_rule;
pub mod opt_out;
pub mod phone_forms;
pub mod progress;
pub mod protection;
pub mod rate_limits;
pub mod reason;
pub mod retry_schedule;
pub mod states;
mod stored_enum;
pub mod written_phone;
pub mod zone;
