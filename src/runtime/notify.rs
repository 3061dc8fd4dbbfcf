//! Signals to workers within one process, and when each worker was last seen to work.
//!
//! A signal starts a worker's poll at once. It does not carry the work, which is in the database. A lost signal costs
//! one poll interval at most, and workers of other processes rely on polling alone.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// One signal for each worker.
#[derive(Debug, Default)]
pub struct Signals {
    /// A delivery was accepted.
    pub outbound: Signal,
    /// Waapify posted something.
    pub waapify_events: Signal,
    /// A customer's message is ready to be posted.
    pub inbound: Signal,
    /// A customer's file is to be fetched.
    pub inbound_media: Signal,
    /// A status update for GHL may be due.
    pub status_updates: Signal,
    /// GHL posted something about the app.
    pub ghl_events: Signal,
    /// A message is held for its sender's phone.
    pub phone_checks: Signal,
    /// A customer said STOP or START.
    pub opt_outs: Signal,
    /// GHL is to be asked who wrote a message.
    pub sources: Signal,
    /// The worker that asks for contacts' tags.
    pub tags: Signal,
    /// An install or an uninstall has work left.
    pub token_upkeep: Signal,
    /// A number was linked or unlinked.
    pub monitor: Signal,
    /// A target of alerts was set.
    pub alerts: Signal,
    /// Hours are to be counted; nobody fires it.
    pub hour_counts: Signal,
}

/// The signal to one worker.
#[derive(Debug, Default)]
pub struct Signal {
    notify: Notify,
    /// When the worker's last step ended; none while it does not run.
    last_step: Mutex<Option<Instant>>,
}

impl Signals {
    /// Whether a running worker has not ended a step for so long.
    #[must_use]
    pub fn is_stalled(&self, limit: Duration) -> bool {
        let all = [
            &self.outbound,
            &self.waapify_events,
            &self.inbound,
            &self.inbound_media,
            &self.status_updates,
            &self.ghl_events,
            &self.phone_checks,
            &self.opt_outs,
            &self.sources,
            &self.tags,
            &self.token_upkeep,
            &self.monitor,
            &self.alerts,
            &self.hour_counts,
        ];
        all.into_iter().any(|signal| {
            let last_step = *signal
                .last_step
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            last_step.is_some_and(|at| at.elapsed() > limit)
        })
    }
}

impl Signal {
    /// Says that there may be work. It is kept until the worker waits for it.
    pub fn notify_one(&self) {
        self.notify.notify_one();
    }

    /// Returns when there may be work.
    pub async fn notified(&self) {
        self.notify.notified().await;
    }

    /// Notes that the worker runs and has just ended a step, or that it runs no more.
    pub fn record_step(&self, is_running: bool) {
        let mut last_step = self
            .last_step
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last_step = is_running.then(Instant::now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_runs_and_ends_no_step_is_stalled() {
        let signals = Signals::default();
        assert!(!signals.is_stalled(Duration::ZERO));
        signals.monitor.record_step(true);
        std::thread::sleep(Duration::from_millis(1));
        assert!(!signals.is_stalled(Duration::from_mins(1)));
        assert!(signals.is_stalled(Duration::ZERO));
        signals.monitor.record_step(false);
        assert!(!signals.is_stalled(Duration::ZERO));
    }
}
