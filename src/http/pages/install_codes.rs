//! The codes that a browser brings from an install: which are worth a call to GHL, and how many at a time.
//!
//! Anybody can open the callback with any code, and only GHL knows whether it wrote it. So what cannot be one is never
//! asked about, what GHL refused is not asked again, and few are asked about at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};

use crate::crypto::hash_secret;

/// A refused code keeps its turn for so long: strangers' codes cost GHL four calls a second, which is little beside what GHL
/// allows, and nobody who installs is refused often.
const REFUSAL_PAUSE: Duration = Duration::from_secs(1);
/// Codes that are exchanged at a time. A call takes about half a second; nobody installs faster than eight a second.
const MAX_EXCHANGES: usize = 4;
/// How long a browser waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// GHL's codes have some 40 letters and digits, but GHL promises no length: only what no code can be is refused unasked.
const CODE_LENGTHS: std::ops::RangeInclusive<usize> = 1..=512;
/// Refused codes that are remembered: each some 50 bytes.
const MAX_REFUSED: usize = 10_000;
/// How long: a code ends within minutes, and a person who reloads the page does so at once.
const REFUSED_FOR: Duration = Duration::from_mins(10);

/// Who may exchange a code now. Clones share the turns and the memory.
#[derive(Clone, Debug)]
pub struct InstallCodes {
    turns: Arc<Semaphore>,
    /// Hashes of refused codes, the oldest first.
    refused: Arc<Mutex<VecDeque<Refused>>>,
}

/// The hash of a refused code, and when it was refused.
type Refused = (Vec<u8>, Instant);

impl Default for InstallCodes {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(MAX_EXCHANGES)),
            refused: Arc::default(),
        }
    }
}

impl InstallCodes {
    /// A turn to exchange a code; none if all were taken for too long.
    pub(super) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        let turn = Arc::clone(&self.turns).acquire_owned();
        timeout(PATIENCE, turn).await.ok()?.ok()
    }

    /// Whether GHL refused this code lately.
    pub(super) fn was_refused(&self, code: &str) -> bool {
        let (hash, now) = (hash_secret(code), Instant::now());
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        while refused
            .front()
            .is_some_and(|(_, at)| now.duration_since(*at) > REFUSED_FOR)
        {
            refused.pop_front();
        }
        refused.iter().any(|(known, _)| *known == hash)
    }

    /// Remembers that GHL refused this code, and frees its turn after a while.
    pub(super) fn refuse(&self, code: &str, turn: OwnedSemaphorePermit) {
        tokio::spawn(async move {
            sleep(REFUSAL_PAUSE).await;
            drop(turn);
        });
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() == MAX_REFUSED {
            refused.pop_front();
        }
        refused.push_back((hash_secret(code), Instant::now()));
    }
}

/// Whether a text can be a code of GHL's at all.
pub(super) fn is_code(text: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    CODE_LENGTHS.contains(&text.len()) && text.bytes().all(is_known)
}
