//! Customers' files that were fetched and verified, and could not be uploaded yet, so that no try fetches them again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use whatsapp_events::MediaFile;

use crate::clients::ghl::{MAX_UPLOAD_BYTES, NewFile};
use crate::db::inbound::media::MediaJob;
use crate::model::ids::{LocationId, MessageId};

/// Memory for all of them: four of the largest, or some hundred photos. An older one is fetched again.
const MAX_BYTES: usize = 4 * MAX_UPLOAD_BYTES;
/// How long one is kept: tries follow each other within seconds, or within a window of GHL's limit.
const LIFE: Duration = Duration::from_mins(1);

/// Files in memory, the oldest first. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct FetchedFiles(Arc<Mutex<VecDeque<Kept>>>);

/// Whose file it is, and which: a better one may have taken its place.
type Key = (LocationId, MessageId, MediaFile);

#[derive(Debug)]
struct Kept {
    key: Key,
    file: NewFile,
    since: Instant,
}

impl FetchedFiles {
    pub(super) fn keep(&self, job: &MediaJob, file: NewFile) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push_back(Kept {
            key: key(job),
            file,
            since: Instant::now(),
        });
        let mut total: usize = all.iter().map(|kept| kept.file.bytes.len()).sum();
        while total > MAX_BYTES
            && let Some(oldest) = all.pop_front()
        {
            total -= oldest.file.bytes.len();
        }
    }

    /// The file of a job, which is not kept any longer.
    pub(super) fn take(&self, job: &MediaJob) -> Option<NewFile> {
        let (key, now) = (key(job), Instant::now());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|kept| now.duration_since(kept.since) < LIFE);
        let place = all.iter().position(|kept| kept.key == key)?;
        all.remove(place).map(|kept| kept.file)
    }
}

fn key(job: &MediaJob) -> Key {
    (job.location_id.clone(), job.message_id, job.file.clone())
}
