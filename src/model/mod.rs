//! Plain types without I/O: identifiers, phones, states, reasons, languages, time zones, retry schedules.

pub mod alert;
pub mod audit;
pub mod hour_counts;
pub mod ids;
pub mod language;
pub mod phone_forms;
pub mod progress;
pub mod rate_limits;
pub mod reason;
pub mod retry_schedule;
pub mod states;
pub mod zone;
