//! What belongs to the running process alone: its queues in memory, clock, signals, counters and logs.

pub mod batcher;
pub mod clock;
pub mod counters;
pub mod logging;
pub mod notify;
pub mod stop;
