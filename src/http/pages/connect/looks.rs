//! What the connect pages ask GHL: anyone who has a link may ask at any time, but GHL is asked at most once in some seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex as Turn;

use crate::doctor::Finding;
use crate::http::HttpState;
use crate::model::ids::LocationId;

/// A look at GHL is good for so long. The page's script asks again after some five seconds.
const LIFE: Duration = Duration::seconds(5);
/// Locations whose last look is kept before old ones are forgotten.
const MAX_KEPT: usize = 1_000;

/// When GHL was asked last, and what it said; none if that is not known.
#[derive(Debug, Default)]
struct Look {
    asked_at: Option<OffsetDateTime>,
    finding: Option<Finding>,
}

/// The last look at each location. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct ProviderLooks(Arc<Mutex<HashMap<LocationId, Arc<Turn<Look>>>>>);

impl ProviderLooks {
    /// What GHL says of the location's SMS provider now, or said a moment ago. None if it was asked a moment ago, and the
    /// answer did not come.
    pub(super) async fn look(&self, state: &HttpState, location: &LocationId) -> Option<Finding> {
        let look = self.of(location);
        // Who comes meanwhile gets the same answer.
        let mut look = look.lock().await;
        let now = state.clock.now();
        if look.asked_at.is_none_or(|asked_at| now >= asked_at + LIFE) {
            look.asked_at = Some(now);
            look.finding = None;
            look.finding = Some(state.doctor.check_provider(location).await);
        }
        look.finding.clone()
    }

    fn of(&self, location: &LocationId) -> Arc<Turn<Look>> {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if looks.len() >= MAX_KEPT {
            looks.retain(|_, look| Arc::strong_count(look) > 1);
        }
        Arc::clone(looks.entry(location.clone()).or_default())
    }
}
