//! `/oauth/installed/{token}`: the sub-accounts of an install with the link of each, at an address that survives a reload
//! and a step back. Whoever has the address has the links; it lives as long as they do.

mod token;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use maud::{Markup, html};
use secrecy::ExposeSecret as _;
pub(in crate::http) use token::save as save_token;
use tracing::warn;

use crate::crypto::{hash_secret, random_secret};
use crate::db::accounts::connect_links::ListedLink;
use crate::db::accounts::{connect_links, gateway_tokens};
use crate::db::numbers;
use crate::db::numbers::LastNumber;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::connect::{ANOTHER, link_address, list_link};
use crate::http::pages::layout;
use crate::http::pages::layout::Frame;
use crate::http::pages::layout::names;
use crate::model::ids::{CompanyId, LocationId};
use crate::model::language::{Language, Text};
use crate::model::states::InstallStatus;

/// A sub-account in the list.
struct Listed {
    link: ListedLink,
    address: String,
    last: Option<LastNumber>,
}

/// The list of an install.
#[derive(Default)]
struct List {
    /// Its own path.
    path: String,
    /// The hash of its token.
    hash: Vec<u8>,
    /// The agency for which the app was installed, if it was for a whole agency.
    agency: Option<CompanyId>,
    /// That agency has stored its Waapify token.
    has_token: bool,
    /// It was stored here, Waapify could not be asked about it, and nothing has shown since that it is right.
    is_unchecked: bool,
    listed: Vec<Listed>,
}

/// Makes the list of these locations, and returns its address. `agency`: whoever gets it has installed the app for the
/// whole agency.
pub(super) async fn new_list<'a>(
    state: &HttpState,
    locations: impl Iterator<Item = &'a LocationId>,
    agency: Option<&CompanyId>,
) -> sqlx::Result<String> {
    let token = random_secret();
    for location in locations {
        list_link(state, location, token.expose_secret(), agency).await?;
    }
    Ok(format!("{}/{}", address(state), token.expose_secret()))
}

/// The address of the page for an install in no sub-account.
pub(super) fn address(state: &HttpState) -> String {
    let base = state.public_url.as_str().trim_end_matches('/');
    format!("{base}/oauth/installed")
}

/// Shows the list.
pub(in crate::http) async fn show(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
) -> Result<Markup, PageError> {
    let list = find_list(&state, &token).await?;
    Ok(view(language, &list, None))
}

/// The list with this token.
async fn find_list(state: &HttpState, token: &str) -> Result<List, PageError> {
    let hash = hash_secret(token);
    let links = connect_links::list_links(&state.pool, &hash, state.clock.now()).await?;
    let first = links.first().ok_or_else(list_gone)?;
    let agency = first.agency.clone();
    let has_token = match &agency {
        Some(agency) => gateway_tokens::find_set_at(&state.pool, agency).await?,
        None => None,
    };
    let is_unchecked = match &agency {
        Some(agency) => gateway_tokens::is_unchecked_by(&state.pool, agency, &hash).await?,
        None => false,
    };
    let mut listed = Vec::new();
    for link in links {
        listed.push(Listed {
            address: link_address(state, &link.location_id, token),
            last: numbers::find_last(&state.pool, &link.location_id).await?,
            link,
        });
    }
    Ok(List {
        path: format!("/oauth/installed/{token}"),
        hash,
        agency,
        has_token: has_token.is_some(),
        is_unchecked,
        listed,
    })
}

/// The same for an install in no sub-account.
pub(in crate::http) async fn show_none(language: Language) -> Markup {
    view(language, &List::default(), None)
}

