//! What happened: steps of messages (`timeline.rs`), incidents, the facts that health checks read, messages counted by hour,
//! and who did what (`audit.rs`).

pub mod acks;
pub mod audit;
pub mod health_facts;
pub mod hour_counts;
pub mod hour_sums;
pub mod incidents;
pub mod setups;
pub mod timeline;
