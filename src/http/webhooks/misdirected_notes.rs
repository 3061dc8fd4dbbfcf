//! Notes what came to a wrong address, at most once a minute of each kind: a flood of it costs nothing.

use std::sync::atomic::{AtomicI64, Ordering};

use tracing::warn;

use crate::db::webhooks::misdirected;
use crate::db::webhooks::misdirected::Misdirected;
use crate::http::HttpState;
use crate::http::error::in_time;

/// Seconds between two notes of one kind.
const PAUSE: i64 = 60;

/// When this process noted each kind last, in Unix seconds.
#[derive(Debug, Default)]
pub struct MisdirectedNotes {
    delivery_at_app: AtomicI64,
    event_at_delivery: AtomicI64,
    plain_address: AtomicI64,
}

impl MisdirectedNotes {
    const fn last(&self, kind: Misdirected) -> &AtomicI64 {
        match kind {
            Misdirected::DeliveryAtApp => &self.delivery_at_app,
            Misdirected::EventAtDelivery => &self.event_at_delivery,
            Misdirected::PlainAddress => &self.plain_address,
        }
    }

    /// Whether it is time for another note, which the caller then makes.
    fn is_due(&self, kind: Misdirected, now: i64) -> bool {
        let last = self.last(kind);
        let seen = last.load(Ordering::Relaxed);
        let is_due = seen == 0 || now.saturating_sub(seen) >= PAUSE;
        // Of several callers at once, one makes the note.
        let take = || last.compare_exchange(seen, now, Ordering::Relaxed, Ordering::Relaxed);
        is_due && take().is_ok()
    }
}

impl HttpState {
    /// Notes what came, for the doctor to name. The caller's answer does not depend on it.
    pub(super) async fn misdirected(&self, kind: Misdirected) {
        let now = self.clock.now();
        if !self.misdirected.is_due(kind, now.unix_timestamp()) {
            return;
        }
        if let Ok(Err(error)) = in_time(misdirected::note(&self.pool, kind, now)).await {
            warn!(%error, ?kind, "a post to a wrong address could not be noted");
        }
    }
}