/// The page; `fault` is of the token's form.
fn view(language: Language, list: &List, fault: Option<&Text>) -> Markup {
    let listed = &list.listed;
    let title = language.pick("The app is installed", "Aplikasi sudah dipasang");
    let waits = |listed: &&Listed| listed.link.install_status != InstallStatus::Installed;
    let waiting: Vec<_> = listed.iter().filter(waits).collect();
    let frame = Frame {
        scripts: &["/assets/connect.js"],
        ..Frame::default()
    };
    layout::framed(
        language,
        title,
        frame,
        &html! {
            @if listed.is_empty() {
                p { (language.pick(
                    "No sub-account has the app yet. In GHL, open the agency's app list, choose this app, and install it in the sub-accounts that should use WhatsApp.",
                    "Belum ada sub-akaun yang mempunyai aplikasi ini. Dalam GHL, buka senarai aplikasi agensi, pilih aplikasi ini, dan pasang dalam sub-akaun yang akan menggunakan WhatsApp.",
                )) }
            } @else {
                h2 { (language.pick("Next: connect your WhatsApp number", "Seterusnya: sambungkan nombor WhatsApp anda")) }
                p { (language.pick(
                    "Have the phone with the number at hand: a QR code appears, which you scan with it. Waapify's access token is asked for unless your agency has stored it.",
                    "Sediakan telefon yang mempunyai nombor itu: kod QR akan muncul, untuk anda imbas dengannya. Token akses Waapify diminta kecuali agensi anda sudah menyimpannya.",
                )) }
                (token::panel(language, list, fault))
                ul.links data-list { @for one in listed { li { (next_link(language, one)) } } }
                p.note { (language.pick(
                    "Each link works once, for 24 hours, as does this page. To get a new one, open the app in the menu of the sub-account in GHL and press “Connect a number”.",
                    "Setiap pautan berfungsi sekali, selama 24 jam, begitu juga halaman ini. Untuk pautan baharu, buka aplikasi ini dalam menu sub-akaun di GHL dan tekan “Sambungkan nombor”.",
                )) }
                (choose_it(language))
            }
            @if !waiting.is_empty() {
                p.note { (language.pick(
                    "GHL gave no access yet for these sub-accounts. We keep asking; you can connect their numbers meanwhile. If one stays like this, check in GHL that it is active and has the app.",
                    "GHL belum memberi akses untuk sub-akaun ini. Kami terus meminta; anda boleh menyambungkan nombornya sementara itu. Jika ia kekal begini, semak dalam GHL bahawa ia aktif dan mempunyai aplikasi ini.",
                )) }
                ul { @for one in waiting { li { (names::named(one.link.name.as_deref(), one.link.location_id.as_str())) } } }
            }
        },
    )
}

fn choose_it(language: Language) -> Markup {
    html! {
        h2 { (language.pick("Then: choose it in GHL", "Kemudian: pilih ia dalam GHL")) }
        p {
            (language.pick("In the sub-account, open ", "Dalam sub-akaun, buka "))
            strong { "Settings › Phone Numbers › Advanced Settings › SMS Provider" }
            (language.pick(
                ", choose this app and save. Only an agency admin sees that setting.",
                ", pilih aplikasi ini dan simpan. Hanya admin agensi yang nampak tetapan itu.",
            ))
        }
    }
}

fn next_link(language: Language, listed: &Listed) -> Markup {
    let link = &listed.link;
    let who = names::named(link.name.as_deref(), link.location_id.as_str());
    match &listed.last {
        Some(last) if last.is_connected => html! {
            p.notice.good {
                (language.pick("Sub-account ", "Sub-akaun ")) (who)
                (language.pick(" is connected to +", " sudah disambungkan kepada +")) (last.number)
                (language.pick(" already. There is nothing to enter.", ". Tiada apa-apa perlu diisi."))
            }
            @if link.is_used {
                a href=(listed.address) { (language.pick("See what is left to do", "Lihat apa yang belum dibuat")) }
            } @else {
                a href={ (listed.address) "?" (ANOTHER) } { (language.pick("Connect another number", "Sambungkan nombor lain")) }
            }
        },
        _ => html! {
            a.button href=(listed.address) {
                (language.pick("Connect WhatsApp for sub-account ", "Sambungkan WhatsApp untuk sub-akaun ")) (who)
            }
        },
    }
}

fn list_gone() -> PageError {
    warn!("a list of connect links that is unknown or expired");
    PageError {
        status: StatusCode::NOT_FOUND,
        title: Text::new(
            "This page does not work any more",
            "Halaman ini tidak berfungsi lagi",
        ),
        text: Text::new(
            "It works for 24 hours after an install. To connect a number now, open the app in the menu of the sub-account in GHL and press \"Connect a number\".",
            "Ia berfungsi selama 24 jam selepas pemasangan. Untuk menyambungkan nombor sekarang, buka aplikasi ini dalam menu sub-akaun di GHL dan tekan \"Sambungkan nombor\".",
        ),
    }
}
