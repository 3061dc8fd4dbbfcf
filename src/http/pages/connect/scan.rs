//! `/scan/{token}`: the QR code alone, at an address to share, for somebody whose only phone is the one that has to scan.
//!
//! Its secret follows from the link's and does not tell it. Whoever has it sees the code, and may link a phone; which
//! number is connected is confirmed on the page that shared it.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use crate::crypto::hash_secret;
use crate::db::accounts::account_names::Names;
use crate::db::accounts::linking;
use crate::http::pages::connect::{
    HttpState, Language, Opened, PageError, link_gone, qr as linked, views,
};
use crate::http::pages::layout;
use crate::http::pages::layout::qr::Said;
use crate::http::pages::layout::{Frame, qr};

/// The unused link whose code this page shows.
async fn find(state: &HttpState, token: &str) -> Result<Opened, PageError> {
    let found = linking::find_by_scan(&state.pool, &hash_secret(token)).await?;
    let now = state.clock.now();
    let found = found.filter(|(_, link)| link.used_at.is_some() || now < link.expires_at);
    let (hash, link) = found.ok_or_else(link_gone)?;
    Ok(Opened {
        hash,
        path: format!("/scan/{token}"),
        scan: token.to_owned(),
        link,
        names: Names::default(),
    })
}

/// Shows the code, or that it has been scanned.
pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
) -> Result<Markup, PageError> {
    let opened = find(&state, &token).await?;
    if opened.link.used_at.is_some() || opened.link.pending_number.is_some() {
        return Ok(scanned(language));
    }
    if opened.link.pending_instance.is_none() {
        return Err(link_gone());
    }
    let title = language.pick(
        "Scan this code with WhatsApp",
        "Imbas kod ini dengan WhatsApp",
    );
    let frame = Frame {
        scripts: views::SCRIPT,
        refresh: Some(views::REFRESH_SECONDS),
        ..Frame::default()
    };
    let body = qr::code(
        language,
        &format!("{}/qr.png", opened.path),
        &format!("{}/state", opened.path),
    );
    Ok(layout::framed(language, title, frame, &body))
}

fn scanned(language: Language) -> Markup {
    let title = language.pick("The code was scanned", "Kod sudah diimbas");
    let body = html! {
        p.notice.good { (language.pick(
            "Go on where this page was shared: there you are asked whether it is the right number. This page can be closed.",
            "Teruskan di tempat halaman ini dikongsi: di situ anda ditanya sama ada nombornya betul. Halaman ini boleh ditutup.",
        )) }
    };
    layout::page(language, title, &body)
}

/// The QR code.
pub(super) async fn picture(
    State(state): State<HttpState>,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    let opened = find(&state, &token).await?;
    linked::picture_for(&state, &opened).await
}

/// Reports the progress to the page's script.
pub(super) async fn progress(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
) -> Result<Json<Said>, PageError> {
    let opened = find(&state, &token).await?;
    linked::progress_of(&state, language, &opened).await
}
