//! What belongs to one running process: its clock, signals, counters and logs.

pub mod clock;
pub mod counters;
pub mod logging;
pub mod notify;
