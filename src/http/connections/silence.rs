//! How long a connection may be silent: what it waits for, and until when.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use crate::http::connections::Limits;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The rest of a request's head; until then.
    Head(Instant),
    /// The next request; until then.
    Idle(Instant),
    /// Its answer, which has limits of its own.
    Answering,
}

/// The phase of one connection. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Silence {
    phase: Arc<Mutex<Phase>>,
    limits: Limits,
}

impl Silence {
    /// Of a connection that begins now.
    pub(super) fn begin(limits: Limits) -> Self {
        let phase = Phase::Head(Instant::now() + limits.head);
        Self {
            phase: Arc::new(Mutex::new(phase)),
            limits,
        }
    }

    pub(super) fn phase(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, phase: Phase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    /// A byte came: if nothing was expected, a head begins.
    fn heard(&self) {
        if matches!(self.phase(), Phase::Idle(_)) {
            self.set(Phase::Head(Instant::now() + self.limits.head));
        }
    }

    /// A head is complete. Its answer has been given when the returned value is dropped.
    pub(super) fn answering(&self) -> Answering {
        self.set(Phase::Answering);
        Answering(self.clone())
    }

    /// Is ready when the silence has lasted too long; the phase that it ended in. `sleep` belongs to this connection.
    pub(super) fn poll_too_long(
        &self,
        mut sleep: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<Phase> {
        let phase = self.phase();
        let (Phase::Head(end) | Phase::Idle(end)) = phase else {
            return Poll::Pending;
        };
        if sleep.deadline() != end {
            sleep.as_mut().reset(end);
        }
        ready!(sleep.poll(cx));
        Poll::Ready(phase)
    }
}

/// An answer that is not whole yet.
#[derive(Debug)]
pub(super) struct Answering(Silence);

impl Drop for Answering {
    fn drop(&mut self) {
        let end = Instant::now() + self.0.limits.idle;
        self.0.set(Phase::Idle(end));
    }
}

/// A connection's stream, which notes when a byte comes.
pub(super) struct Heard {
    pub(super) stream: TcpStream,
    pub(super) silence: Silence,
}

impl AsyncRead for Heard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.silence.heard();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Heard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
