//! Who may show the page in a frame: GHL, and the domains of white-label agencies.

use axum::extract::{Request, State};
use axum::http::header::REFERER;
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use tracing::error;
use url::{Url, form_urlencoded};

use crate::crypto::Sealer;
use crate::db::accounts::white_label_domains;
use crate::http::HttpState;
use crate::http::layers::allow_frames;
use crate::http::pages::location::location_user;
use crate::http::pages::location::shown_in::{SHOWN_IN, ShownIn};
use crate::model::ids::host_name;

/// Says in the answer who may show it in a frame.
pub(super) async fn frame(
    State(state): State<HttpState>,
    mut request: Request,
    next: Next,
) -> Response {
    let domain = find_domain(&state, request.headers(), request.uri()).await;
    // If the database fails, only GHL itself may.
    let domain = domain.unwrap_or_else(|error| {
        error!(%error, "the agencies' domains cannot be read");
        None
    });
    let domain = domain.and_then(|domain| host_name(&domain));
    let shown_in = domain.as_ref().map(|domain| seal(&state.sealer, domain));
    request.extensions_mut().insert(ShownIn(shown_in));
    let mut response = next.run(request).await;
    let mut sources = state.ghl.frame_ancestors.clone();
    sources.extend(domain.map(|domain| format!("https://{domain}")));
    allow_frames(&mut response, &sources);
    response
}

/// What the seal is bound to.
const PLACE: &str = "http/shown-in";

/// Seals a domain for an address; no two are the same.
pub(super) fn seal(sealer: &Sealer, domain: &str) -> String {
    URL_SAFE_NO_PAD.encode(sealer.seal(PLACE, &domain.into()))
}

/// The domain that an address of ours brings back.
fn open(sealer: &Sealer, brought: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(brought).ok()?;
    let domain = sealer.open(PLACE, &bytes).ok()?;
    Some(domain.expose_secret().to_owned())
}

/// For a session's pages, its agency's domain. Without a session, the domain that our own address brings back, or that
/// the browser names, if it is an agency's. A false name opens nothing, because the browser compares the answer with the
/// site that really shows the page. A caller that names none gets none: which agencies there are concerns nobody else.
async fn find_domain(
    state: &HttpState,
    headers: &HeaderMap,
    uri: &Uri,
) -> sqlx::Result<Option<String>> {
    let path = uri.path();
    let in_agency = path.strip_prefix(location_user::AGENCY_PATH);
    let id = in_agency.or_else(|| path.strip_prefix("/app/"));
    let id = id.and_then(|rest| rest.split('/').next());
    if let Some(id) = in_agency.and(id)
        && let Some((company, _)) = location_user::find_agency_session(state, headers, id)
    {
        return white_label_domains::find_domain(&state.pool, &company).await;
    }
    if let Some((location, _)) = id.and_then(|id| location_user::find_session(state, headers, id)) {
        return white_label_domains::find_domain_of(&state.pool, &location).await;
    }
    let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let brought = query.into_iter().find(|(name, _)| name == SHOWN_IN);
    let brought = brought.as_ref().map(|(_, sealed)| sealed.as_ref()).or(id);
    let brought = brought.and_then(|sealed| open(&state.sealer, sealed));
    match brought.or_else(|| shown_by(headers, &state.public_url)) {
        Some(host) if white_label_domains::is_known(&state.pool, &host).await? => Ok(Some(host)),
        _ => Ok(None),
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
