//! How a stop reaches every task of the process.

use tokio_util::sync::CancellationToken;

/// The two moments of a stop.
#[derive(Clone, Debug, Default)]
pub struct Stop {
    /// From then on nothing new begins.
    pub requested: CancellationToken,
    /// From then on nothing is waited for: jobs that still run are cut off and given back.
    pub overdue: CancellationToken,
}
