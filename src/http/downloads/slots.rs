//! Slots for downloads: how many run at once in all, of one link, and of one location.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Readers of one link at a time: the person, and a browser that begins again before it noticed that the first try broke.
/// A link that is passed around must not use the whole bandwidth.
const MAX_OF_LINK: usize = 2;
/// A location's share of all slots: however many links of one are passed around, others' files come.
const SHARE_OF_LOCATION: usize = 4;

/// Slots for downloads. Clones share them.
#[derive(Clone, Debug)]
pub struct DownloadSlots {
    all: Arc<Semaphore>,
    readers: Readers,
    max_of_location: usize,
}

/// The downloads that run, by what limits them.
#[derive(Clone, Debug, Default)]
struct Readers(Arc<Mutex<HashMap<Key, usize>>>);

/// What has a limit of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Link(String),
    Location(String),
}

/// The right to run one download. Its slot is free again when it is dropped.
#[derive(Debug)]
pub(in crate::http) struct DownloadPermit {
    _slot: OwnedSemaphorePermit,
    _of_link: Reader,
    _of_location: Option<Reader>,
}

/// One download of a key.
#[derive(Debug)]
struct Reader {
    readers: Readers,
    key: Key,
}

impl DownloadSlots {
    /// Creates slots for `files` downloads.
    pub(in crate::http) fn new(files: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(files)),
            readers: Readers::default(),
            max_of_location: (files / SHARE_OF_LOCATION).max(MAX_OF_LINK),
        }
    }

    /// A permit for a download of this link, if a slot is free, and the link and its location have not too many.
    pub(in crate::http) fn try_acquire(
        &self,
        link: &str,
        location: Option<&str>,
    ) -> Option<DownloadPermit> {
        let slot = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let of_link = self.readers.add(Key::Link(link.to_owned()), MAX_OF_LINK)?;
        let of_location = match location {
            Some(location) => {
                let key = Key::Location(location.to_owned());
                Some(self.readers.add(key, self.max_of_location)?)
            }
            None => None,
        };
        Some(DownloadPermit {
            _slot: slot,
            _of_link: of_link,
            _of_location: of_location,
        })
    }
}

impl Readers {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, key: Key, max: usize) -> Option<Reader> {
        let mut readers = self.lock();
        let count = readers.get(&key).copied().unwrap_or_default();
        if count >= max {
            return None;
        }
        readers.insert(key.clone(), count + 1);
        drop(readers);
        Some(Reader {
            readers: self.clone(),
            key,
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut readers = self.readers.lock();
        match readers.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                readers.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_and_a_location_have_their_share_and_get_it_back() {
        let slots = DownloadSlots::new(16);
        let acquire = |link: &str, location| slots.try_acquire(link, Some(location));
        let mut held = vec![acquire("a", "one").unwrap(), acquire("a", "one").unwrap()];
        assert!(acquire("a", "one").is_none(), "two of a link");
        held.extend([acquire("b", "one").unwrap(), acquire("c", "one").unwrap()]);
        assert!(acquire("d", "one").is_none(), "four of a location");
        held.push(acquire("d", "two").unwrap());
        drop(held);
        assert!(slots.readers.lock().is_empty());
        assert_eq!(slots.all.available_permits(), 16);
        assert!(acquire("a", "one").is_some());
    }
}
