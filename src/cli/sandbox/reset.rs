//! Beginning anew: the simulated vendors and the service's database forget everything, as if nobody had been here.
//!
//! Owns: emptying the sandbox's database. Refuses: forms of other sites.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::post;
use simulators::Simulation;
use sqlx::PgPool;

/// Every table of the service but the list of migrations; one statement, so that workers see all or nothing of it.
const EMPTY: &str = "do $$ begin execute (
    select 'truncate ' || string_agg(format('%I', tablename), ', ') || ' cascade' from pg_tables
    where schemaname = 'public' and tablename <> '_sqlx_migrations'
); end $$";

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
    match sqlx::query(EMPTY).execute(&pool).await {
        Ok(_) => {
            simulation.forget();
            Redirect::to("/sandbox/ghl").into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the sandbox's database could not be emptied");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
