//! What wraps every route: request ids, logs, security headers, a time limit, and an answer when a handler panics.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{
    MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::{Span, info_span};

use crate::runtime::counters::Counters;

/// Longest time from a request's head to its answer. The slowest regular request waits for two checks by Waapify.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The part of [`POLICY`] that says who may show a page in a frame.
const NO_FRAME: &str = "frame-ancestors 'none'";

/// Only our own style sheet, scripts and pictures, and no frame. `no-referrer`, because the address of a connect form
/// is a secret.
const SECURITY_HEADERS: [(HeaderName, HeaderValue); 6] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        STRICT_TRANSPORT_SECURITY,
        HeaderValue::from_static("max-age=31536000"),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Wraps the routes. Headers that a route sets itself are kept.
pub(super) fn wrap(routes: Router) -> Router {
    let trace = TraceLayer::new_for_http()
        .make_span_with(span)
        .on_request(())
        .on_response(log_answer);
    // One axum layer, because each costs every request some allocations. The first entry is the outermost.
    routes.layer((
        SetRequestIdLayer::new(REQUEST_ID, RandomId),
        PropagateRequestIdLayer::new(REQUEST_ID),
        trace,
        CatchPanicLayer::new(),
        TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST_TIMEOUT),
        axum::middleware::map_response(secure),
    ))
}

/// Counts how long an accepted webhook took, under its name.
pub(super) async fn count_time(
    State((counters, hook)): State<(Counters, &'static str)>,
    request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let response = next.run(request).await;
    if response.status().is_success() {
        counters.webhook_accepted(hook, began.elapsed());
    }
    response
}

async fn secure(mut response: Response) -> Response {
    let is_framed = response.extensions().get::<Framed>().is_some();
    for (name, value) in SECURITY_HEADERS {
        // This header cannot name an allowed site, so an answer in a frame is sent without it.
        if !(is_framed && name == X_FRAME_OPTIONS) {
            response.headers_mut().entry(name).or_insert(value);
        }
    }
    response
}

/// Marks answers that [`allow_frames`] changed.
#[derive(Clone, Copy)]
struct Framed;

/// Lets only `sources` show an answer in a frame. They are written as in CSP, and none may come from a caller
/// unchecked.
pub(super) fn allow_frames(response: &mut Response, sources: &[String]) {
    let ancestors = format!("frame-ancestors {}", sources.join(" "));
    let policy = POLICY.replace(NO_FRAME, &ancestors);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        // With `no-referrer`, browsers hide a form's origin even from us.
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
        response.extensions_mut().insert(Framed);
    }
}

#[derive(Clone, Copy)]
struct RandomId;

impl MakeRequestId for RandomId {
    fn make_request_id<B>(&mut self, _: &axum::http::Request<B>) -> Option<RequestId> {
        let id = format!("{:016x}", rand::random::<u64>());
        HeaderValue::from_str(&id).ok().map(RequestId::new)
    }
}

/// Logs the route's pattern in place of the path, which may hold a secret.
fn span(request: &Request) -> Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str);
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    let id: String = id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(32)
        .collect();
    info_span!("request", id, method = %request.method(), route)
}

fn log_answer<B>(response: &Response<B>, latency: Duration, _: &Span) {
    let (status, ms) = (response.status().as_u16(), latency.as_millis());
    let is_quiet = response.extensions().get::<Quiet>().is_some();
    if is_quiet {
        tracing::debug!(status, ms, "answered");
    } else {
        tracing::info!(status, ms, "answered");
    }
}

/// Marks answers that need no log line: those to probes, which arrive every few seconds, and those whose handler logged
/// one.
#[derive(Clone, Copy)]
pub(super) struct Quiet;
