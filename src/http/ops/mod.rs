//! Health and metrics, for the platform that runs the service.

pub(super) mod health;
pub(super) mod metrics;
