//! `/healthz` and `/readyz`, for the platform that runs the container. The answers hold nothing private.

use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use tokio::time::timeout;

use crate::http::HttpState;
use crate::http::layers::Quiet;
use crate::{db, doctor};

/// Longest wait for the database. Probes commonly wait a few seconds.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);
/// A worker polls every second, and a statement ends after ten.
const WORKER_TIMEOUT: Duration = Duration::from_mins(1);

/// Answers if the process runs.
pub(in crate::http) async fn live() -> impl IntoResponse {
    (Extension(Quiet), "ok\n")
}

/// Proves to the doctor that `PUBLIC_URL` leads to this deployment. Strangers cannot make a valid question.
pub(in crate::http) async fn answer(
    State(state): State<HttpState>,
    Path(question): Path<String>,
) -> impl IntoResponse {
    let answer = doctor::answer(&state.sealer, &question);
    answer.map_or((StatusCode::NOT_FOUND, String::new()), |answer| {
        (StatusCode::OK, answer)
    })
}

/// Says whether the process can take work: its database takes changes, deliveries are stored, and its workers work.
pub(in crate::http) async fn ready(State(state): State<HttpState>) -> impl IntoResponse {
    let (status, text) = match find_obstacle(&state).await {
        None => (StatusCode::OK, "ready\n"),
        Some(obstacle) => (StatusCode::SERVICE_UNAVAILABLE, obstacle),
    };
    (status, Extension(Quiet), text)
}

async fn find_obstacle(state: &HttpState) -> Option<&'static str> {
    match timeout(DATABASE_TIMEOUT, db::is_writable(&state.pool)).await {
        Ok(Ok(true)) if state.insert_batcher.is_failing() => {
            Some("the database does not store deliveries\n")
        }
        Ok(Ok(true)) if state.signals.is_stalled(WORKER_TIMEOUT) => {
            Some("a worker has not ended a step for a minute\n")
        }
        Ok(Ok(true)) => None,
        Ok(Ok(false)) => Some("the database is read-only\n"),
        Ok(Err(_)) | Err(_) => Some("the database does not answer\n"),
    }
}
