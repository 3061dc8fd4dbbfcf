//! Who may show the page in a frame: GHL, and the domains of white-label agencies.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::REFERER;
use axum::middleware::Next;
use axum::response::Response;
use tracing::error;
use url::Url;

use crate::db::accounts::white_label_domains;
use crate::http::HttpState;
use crate::http::layers::allow_frames;
use crate::http::pages::location::location_user;
use crate::model::ids::host_name;

/// Most domains that are named if a browser does not say which one shows the page. Each has some 30 bytes, so that the
/// header stays below the 4 kB that every proxy takes.
const MAX_DOMAINS: i64 = 50;

/// Says in the answer who may show it in a frame.
pub(super) async fn frame(
    State(state): State<HttpState>,
    request: Request,
    next: Next,
) -> Response {
    let (headers, path) = (request.headers(), request.uri().path());
    let domains = find_domains(&state, headers, path).await;
    // If the database fails, only GHL itself may.
    let domains = domains.unwrap_or_else(|error| {
        error!(%error, "the agencies' domains cannot be read");
        Vec::new()
    });
    let mut response = next.run(request).await;
    let path_param = domains.into_iter().filter_map(|domain| host_name(&domain));
    let mut sources = state.ghl.frame_ancestors.clone();
    sources.extend(path_param.map(|domain| format!("https://{domain}")));
    allow_frames(&mut response, &sources);
    response
}

/// For a session's pages, its agency's domain. Before there is a session, the domain that the browser names, if it is
/// an agency's. A false name opens nothing, because the browser compares the answer with the site that really shows the
/// page.
async fn find_domains(
    state: &HttpState,
    headers: &HeaderMap,
    path: &str,
) -> sqlx::Result<Vec<String>> {
    let id = path
        .strip_prefix("/app/")
        .and_then(|rest| rest.split('/').next());
    if let Some((location, _)) = id.and_then(|id| location_user::find_session(state, headers, id)) {
        let domain = white_label_domains::find_domain_of(&state.pool, &location).await?;
        return Ok(domain.into_iter().collect());
    }
    match shown_by(headers, &state.public_url) {
        Some(host) if white_label_domains::is_known(&state.pool, &host).await? => Ok(vec![host]),
        Some(_) => Ok(Vec::new()),
        None => white_label_domains::list_newest(&state.pool, MAX_DOMAINS).await,
    }
}

/// The host of the page around this one, if the browser names it. After a click on one of our own pages, the browser
/// names that page, which tells nothing.
fn shown_by(headers: &HeaderMap, ours: &Url) -> Option<String> {
    let referrer = Url::parse(headers.get(REFERER)?.to_str().ok()?).ok()?;
    if referrer.host() == ours.host() {
        return None;
    }
    host_name(referrer.host_str()?)
}
