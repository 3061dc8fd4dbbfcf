//! Reads for pages, commands and metrics. Nothing here changes a row.

pub mod agencies;
pub mod agency;
pub mod customers;
pub mod failures;
pub mod hours;
pub mod locations;
pub mod messages;
pub mod number_cards;
pub mod operator;
pub mod overview;
pub mod queue_counts;
pub mod queue_places;
pub mod recipients;
pub mod row_names;
pub mod search;
pub mod troubles;
