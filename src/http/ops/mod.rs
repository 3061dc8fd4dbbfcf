//! What the platform that runs the service asks: is it alive, is it ready, how is it doing.

pub(super) mod health;
pub(super) mod metrics;
