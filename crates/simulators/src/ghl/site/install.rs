//! The marketplace: the choice where to install the app, and its removal. As on the real platform, the browser goes
//! to the service's callback with a code, and the service also gets a webhook.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;
use url::Url;

use crate::ghl::site::{APP, About, Ghl, Shown, keys, no_location, page, seed};
use crate::ghl::{DefaultProvider, InstallKind};

/// Means the whole agency, in place of a sub-account.
const AGENCY: &str = "agency";

/// The query of the marketplace's link; `docs/vendors/ghl.md#install-links`.
#[derive(Deserialize)]
pub(super) struct Link {
    client_id: Option<String>,
    version_id: Option<String>,
    redirect_uri: Option<String>,
    state: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    location: String,
    redirect_uri: String,
    #[serde(default)]
    state: String,
}

/// The marketplace's link for the app.
pub(super) fn link(ghl: &Ghl) -> String {
    let callback = ghl.service().join("/oauth/callback");
    let callback = callback.map(String::from).unwrap_or_default();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", &callback)
        .append_pair("client_id", &ghl.inner.client_id)
        .append_pair("version_id", ghl.app_id())
        .finish();
    format!("/v2/oauth/chooselocation?{query}")
}

/// Asks where to install the app.
pub(super) async fn choose(State(ghl): State<Ghl>, Query(link): Query<Link>) -> Response {
    let Some(redirect_uri) = checked(&ghl, &link) else {
        return (StatusCode::BAD_REQUEST, "error.noversionid").into_response();
    };
    let body = html! {
        p { strong { (APP) } " wants to read and write conversations and contacts." }
        form method="post" action="/v2/oauth/chooselocation" {
            fieldset {
                legend { "Where should it be installed?" }
                @for (index, location) in ghl.shown().iter().enumerate() {
                    label { input type="radio" name="location" value=(location.id) checked[index == 0]; " " (location.name) }
                }
                label { input type="radio" name="location" value=(AGENCY); " All sub-accounts of the agency" }
            }
            input type="hidden" name="redirect_uri" value=(redirect_uri);
            input type="hidden" name="state" value=(link.state.as_deref().unwrap_or_default());
            (keys())
            p.actions { button type="submit" { "Allow and install" } }
        }
    };
    page(&ghl, "", "Install the app", &body)
}

/// The address to return to, if the platform accepts the link: of this app, and with the app's own callback.
fn checked(ghl: &Ghl, link: &Link) -> Option<Url> {
    let is_ours = link.client_id.as_deref() == Some(ghl.inner.client_id.as_str())
        && link.version_id.as_deref() == Some(ghl.app_id());
    let address = link.redirect_uri.as_deref().filter(|_| is_ours)?;
    own_callback(ghl, address)
}

fn own_callback(ghl: &Ghl, address: &str) -> Option<Url> {
    let known = ghl.service().join("/oauth/callback").ok()?;
    (known.as_str() == address).then_some(known)
}

/// Installs the app and redirects the browser with a code. The webhooks are posted in the background.
pub(super) async fn install(State(ghl): State<Ghl>, Form(chosen): Form<Chosen>) -> Response {
    let Some(mut back) = own_callback(&ghl, &chosen.redirect_uri) else {
        return (StatusCode::BAD_REQUEST, "error.redirecturi").into_response();
    };
    let (kind, locations) = if chosen.location == AGENCY {
        let all: Vec<String> = ghl.shown().into_iter().map(|shown| shown.id).collect();
        let kind = InstallKind::Company {
            company_id: seed::COMPANY_ID.to_owned(),
            location_ids: all.clone(),
            bulk: true,
        };
        (kind, all)
    } else {
        let Some(Shown { id: location, .. }) = ghl.shown_location(&chosen.location) else {
            return no_location();
        };
        let location_id = location.clone();
        (InstallKind::Location { location_id }, vec![location])
    };
    let code = ghl.issue_code(kind);
    back.query_pairs_mut().append_pair("code", &code);
    if !chosen.state.is_empty() {
        back.query_pairs_mut().append_pair("state", &chosen.state);
    }
    for location in locations {
        post(&ghl, ghl.install_event(&location));
    }
    Redirect::to(back.as_str()).into_response()
}

/// Removes the app from a sub-account. Its SMS provider is then GHL's own again.
pub(super) async fn uninstall(State(ghl): State<Ghl>, Form(about): Form<About>) -> Response {
    let Some(Shown { id: location, .. }) = ghl.shown_location(&about.location) else {
        return no_location();
    };
    ghl.set_installed(&location, false);
    ghl.set_default_provider(&location, DefaultProvider::Twilio);
    post(&ghl, ghl.uninstall_event(&location));
    Redirect::to("/sandbox/ghl").into_response()
}

fn post(ghl: &Ghl, event: serde_json::Value) {
    let ghl = ghl.clone();
    tokio::spawn(async move { ghl.posts_app_event(&event).await });
}
