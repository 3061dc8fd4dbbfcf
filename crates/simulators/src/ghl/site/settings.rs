//! Settings › Phone Numbers › Advanced Settings › SMS Provider: the one step that GHL has no API for.

use axum::Form;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;

use crate::ghl::DefaultProvider;
use crate::ghl::site::{APP, Ghl, Shown, no_location, page};

#[derive(Deserialize)]
pub(super) struct Asked {
    location: Option<String>,
    saved: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    location: String,
    provider: String,
}

/// GHL's name of a provider.
pub(super) fn name_of(provider: DefaultProvider) -> &'static str {
    match provider {
        DefaultProvider::Ours => APP,
        DefaultProvider::Twilio => "LC Phone / Twilio",
        DefaultProvider::NotConfigured => "Not configured",
    }
}

/// The choice, for one sub-account or for all.
pub(super) async fn show(State(ghl): State<Ghl>, Query(asked): Query<Asked>) -> Response {
    let locations = ghl.shown();
    let is_asked = |shown: &&Shown| asked.location.as_ref().is_none_or(|id| *id == shown.id);
    let body = html! {
        p { "Settings › Phone Numbers › Advanced Settings › SMS Provider" }
        @for location in locations.iter().filter(is_asked) {
            section {
                h2 { (location.name) }
                @if asked.saved.as_deref() == Some(location.id.as_str()) { p.saved role="status" { "Saved." } }
                form method="post" {
                    input type="hidden" name="location" value=(location.id);
                    fieldset {
                        legend { "SMS Provider" }
                        label { input type="radio" name="provider" value="lc" checked[location.provider != DefaultProvider::Ours]; " LC Phone / Twilio" }
                        @if location.installed {
                            label { input type="radio" name="provider" value="ours" checked[location.provider == DefaultProvider::Ours]; " " (APP) }
                        }
                    }
                    p.actions { button type="submit" { "Save" } }
                }
            }
        }
    };
    page(&ghl, "/sandbox/ghl/settings", "Phone Numbers", &body)
}

pub(super) async fn save(State(ghl): State<Ghl>, Form(chosen): Form<Chosen>) -> Response {
    let Some(location) = ghl.shown_location(&chosen.location) else {
        return no_location();
    };
    let provider = if chosen.provider == "ours" && location.installed {
        DefaultProvider::Ours
    } else {
        DefaultProvider::Twilio
    };
    ghl.set_default_provider(&location.id, provider);
    let id = &location.id;
    Redirect::to(&format!("/sandbox/ghl/settings?location={id}&saved={id}")).into_response()
}
