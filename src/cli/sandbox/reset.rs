//! The route of the button "Start again": deletes all data of the simulated vendors and of the service.
//!
//! Refuses forms of other sites, and empties only tables that the service made.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use simulators::Simulation;

use crate::db::connection::Pool;
use crate::db::own_schema;

pub(super) fn router(simulation: Simulation, pool: Pool) -> Router {
    Router::new()
        .route("/sandbox/anew", post(begin))
        .with_state((simulation, pool))
}

async fn begin(
    State((simulation, pool)): State<(Simulation, Pool)>,
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
