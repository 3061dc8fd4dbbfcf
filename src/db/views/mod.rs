//! Reads for pages, commands and metrics. Nothing here changes a row.

pub mod agency;
pub mod messages;
pub mod operator;
pub mod overview;
pub mod queue_counts;
pub mod search;
