//! What happened: steps of messages (`timeline.rs`), incidents, and the facts that health checks read.

pub mod acks;
pub mod health_facts;
pub mod incidents;
pub mod setups;
pub mod timeline;
