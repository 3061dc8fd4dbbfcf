//! "Begin anew": the simulated vendors and the service's tables forget everything, as if nobody had been here.
//!
//! Owns: the route. Refuses: forms of other sites, and emptying tables that the service did not make.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use simulators::Simulation;
use sqlx::PgPool;

use crate::db::own_schema;

/// The route behind the button.
pub(super) fn router(simulation: Simulation, pool: PgPool) -> Router {
    Router::new()
        .route("/sandbox/anew", post(begin))
        .with_state((simulation, pool))
}

async fn begin(
    State((simulation, pool)): State<(Simulation, PgPool)>,
    headers: HeaderMap,
) -> Response {
    let from = headers.get("sec-fetch-site");
    if from.is_some_and(|from| from != "same-origin") {
        return StatusCode::FORBIDDEN.into_response();
    }
    match own_schema::empty_tables(&pool).await {
        Ok(()) => {
            simulation.forget();
            Redirect::to("/sandbox/ghl").into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the sandbox's database could not be emptied");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
