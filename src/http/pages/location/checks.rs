//! What the doctor finds about the location, and the one click that only a person can make in GHL.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use crate::doctor;
use crate::http::error::PageError;
use crate::http::pages::layout::{Frame, checklist, components};
use crate::http::pages::location::location_user::LocationUser;
use crate::http::pages::location::see;
use crate::http::pages::location::tabs::{Tab, framed_as};
use crate::http::{HttpState, lost};
use crate::model::language::Language;

/// Longest wait for the checks, which ask both vendors. A slower page seems broken.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
) -> Result<Markup, PageError> {
    let checking = state.doctor.check_location(&visitor.location);
    let findings = tokio::time::timeout(PATIENCE, checking).await;
    let findings = findings.unwrap_or_default();
    // If GHL did not answer or its token failed, nothing is known about that click.
    let is_missing = |finding: &doctor::Finding| {
        finding.check == "provider"
            && matches!(finding.state, doctor::State::Bad | doctor::State::Warn)
    };
    let (missing, findings): (Vec<_>, Vec<_>) = findings.into_iter().partition(is_missing);
    let missing = missing.first();
    let body = html! {
        section.panel {
            @if findings.is_empty() && missing.is_none() {
                p.notice.warn { (language.pick(
                    "GHL or Waapify did not answer in time. Reload this page in a minute.",
                    "GHL atau Waapify tidak menjawab tepat pada masanya. Muat semula halaman ini dalam seminit.",
                )) }
            }
            (components::findings(language, &findings))
        }
        @if missing.is_some() {
            .panel { (checklist::checklist(language, missing, &visitor.address("/provider"))) }
        }
    };
    let scripts = ["/assets/connect.js"];
    let frame = Frame {
        scripts: &scripts,
        ..Frame::default()
    };
    let title = language.pick("Checks", "Semakan");
    let tab = Some(Tab::Checks);
    Ok(framed_as(language, &visitor, tab, title, frame, &body))
}

/// Whether GHL names us as the SMS provider now, as a part of the page.
pub(super) async fn provider(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
    method: Method,
    headers: HeaderMap,
) -> Response {
    // A person who opens the address wants the page that it is a part of.
    if lost::is_reader(&method, &headers) {
        return see(&visitor.address("/checks"));
    }
    let finding = state.doctor.check_provider(&visitor.location).await;
    checklist::answer(language, Some(&finding)).into_response()
}
