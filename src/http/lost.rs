//! Where a browser ends up that was left with an address without a page: after Back or a reload of a form's answer, with a
//! link from an old mail, with a typing error.
//!
//! The address of a form leads to the page that has the form ([`parent`], [`grandparent`], [`great_grandparent`]). Everything else gets a page
//! that says what to do. Programs get the bare status: only a reader asks for HTML.

use axum::extract::Request;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};

use crate::http::error::PageError;
use crate::http::home::home;
use crate::model::language::{Language, Text};

/// The answer where there is no route.
pub(super) async fn nowhere(language: Language, request: Request) -> Response {
    if is_reader(request.method(), request.headers())
        && let Some(address) = without_slash(request.uri())
    {
        return Redirect::to(&address).into_response();
    }
    answer(StatusCode::NOT_FOUND, language, &request)
}

/// The answer where a route takes other methods only.
pub(super) async fn other_method(language: Language, request: Request) -> Response {
    answer(StatusCode::METHOD_NOT_ALLOWED, language, &request)
}

fn answer(status: StatusCode, language: Language, request: &Request) -> Response {
    if is_reader(request.method(), request.headers()) {
        let home = home(request.uri().path());
        page(status).page(language, Some(home.as_deref().unwrap_or("/")))
    } else {
        status.into_response()
    }
}

/// The address of a page of ours that was opened with a slash at its end. It stays below the first part of a route, so that it leads
/// to no other site.
fn without_slash(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_suffix('/')?;
    let is_ours = ["/app/", "/connect/", "/operator/"]
        .iter()
        .any(|place| path.starts_with(place));
    let query = uri.query().map(|query| format!("?{query}"));
    is_ours.then(|| {
        format!(
            "{}{}",
            path.trim_end_matches('/'),
            query.unwrap_or_default()
        )
    })
}

/// The same page where something is switched off.
pub(super) fn no_page() -> PageError {
    page(StatusCode::NOT_FOUND)
}

fn page(status: StatusCode) -> PageError {
    PageError {
        status,
        title: Text::new("There is no page here", "Tiada halaman di sini"),
        text: Text::new(
            "The address may be mistyped or cut off, or it was only for a form. Nothing was changed. Go back, or open the app's page inside GHL.",
            "Alamat ini mungkin tersalah taip atau terpotong, atau hanya untuk sebuah borang. Tiada apa-apa diubah. Kembali, atau buka halaman aplikasi dalam GHL.",
        ),
    }
}

/// Whether a person waits for a page. Programs that post, and those that only probe, name no HTML.
pub(super) fn is_reader(method: &Method, headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter();
    let is_html = accepted.any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")));
    is_html && matches!(*method, Method::GET | Method::HEAD)
}

/// For a form's address: leads to the address without its last segment.
pub(super) async fn parent(uri: Uri) -> Redirect {
    Redirect::to(above(uri.path(), 1))
}

/// For a form's address: leads to the address without its last two segments.
pub(super) async fn grandparent(uri: Uri) -> Redirect {
    Redirect::to(above(uri.path(), 2))
}

/// For a form's address: leads to the address without its last three segments.
pub(super) async fn great_grandparent(uri: Uri) -> Redirect {
    Redirect::to(above(uri.path(), 3))
}

/// A path without its last segments. It stays below the first part of a route, so that it leads to no other site.
fn above(path: &str, levels: usize) -> &str {
    let cut = |path: &str| path.rfind('/').filter(|at| *at > 0);
    (0..levels).fold(path, |path, _| cut(path).map_or("/", |at| &path[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_too_many_leads_to_the_page_and_to_no_other_site() {
        for (address, expected) in [
            ("/app/s/messages/", Some("/app/s/messages")),
            (
                "/app/s/messages//?state=failed",
                Some("/app/s/messages?state=failed"),
            ),
            ("/app/s", None),
            ("//evil.example/", None),
            ("/nowhere/", None),
        ] {
            let address: Uri = address.parse().unwrap();
            assert_eq!(without_slash(&address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn a_forms_address_leads_to_the_page_above_it() {
        for (path, levels, expected) in [
            ("/connect/abc/qr", 1, "/connect/abc"),
            ("/app/s/old-messages/show", 2, "/app/s"),
            ("/operator/", 1, "/operator"),
            ("/app", 1, "/"),
            ("/app", 2, "/"),
        ] {
            assert_eq!(above(path, levels), expected, "{path}");
        }
    }
}
