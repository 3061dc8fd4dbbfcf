//! State that the tasks of a simulator share. A task that panics while it holds the lock leaves the state usable.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A value behind one lock, cheap to clone. Never hold the guard across an `.await`.
#[derive(Debug, Default)]
pub(super) struct Shared<T>(Arc<Mutex<T>>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Shared<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Arc::new(Mutex::new(value)))
    }

    /// Waits for the lock. Ignores poisoning.
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
