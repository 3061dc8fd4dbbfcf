//! `/healthz` and `/readyz`, for the platform that runs the container. The answers hold nothing private.

use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;

use crate::http::HttpState;
use crate::http::layers::Quiet;
use crate::{db, doctor};

/// Longest wait for the database. Probes commonly wait a few seconds.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

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

/// Says whether the process can take work, which means that its database answers.
pub(in crate::http) async fn ready(State(state): State<HttpState>) -> impl IntoResponse {
    let answers = tokio::time::timeout(DATABASE_TIMEOUT, db::ping(&state.pool)).await;
    let (status, text) = if matches!(answers, Ok(Ok(()))) {
        (StatusCode::OK, "ready\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer\n",
        )
    };
    (status, Extension(Quiet), text)
}
