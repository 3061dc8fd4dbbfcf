//! Streams a file from its server to its reader, in a task of its own.
//!
//! Limits how many files stream at once, of a link and of a location; how long a reader may pause, how slow it may be,
//! and how long a file may take. A body alone is not polled while nobody reads, so its source's time limits would never
//! apply. A file is never whole in memory, and a file that is cut never looks complete.

use std::io;
use std::pin::pin;
use std::time::Duration;

use axum::BoxError;
use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::http::downloads::slots::DownloadPermit;

/// Time limits of a file.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Longest pause of a reader.
    pause: Duration,
    /// Longest time for the whole file.
    total: Duration,
    /// After so much waiting for a reader it is looked at how much it took.
    window: Duration,
    /// Fewest bytes in a window.
    least: usize,
}

/// A phone that changes its network is back within half a minute. 100 MB take less than a quarter of an hour at 1
/// Mbit/s, which a phone's browser reaches even on a bad day. Who takes less than 16 kB a second over half a minute keeps
/// a slot from others for hours.
const LIMITS: Limits = Limits {
    pause: Duration::from_secs(30),
    total: Duration::from_mins(15),
    window: Duration::from_secs(30),
    least: 30 * 16 * 1024,
};

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
        let forwarded = timeout(limits.total, forward(source, sender, limits)).await;
        if forwarded.is_err() {
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
async fn forward<E: Into<BoxError>>(
    source: impl Stream<Item = Result<Bytes, E>>,
    sender: Sender<Option<Bytes>>,
    limits: Limits,
) {
    let mut source = pin!(source);
    let mut pace = Pace::default();
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
        let bytes = piece.as_ref().map(Bytes::len);
        let asked = Instant::now();
        match (timeout(limits.pause, sender.send(piece)).await, bytes) {
            (Ok(Ok(())), Some(bytes)) if pace.keeps(asked.elapsed(), bytes, limits) => {}
            (Ok(Ok(())), Some(_)) => {
                info!("a file's reader is too slow");
                return;
            }
            (Ok(_), _) => return,
            (Err(_), _) => {
                info!("a file's reader paused too long");
                return;
            }
        }
    }
}

/// How fast a reader takes what is there. Time in which the source is waited for does not count.
#[derive(Default)]
struct Pace {
    waited: Duration,
    bytes: usize,
}

impl Pace {
    /// Counts a piece that was taken after `waited`; false if the window ended with too few bytes.
    fn keeps(&mut self, waited: Duration, bytes: usize, limits: Limits) -> bool {
        self.waited += waited;
        self.bytes += bytes;
        if self.waited < limits.window {
            return true;
        }
        let is_fast = self.bytes >= limits.least;
        *self = Self::default();
        is_fast
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::BodyExt as _;

    use super::*;
    use crate::http::downloads::slots::DownloadSlots;

    /// Long enough for a busy machine.
    const SOON: Duration = Duration::from_secs(20);
    const NEVER: Duration = Duration::from_hours(1);
    const QUICK: Duration = Duration::from_millis(50);

    const LENIENT: Limits = Limits {
        pause: NEVER,
        total: NEVER,
        window: NEVER,
        least: 0,
    };

    fn permit(slots: &DownloadSlots) -> DownloadPermit {
        slots.try_acquire("link", None).unwrap()
    }

    fn endless() -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::repeat_with(|| Ok(Bytes::from_static(b"x")))
    }

    /// Whether the only slot is free again before long.
    async fn is_freed(slots: &DownloadSlots) -> bool {
        let freed = async {
            while slots.try_acquire("link", None).is_none() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(SOON, freed).await.is_ok()
    }

    #[tokio::test]
    async fn a_reader_that_is_slow_without_a_pause_is_cut() {
        let slots = DownloadSlots::new(1);
        let limits = Limits {
            window: QUICK,
            least: 1000,
            ..LENIENT
        };
        let mut body = bounded(endless(), permit(&slots), limits);
        let mut taken = 0;
        // Each piece has one byte.
        while let Some(Ok(_)) = body.frame().await {
            taken += 1;
            tokio::time::sleep(QUICK / 5).await;
        }
        assert!(taken < 1000, "{taken}");
        assert!(is_freed(&slots).await);
    }

    #[tokio::test]
    async fn a_reader_that_pauses_is_cut_and_its_place_is_free() {
        let slots = DownloadSlots::new(1);
        let limits = Limits {
            pause: QUICK,
            ..LENIENT
        };
        let body = bounded(endless(), permit(&slots), limits);
        assert!(slots.try_acquire("link", None).is_none());
        assert!(is_freed(&slots).await);
        assert!(body.collect().await.is_err(), "it does not look whole");
    }

    #[tokio::test]
    async fn a_file_that_takes_too_long_is_cut_and_its_place_is_free() {
        let slots = DownloadSlots::new(1);
        let limits = Limits {
            total: QUICK,
            ..LENIENT
        };
        let source = stream::pending::<Result<Bytes, Infallible>>();
        let body = bounded(source, permit(&slots), limits);
        let read = timeout(SOON, body.collect()).await;
        assert!(read.unwrap().is_err(), "it does not look whole");
        assert!(is_freed(&slots).await);
    }

    #[tokio::test]
    async fn a_reader_that_goes_frees_its_place() {
        let slots = DownloadSlots::new(1);
        let source = stream::pending::<Result<Bytes, Infallible>>();
        drop(body(source, permit(&slots)));
        assert!(is_freed(&slots).await);
    }

    #[tokio::test]
    async fn a_file_that_is_read_comes_whole() {
        let slots = DownloadSlots::new(1);
        let source = stream::iter(["a", "b", "c"].map(|piece| Ok::<_, Infallible>(piece.into())));
        let whole = body(source, permit(&slots)).collect().await;
        assert_eq!(whole.unwrap().to_bytes(), "abc");
        assert!(is_freed(&slots).await);
    }
}
