//! What belongs to the running process alone: its clock, signals, counters and logs.

pub mod clock;
pub mod counters;
pub mod logging;
pub mod notify;
