//! Streams a file from its server to its reader, in a task of its own.
//!
//! Limits how many files stream at once, how long a reader may pause, and how long a file may take. A body alone is not
//! polled while nobody reads, so its source's time limits would never apply. A file is never whole in memory, and a
//! file that is cut never looks complete.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc::Sender;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::timeout;
use tracing::{info, warn};

/// Time limits of a file.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Longest pause of a reader.
    pause: Duration,
    /// Longest time for the whole file.
    total: Duration,
}

/// A phone that changes its network is back within half a minute. 100 MB take less than a quarter of an hour at 1
/// Mbit/s, which a phone's browser reaches even on a bad day.
const LIMITS: Limits = Limits {
    pause: Duration::from_secs(30),
    total: Duration::from_mins(15),
};

/// Slots for downloads, which limit how many run at once.
#[derive(Clone, Debug)]
pub struct DownloadSlots(Arc<Semaphore>);

/// The right to run one download. Its slot is free again when it is dropped.
pub(in crate::http) type DownloadPermit = OwnedSemaphorePermit;

impl DownloadSlots {
    /// Creates slots for `files` downloads.
    pub(in crate::http) fn new(files: usize) -> Self {
        Self(Arc::new(Semaphore::new(files)))
    }

    /// A permit, if a slot is free.
    pub(in crate::http) fn try_acquire(&self) -> Option<DownloadPermit> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}

/// A body that streams `source`, and breaks off if the source fails or a limit is reached. Then the permit is freed.
pub(in crate::http) fn body<E: Into<BoxError> + Send + 'static>(
    source: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    permit: DownloadPermit,
) -> Body {
    bounded(source, permit, LIMITS)
}

fn bounded<E: Into<BoxError> + Send + 'static>(
    source: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
    permit: DownloadPermit,
    limits: Limits,
) -> Body {
    // Buffers one piece while the next is fetched.
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let pumped = timeout(limits.total, pump(source, sender, limits.pause)).await;
        if pumped.is_err() {
            info!("a file took too long and was cut");
        }
        drop(permit);
    });
    Body::from_stream(stream::try_unfold(receiver, |mut receiver| async move {
        match receiver.recv().await {
            Some(Some(piece)) => Ok(Some((piece, receiver))),
            // The source has ended.
            Some(None) => Ok(None),
            None => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
        }
    }))
}

/// Sends every piece, and `None` at the end. Sends no `None` if it breaks off.
async fn pump<E: Into<BoxError>>(
    source: impl Stream<Item = Result<Bytes, E>>,
    sender: Sender<Option<Bytes>>,
    pause: Duration,
) {
    let mut source = pin!(source);
    loop {
        let piece = tokio::select! {
            // The reader is gone.
            () = sender.closed() => return,
            piece = source.next() => piece,
        };
        let piece = match piece.transpose() {
            Ok(piece) => piece,
            Err(error) => {
                let error: BoxError = error.into();
                warn!(%error, "a file broke off");
                return;
            }
        };
        let is_end = piece.is_none();
        match timeout(pause, sender.send(piece)).await {
            Ok(Ok(())) if !is_end => {}
            Ok(_) => return,
            Err(_) => {
                info!("a file's reader paused too long");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::BodyExt as _;

    use super::*;

    /// Long enough for a busy machine.
    const SOON: Duration = Duration::from_secs(20);
    const NEVER: Duration = Duration::from_hours(1);
    const QUICK: Duration = Duration::from_millis(50);

    fn endless() -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::repeat_with(|| Ok(Bytes::from_static(b"x")))
    }

    /// Whether the only slot is free again before long.
    async fn is_freed(slots: &DownloadSlots) -> bool {
        timeout(SOON, slots.0.acquire()).await.is_ok()
    }

    #[tokio::test]
    async fn a_reader_that_pauses_is_cut_and_its_place_is_free() {
        let (slots, total) = (DownloadSlots::new(1), NEVER);
        let limits = Limits {
            pause: QUICK,
            total,
        };
        let body = bounded(endless(), slots.try_acquire().unwrap(), limits);
        assert!(slots.try_acquire().is_none());
        assert!(is_freed(&slots).await);
        assert!(body.collect().await.is_err(), "it does not look whole");
    }

    #[tokio::test]
    async fn a_file_that_takes_too_long_is_cut_and_its_place_is_free() {
        let slots = DownloadSlots::new(1);
        let limits = Limits {
            pause: NEVER,
            total: QUICK,
        };
        let source = stream::pending::<Result<Bytes, Infallible>>();
        let body = bounded(source, slots.try_acquire().unwrap(), limits);
        let read = timeout(SOON, body.collect()).await;
        assert!(read.unwrap().is_err(), "it does not look whole");
        assert!(is_freed(&slots).await);
    }

    #[tokio::test]
    async fn a_reader_that_goes_frees_its_place() {
        let slots = DownloadSlots::new(1);
        let source = stream::pending::<Result<Bytes, Infallible>>();
        drop(body(source, slots.try_acquire().unwrap()));
        assert!(is_freed(&slots).await);
    }

    #[tokio::test]
    async fn a_file_that_is_read_comes_whole() {
        let slots = DownloadSlots::new(1);
        let source = stream::iter(["a", "b", "c"].map(|piece| Ok::<_, Infallible>(piece.into())));
        let whole = body(source, slots.try_acquire().unwrap()).collect().await;
        assert_eq!(whole.unwrap().to_bytes(), "abc");
        assert!(is_freed(&slots).await);
    }
}
