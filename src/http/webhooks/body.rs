//! The bodies of webhooks that are read or wait: how many bytes at most on each route, and for how long they may arrive.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::http::error::HookError;
use crate::runtime::batcher::NotServed;

/// What a usual webhook has at most. These have a budget of their own, so that they do not wait for address books.
const SMALL: usize = 64 * 1024;
/// Longest time for a body to get its budget and to arrive: a large one over a slow line takes some seconds.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest wait for budget. Who waits longer is asked to come again.
const BUDGET_PATIENCE: Duration = Duration::from_secs(10);

/// The budget for bodies on one route.
#[derive(Clone, Debug)]
pub(in crate::http) struct BodyBudget {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    /// Most bytes of one body.
    max: usize,
}

/// A body, which keeps its budget while it is held.
pub(in crate::http) struct Held {
    /// The bytes.
    pub(in crate::http) bytes: Bytes,
    _budget: OwnedSemaphorePermit,
}

impl BodyBudget {
    /// Budget for bodies of up to `max` bytes, and for so many bytes of small and of large ones together.
    pub(in crate::http) fn new(max: usize, small: usize, large: usize) -> Self {
        Self {
            small: Arc::new(Semaphore::new(small)),
            large: Arc::new(Semaphore::new(large)),
            max,
        }
    }

    /// Refuses a body that says itself that it is too large.
    pub(in crate::http) fn admit(&self, body: &Body) -> Result<(), HookError> {
        let declared = body.size_hint().lower();
        if usize::try_from(declared).is_ok_and(|declared| declared <= self.max) {
            Ok(())
        } else {
            Err(HookError::TooLarge)
        }
    }

    /// Reads a body, as soon as there is budget for it.
    pub(in crate::http) async fn read(&self, body: Body) -> Result<Held, HookError> {
        self.admit(&body)?;
        let read = timeout(PATIENCE, self.collect(body));
        read.await.unwrap_or(Err(HookError::Cut))
    }

    async fn collect(&self, mut body: Body) -> Result<Held, HookError> {
        let hint = body.size_hint();
        let declared = hint.exact().and_then(|bytes| usize::try_from(bytes).ok());
        let mut granted = declared.unwrap_or(SMALL).min(self.max);
        let mut budget = self.budget(granted).await?;
        let mut collected = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| HookError::Cut)?.into_data() else {
                continue;
            };
            if Some(data.len()) == declared {
                return Ok(Held {
                    bytes: data,
                    _budget: budget,
                });
            }
            if collected.len() + data.len() > granted {
                // Its length was not declared, so that it may be any.
                if granted == self.max {
                    return Err(HookError::TooLarge);
                }
                drop(budget);
                granted = self.max;
                budget = self.budget(granted).await?;
            }
            if collected.len() + data.len() > granted {
                return Err(HookError::TooLarge);
            }
            collected.reserve_exact(declared.unwrap_or(0).saturating_sub(collected.len()));
            collected.extend_from_slice(&data);
        }
        let bytes = Bytes::from(collected);
        Ok(Held {
            bytes,
            _budget: budget,
        })
    }

    async fn budget(&self, bytes: usize) -> Result<OwnedSemaphorePermit, HookError> {
        let budget = if bytes <= SMALL {
            &self.small
        } else {
            &self.large
        };
        let bytes = u32::try_from(bytes).map_err(|_| HookError::TooLarge)?;
        let taken = timeout(
            BUDGET_PATIENCE,
            Arc::clone(budget).acquire_many_owned(bytes),
        )
        .await;
        taken.map_err(|_| NotServed)?.map_err(|_| HookError::Cut)
    }
}
