//! Checks of signatures, so that they keep no thread busy for long and many at once cost less than each alone.
//!
//! An Ed25519 check takes about 30 µs and no more than 10 beside fifteen others, so what arrives during one check is
//! checked together next. RSA and large bodies take far longer, on threads of their own.

use std::sync::Arc;

use axum::body::Bytes;
use tokio::task::spawn_blocking;

use crate::crypto::{Signature, Verifier};
use crate::runtime::batcher::{Batcher, Batches, NotServed, batcher};

/// Signatures checked at once: more save little, and sixteen take about 160 µs of a thread that serves others, too.
const MAX_BATCH: usize = 16;
/// A larger body is hashed on a thread of its own: this one takes about 100 µs.
const MAX_SMALL_BODY: usize = 64 * 1024;
/// Bytes that may wait: a quarter of a second's work, far more than waits while honest callers are served.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;

type Signed = (ed25519_zebra::Signature, Bytes);

/// Checks signatures. Clones share one queue.
#[derive(Clone, Debug)]
pub struct SignatureBatcher {
    verifier: Arc<Verifier>,
    small: Batcher<Signed, bool>,
}

impl SignatureBatcher {
    /// Checks with these keys, on a task of its own that ends with the last clone.
    #[must_use]
    pub fn start(verifier: Verifier) -> Self {
        let (small, batches) = batcher(MAX_WAITING_BYTES);
        let verifier = Arc::new(verifier);
        tokio::spawn(serve(Arc::clone(&verifier), batches));
        Self { verifier, small }
    }

    /// Whether the signature is the body's.
    pub(in crate::http) async fn fits(
        &self,
        signature: Signature,
        body: Bytes,
    ) -> Result<bool, NotServed> {
        match signature {
            Signature::Ed25519(signature) if body.len() <= MAX_SMALL_BODY => {
                let bytes = body.len();
                self.small.submit((signature, body), bytes).await
            }
            signature => {
                let verifier = Arc::clone(&self.verifier);
                let check = spawn_blocking(move || verifier.fits(&signature, &body));
                check.await.map_err(|_| NotServed)
            }
        }
    }
}

async fn serve(verifier: Arc<Verifier>, mut batches: Batches<Signed, bool>) {
    while let Some(batch) = batches.next(MAX_BATCH).await {
        let signed: Vec<_> = batch
            .iter()
            .map(|pending| (pending.request.0, &*pending.request.1))
            .collect();
        let fit = verifier.fit_each(&signed);
        for (pending, fits) in batch.into_iter().zip(fit) {
            pending.answer(fits);
        }
    }
}
