//! What happened: steps of messages, incidents, and the facts that health checks read.

pub mod health_facts;
pub mod incidents;
pub mod timeline;
