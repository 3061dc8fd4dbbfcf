//! The simulated GHL's own pages where people meet the app: sub-accounts, marketplace, the choice of SMS provider,
//! and the app's custom page in a frame.
//!
//! The pages say that they are a simulation and refuse forms of other sites. They are on another site than the
//! service, so that a cookie in the frame is a third-party cookie, as in reality.

mod custom_page;
mod install;
mod settings;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;
use url::Url;

use crate::ghl::{DefaultProvider, Ghl};
use crate::seed;

/// The name of the app in GHL.
const APP: &str = "WhatsApp Bridge";

/// A sub-account as these pages show it.
struct Shown {
    id: String,
    name: String,
    installed: bool,
    provider: DefaultProvider,
}

/// A form about one sub-account.
#[derive(Deserialize)]
struct About {
    location: String,
}

impl Ghl {
    /// The pages, at `/sandbox/ghl` and at the marketplace's own path.
    pub(crate) fn site_router(&self) -> Router {
        let css = || async { asset("text/css; charset=utf-8", include_str!("site.css")) };
        let script = || async { asset("text/javascript; charset=utf-8", include_str!("frame.js")) };
        Router::new()
            .route("/sandbox/ghl", get(home))
            .route(
                "/sandbox/ghl/settings",
                get(settings::show).post(settings::save),
            )
            .route("/sandbox/ghl/custom-page", get(custom_page::show))
            .route("/sandbox/ghl/user-data", get(custom_page::tell))
            .route("/sandbox/ghl/uninstall", post(install::uninstall))
            .route(
                "/v2/oauth/chooselocation",
                get(install::choose).post(install::install),
            )
            .layer(middleware::from_fn(on_another_site))
            .route("/sandbox/ghl/site.css", get(css))
            .route("/sandbox/ghl/frame.js", get(script))
            .with_state(self.clone())
    }

    /// GHL's name of the SMS provider that is chosen in place of this app.
    pub(crate) fn other_provider(&self, location_id: &str) -> Option<&'static str> {
        let shown = self.shown_location(location_id)?;
        let is_other = shown.provider != DefaultProvider::Ours;
        is_other.then(|| settings::name_of(shown.provider))
    }

    fn service(&self) -> Url {
        self.inner.service_url.lock().clone()
    }

    fn shown(&self) -> Vec<Shown> {
        let state = self.inner.state.lock();
        let locations = state.locations.iter();
        locations
            .map(|(id, location)| Shown {
                id: id.clone(),
                name: location.name.clone(),
                installed: location.installed,
                provider: location.provider,
            })
            .collect()
    }

    fn shown_location(&self, id: &str) -> Option<Shown> {
        self.shown().into_iter().find(|shown| shown.id == id)
    }
}

/// The address of GHL's pages for a service at `service`: the same port on another site.
#[must_use]
pub fn address(service: &Url) -> Url {
    let mut address = service.clone();
    // Setting a host cannot fail for an HTTP address.
    let _ = address.set_host(Some("localhost"));
    address
}

/// Redirects a request for GHL's pages from the service's host name to GHL's, and refuses forms of other sites.
async fn on_another_site(request: Request, next: Next) -> Response {
    match turned_away(&request) {
        Some(answer) => answer,
        None => next.run(request).await,
    }
}

fn turned_away(request: &Request) -> Option<Response> {
    let value = |name: &str| request.headers().get(name)?.to_str().ok();
    let host = value("host").unwrap_or_default();
    if let (&Method::GET, Some(port)) = (request.method(), host.strip_prefix("127.0.0.1:")) {
        let place = request.uri();
        return Some(Redirect::to(&format!("http://localhost:{port}{place}")).into_response());
    }
    let from = value("sec-fetch-site");
    let is_foreign =
        request.method() == Method::POST && from.is_some_and(|from| from != "same-origin");
    is_foreign.then(|| StatusCode::FORBIDDEN.into_response())
}

fn no_location() -> Response {
    (StatusCode::NOT_FOUND, "There is no such sub-account.").into_response()
}

fn asset(content_type: &'static str, body: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

/// A page of GHL. `here` is the path of its menu entry.
fn page(ghl: &Ghl, here: &str, title: &str, body: &Markup) -> Response {
    let service = ghl.service();
    let origin = service.origin().ascii_serialization();
    // An install leads to the service, and the frame shows the service.
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; frame-src {origin}; \
         form-action 'self' {origin}; base-uri 'none'; frame-ancestors 'none'"
    );
    let entries = [
        ("/sandbox/ghl", "Sub-accounts"),
        ("/sandbox/ghl/settings", "Settings"),
        ("/sandbox/ghl/custom-page", APP),
    ];
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · simulated GHL" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/sandbox/ghl/site.css";
                script src="/sandbox/ghl/frame.js" defer {}
            }
            body {
                header {
                    strong { "GoHighLevel" }
                    span.sim { "simulated" }
                    nav aria-label="GoHighLevel" {
                        @for (path, name) in entries {
                            a href=(path) aria-current=[(path == here).then_some("page")] { (name) }
                        }
                        a href=(service) { "Conversations" }
                    }
                }
                main {
                    h1 { (title) }
                    (body)
                }
            }
        }
    };
    ([(header::CONTENT_SECURITY_POLICY, policy)], markup).into_response()
}

/// What the app's own page asks for after an install: it does not know that it is in a sandbox.
fn keys() -> Markup {
    html! {
        p {
            "The app will ask for Waapify's keys. In this sandbox: instance ID " code { (seed::INSTANCE_ID) }
            ", access token " code { (seed::ACCESS_TOKEN) } ", WhatsApp number " code { (seed::NUMBER) } "."
        }
    }
}

/// All sub-accounts of the agency, and the state of the app there.
async fn home(State(ghl): State<Ghl>) -> Response {
    let locations = ghl.shown();
    let body = html! {
        p { "The agency “Agensi Contoh” and its sub-accounts. Everything here is made up; the service that it talks to is the real one." }
        table {
            thead { tr { th { "Sub-account" } th { "App" } th { "SMS provider" } th { "What to do" } } }
            tbody {
                @for location in &locations {
                    tr {
                        td { strong { (location.name) } br; small { (location.id) } }
                        td { @if location.installed { "Installed" } @else { "Not installed" } }
                        td { (settings::name_of(location.provider)) }
                        td {
                            @if location.installed {
                                a href={ "/sandbox/ghl/settings?location=" (location.id) } { "Settings" } " · "
                                a href={ "/sandbox/ghl/custom-page?location=" (location.id) } { "Open the app" }
                                form method="post" action="/sandbox/ghl/uninstall" {
                                    input type="hidden" name="location" value=(location.id);
                                    button.quiet type="submit" { "Uninstall" }
                                }
                            } @else {
                                a href=(install::link(&ghl)) { "Install the app" }
                            }
                        }
                    }
                }
            }
        }
        (keys())
        p.actions {
            a.button href=(install::link(&ghl)) { "Install the app" }
            a href=(ghl.service().join("/oauth/install").map(String::from).unwrap_or_default()) { "Install from the service's own link" }
        }
        form method="post" action="/sandbox/anew" {
            p { small { "Forget everything that happened here, in the service too: nothing is installed then, and no number linked." } }
            button.quiet type="submit" { "Start again" }
        }
    };
    page(&ghl, "/sandbox/ghl", "Sub-accounts", &body)
}
