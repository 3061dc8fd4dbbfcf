//! One machine has several names for itself. A browser that came by another one than the pages were made for would send
//! forms that look like another website's, and none of its cookies, so it is led to the right one.
//!
//! Only a service whose own address is on this machine does so: the sandbox, and a developer's own.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use url::Url;

/// Only these pages: in the sandbox those of GHL live under another name of this machine, on purpose.
const PAGES: &str = "/operator";

/// The layer, for a service whose own address is `ours`.
pub(super) async fn lead(State(ours): State<Url>, request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    let is_look = matches!(*request.method(), Method::GET | Method::HEAD);
    match host.and_then(|host| other_name(&ours, host, request.uri())) {
        Some(right) if is_look => Redirect::temporary(right.as_str()).into_response(),
        _ => next.run(request).await,
    }
}

/// Whether an address is on this machine.
pub(super) fn is_loopback(address: &Url) -> bool {
    let host = address.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || ip.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// The right address, if `host` is another name of this machine with the same port.
fn other_name(ours: &Url, host: &str, wanted: &Uri) -> Option<Url> {
    let theirs = Url::parse(&format!("{}://{host}", ours.scheme())).ok()?;
    let is_other = theirs.origin() != ours.origin() && theirs.port() == ours.port();
    if !is_other || !is_loopback(&theirs) || !wanted.path().starts_with(PAGES) {
        return None;
    }
    let mut right = ours.clone();
    right.set_path(wanted.path());
    right.set_query(wanted.query());
    Some(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_name_of_this_machine_is_led_elsewhere() {
        let ours = Url::parse("http://127.0.0.1:8080").unwrap();
        let led = |host: &str, path: &str| {
            let right = other_name(&ours, host, &path.parse().unwrap());
            right.map(String::from)
        };
        for host in ["localhost:8080", "[::1]:8080"] {
            assert_eq!(
                led(host, "/operator/sign-in?a=b").as_deref(),
                Some("http://127.0.0.1:8080/operator/sign-in?a=b"),
                "{host}"
            );
        }
        for (host, path) in [
            ("127.0.0.1:8080", "/operator"),
            ("localhost:9090", "/operator"),
            ("bridge.example:8080", "/operator"),
            ("localhost:8080", "/sandbox/ghl"),
        ] {
            assert_eq!(led(host, path), None, "{host}{path}");
        }
    }
}
