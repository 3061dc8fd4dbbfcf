//! Who may show these pages in a frame: GHL, for a link that was made inside GHL. The address is the proof, so that a
//! browser that keeps no cookie of another site's frame can connect a number there.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tracing::error;

use crate::crypto::hash_secret;
use crate::db::accounts::{connect_links, white_label_domains};
use crate::http::HttpState;
use crate::http::layers::allow_frames;

/// Says in the answer who may show it in a frame.
pub(in crate::http) async fn frame(
    State(state): State<HttpState>,
    request: Request,
    next: Next,
) -> Response {
    let sources = find_sources(&state, request.uri().path()).await;
    let mut response = next.run(request).await;
    match sources {
        Ok(Some(sources)) => allow_frames(&mut response, &sources),
        Ok(None) => {}
        Err(error) => error!(%error, "a connect link cannot be read"),
    }
    response
}

/// Who may show the page at `path`; none: nobody.
async fn find_sources(state: &HttpState, path: &str) -> sqlx::Result<Option<Vec<String>>> {
    let rest = path.strip_prefix("/connect/").unwrap_or_default();
    let token = rest.split('/').next().unwrap_or_default();
    let link = connect_links::find_link(&state.pool, &hash_secret(token)).await?;
    let Some(link) = link.filter(|link| link.made_inside) else {
        return Ok(None);
    };
    let domain = white_label_domains::find_domain_of(&state.pool, &link.location_id).await?;
    let mut sources = state.ghl.frame_ancestors.clone();
    sources.extend(domain.map(|domain| format!("https://{domain}")));
    Ok(Some(sources))
}
