//! Checks of signatures, so that they keep no thread busy for long and many at once cost less than each alone.
//!
//! Owns: the line of those that wait. An Ed25519 check takes about 30 µs and needs no more than 10 beside fifteen others, so
//! what comes during one check is checked together next. RSA and large bodies take far longer, on threads of their own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use tokio::sync::oneshot;
use tokio::task::{spawn_blocking, yield_now};

use crate::crypto::{Signature, SignatureError, Verifier};

/// Signatures checked at once: more save little, and sixteen take about 160 µs of a thread that serves others, too.
const MAX_BATCH: usize = 16;
/// A larger body is hashed on a thread of its own: this one takes about 100 µs.
const MAX_SMALL_BODY: usize = 64 * 1024;

/// Checks signatures. Clones share one line.
#[derive(Clone, Debug)]
pub struct SignatureBatcher(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    verifier: Verifier,
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    is_served: bool,
}

#[derive(Debug)]
struct Waiting {
    signature: ed25519_zebra::Signature,
    body: Bytes,
    answer: oneshot::Sender<bool>,
}

impl SignatureBatcher {
    /// Checks with these keys.
    #[must_use]
    pub fn new(verifier: Verifier) -> Self {
        Self(Arc::new(Shared {
            verifier,
            line: Mutex::default(),
        }))
    }

    /// Returns when it is known that the signature is the body's.
    pub(in crate::http) async fn check(
        &self,
        signature: Signature,
        body: Bytes,
    ) -> Result<(), SignatureError> {
        let fits = match signature {
            Signature::Ed25519(signature) if body.len() <= MAX_SMALL_BODY => {
                self.line_up(signature, body).await.unwrap_or(false)
            }
            signature => {
                let shared = Arc::clone(&self.0);
                let check = spawn_blocking(move || shared.verifier.fits(&signature, &body));
                check.await.unwrap_or(false)
            }
        };
        fits.then_some(()).ok_or(SignatureError::Wrong)
    }

    fn line_up(&self, signature: ed25519_zebra::Signature, body: Bytes) -> oneshot::Receiver<bool> {
        let (answer, answered) = oneshot::channel();
        let mut line = self.0.line();
        line.waiting.push_back(Waiting {
            signature,
            body,
            answer,
        });
        if !line.is_served {
            line.is_served = true;
            tokio::spawn(Arc::clone(&self.0).serve());
        }
        answered
    }
}

impl Shared {
    fn line(&self) -> std::sync::MutexGuard<'_, Line> {
        // Nothing panics while it holds the line.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next of the line; anyone who comes after the last has it served again.
    fn next_batch(&self) -> Vec<Waiting> {
        let mut line = self.line();
        let count = line.waiting.len().min(MAX_BATCH);
        line.is_served = count > 0;
        line.waiting.drain(..count).collect()
    }

    async fn serve(self: Arc<Self>) {
        loop {
            // Whose requests are at hand lines up first.
            yield_now().await;
            let batch = self.next_batch();
            if batch.is_empty() {
                return;
            }
            let signed: Vec<_> = batch.iter().map(|w| (w.signature, &*w.body)).collect();
            let fit = self.verifier.fit_each(&signed);
            for (waiting, fits) in batch.into_iter().zip(fit) {
                // Who has gone away needs no answer.
                let _ = waiting.answer.send(fits);
            }
        }
    }
}
