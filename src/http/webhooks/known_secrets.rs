//! Secrets of gateway webhooks that were good lately: their callers are believed before the database is asked, so that
//! they cost no question more, and keep their room while it is down.
//!
//! Being known opens nothing: an event is stored only where the database knows its secret.

use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use time::OffsetDateTime;
use tokio::sync::Semaphore;

use crate::db::connection::Pool;
use crate::db::numbers::webhook_secrets;
use crate::http::error::{HookError, stored};

/// Hashes of one generation; two are kept, less than 2 MB. More numbers than one process serves.
const GENERATION: usize = 10_000;
/// Questions about unknown secrets that are asked at once: strangers leave the other connections to those with work.
const QUESTIONS: usize = 4;

/// The hashes, in two generations: when the younger is full, the older is forgotten.
#[derive(Debug)]
pub struct KnownSecrets {
    generations: Mutex<[HashSet<Vec<u8>>; 2]>,
    questions: Semaphore,
}

impl Default for KnownSecrets {
    fn default() -> Self {
        Self {
            generations: Mutex::default(),
            questions: Semaphore::new(QUESTIONS),
        }
    }
}

impl KnownSecrets {
    fn lock(&self) -> MutexGuard<'_, [HashSet<Vec<u8>>; 2]> {
        // Whole before and after every change.
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the secret was good lately.
    pub(in crate::http) fn contains(&self, hash: &[u8]) -> bool {
        self.lock().iter().any(|hashes| hashes.contains(hash))
    }

    /// Notes that a secret is good.
    pub(in crate::http) fn remember(&self, hash: &[u8]) {
        let [young, old] = &mut *self.lock();
        if young.contains(hash) {
            return;
        }
        if young.len() >= GENERATION {
            *old = mem::take(young);
        }
        young.insert(hash.to_vec());
    }

    /// Notes that a secret is good no longer.
    pub(in crate::http) fn forget(&self, hash: &[u8]) {
        for hashes in &mut *self.lock() {
            hashes.remove(hash);
        }
    }

    /// Asks the database about a secret, in turn with others that are not known.
    pub(in crate::http) async fn ask(
        &self,
        pool: &Pool,
        hash: &[u8],
        now: OffsetDateTime,
    ) -> Result<(), HookError> {
        let _turn = self.questions.acquire().await;
        let found = stored(|| webhook_secrets::find_by_webhook_secret(pool, hash, now)).await?;
        found.map(|_| ()).ok_or(HookError::UnknownSecret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_good_lately_is_known_and_no_more_than_two_generations() {
        let known = KnownSecrets::default();
        let hash = |n: usize| n.to_be_bytes().to_vec();
        for n in 0..3 * GENERATION {
            known.remember(&hash(n));
        }
        assert!(known.contains(&hash(3 * GENERATION - 1)));
        assert!(!known.contains(&hash(0)));
        known.forget(&hash(3 * GENERATION - 1));
        assert!(!known.contains(&hash(3 * GENERATION - 1)));
        let kept: usize = known.lock().iter().map(HashSet::len).sum();
        assert!(kept <= 2 * GENERATION);
    }
}
