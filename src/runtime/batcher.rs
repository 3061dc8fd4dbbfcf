//! A queue whose requests are served in batches: what arrives while one batch is served shares the next.
//!
//! Owns: the queue, its limit, and handing each answer to its caller. Serving a batch is the owner's: signatures are
//! checked, deliveries are inserted. No timer is involved: the busier the queue, the larger its batches.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::yield_now;

/// No answer: the queue is full, nobody serves it any more, or this request could not be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not served")]
pub struct NotServed;

/// Where callers submit requests. Clones share one queue; it ends when the last of them is dropped.
#[derive(Debug)]
pub struct Batcher<Request, Answer> {
    requests: mpsc::UnboundedSender<Pending<Request, Answer>>,
    /// Bounds the queue, which the channel itself does not.
    room: Arc<Semaphore>,
}

/// The serving side of a queue.
#[derive(Debug)]
pub struct Batches<Request, Answer>(mpsc::UnboundedReceiver<Pending<Request, Answer>>);

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Pending<Request, Answer> {
    /// What is asked.
    pub request: Request,
    answer: oneshot::Sender<Answer>,
    _room: OwnedSemaphorePermit,
}

/// A queue that holds requests up to `max_cost` together, including those of the batch that is being served.
#[must_use]
pub fn batcher<Request, Answer>(
    max_cost: usize,
) -> (Batcher<Request, Answer>, Batches<Request, Answer>) {
    let (requests, received) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(max_cost));
    (Batcher { requests, room }, Batches(received))
}

impl<Request, Answer> Clone for Batcher<Request, Answer> {
    fn clone(&self) -> Self {
        Self {
            requests: self.requests.clone(),
            room: Arc::clone(&self.room),
        }
    }
}

impl<Request, Answer> Batcher<Request, Answer> {
    /// Waits for the answer. A caller that stops waiting may find its request served all the same.
    ///
    /// # Errors
    /// [`NotServed`]; at once if there is no room for `cost`.
    pub async fn submit(&self, request: Request, cost: usize) -> Result<Answer, NotServed> {
        let cost = u32::try_from(cost).map_err(|_| NotServed)?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(cost);
        let (answer, answered) = oneshot::channel();
        let pending = Pending {
            request,
            answer,
            _room: room.map_err(|_| NotServed)?,
        };
        self.requests.send(pending).map_err(|_| NotServed)?;
        answered.await.map_err(|_| NotServed)
    }

    /// Returns when nobody serves the queue any more.
    pub async fn closed(&self) {
        self.requests.closed().await;
    }
}

impl<Request, Answer> Batches<Request, Answer> {
    /// Waits for requests, and takes up to `max` of them in the order of their arrival, without those whose callers have
    /// gone. None when every [`Batcher`] is dropped.
    pub async fn next(&mut self, max: usize) -> Option<Vec<Pending<Request, Answer>>> {
        let mut batch = vec![self.0.recv().await?];
        // Callers that are ready to run join this batch.
        yield_now().await;
        while batch.len() < max
            && let Ok(pending) = self.0.try_recv()
        {
            batch.push(pending);
        }
        batch.retain(|pending| !pending.answer.is_closed());
        Some(batch)
    }
}

impl<Request, Answer> Pending<Request, Answer> {
    /// Answers the caller, which may have gone.
    pub fn answer(self, answer: Answer) {
        let _ = self.answer.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    /// Submits, and leaves the future waiting.
    fn starts<F: Future>(future: std::pin::Pin<&mut F>) {
        assert!(
            future
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    }

    #[tokio::test]
    async fn requests_are_taken_together_in_order_without_those_whose_callers_have_gone() {
        let (requests, mut batches) = batcher::<u8, u8>(100);
        let mut kept = [1, 2, 3].map(|request| Box::pin(requests.submit(request, 1)));
        {
            let mut gone = pin!(requests.submit(9, 1));
            starts(kept[0].as_mut());
            starts(gone.as_mut());
        }
        starts(kept[1].as_mut());
        starts(kept[2].as_mut());
        let first = batches.next(3).await.unwrap();
        let rest = batches.next(3).await.unwrap();
        let taken = |batch: &[Pending<u8, u8>]| batch.iter().map(|p| p.request).collect::<Vec<_>>();
        assert_eq!((taken(&first), taken(&rest)), (vec![1, 2], vec![3]));
        for pending in first.into_iter().chain(rest) {
            let answer = pending.request * 10;
            pending.answer(answer);
        }
        for (submitted, answer) in kept.into_iter().zip([10, 20, 30]) {
            assert_eq!(submitted.await, Ok(answer));
        }
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_until_requests_were_served() {
        let (requests, mut batches) = batcher::<&str, ()>(10);
        {
            let mut large = pin!(requests.submit("large", 8));
            starts(large.as_mut());
            assert_eq!(requests.submit("more", 3).await, Err(NotServed));
        }
        assert!(batches.next(1).await.unwrap().is_empty());
        let mut more = pin!(requests.submit("more", 3));
        starts(more.as_mut());
        // Dropped without an answer.
        drop(batches.next(1).await);
        assert_eq!(more.await, Err(NotServed));
    }

    #[tokio::test]
    async fn each_side_notices_that_the_other_has_gone() {
        let (first, mut batches) = batcher::<(), ()>(10);
        drop(first);
        assert!(batches.next(1).await.is_none());
        let (second, batches) = batcher::<(), ()>(10);
        drop(batches);
        second.closed().await;
        assert_eq!(second.submit((), 1).await, Err(NotServed));
    }
}
