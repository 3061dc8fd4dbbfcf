//! What belongs to one running process: its clock, signals, counters and logs.

pub mod batcher;
pub mod clock;
pub mod counters;
pub mod logging;
pub mod notify;
pub mod stop;
pub mod traces;
