//! Makes connect links, and their addresses.

use secrecy::ExposeSecret;
use time::Duration;

use crate::crypto::{derive_secret, hash_secret, random_secret};
use crate::db::accounts::connect_links;
use crate::db::accounts::connect_links::{ListedIn, NewLink};
use crate::http::HttpState;
use crate::model::ids::{CompanyId, LocationId};

/// How long a connect link works: time to find the credentials, but no longer.
const LINK_LIFE: Duration = Duration::hours(24);

/// For whom a link is made.
#[derive(Clone, Copy, Default)]
pub(in crate::http) struct Maker<'a> {
    /// A user whom GHL proved, as the audit names him; none: whoever installed the app.
    pub user: Option<&'a str>,
    /// The agency whose admin he is.
    pub agency: Option<&'a CompanyId>,
}

/// Makes a link for a location and returns its address.
pub(in crate::http) async fn new_link(
    state: &HttpState,
    location: &LocationId,
    maker: Maker<'_>,
) -> sqlx::Result<String> {
    let token = random_secret();
    let link = NewLink {
        token_hash: &hash_secret(token.expose_secret()),
        location,
        made_inside: maker.user.is_some(),
        // A session of another version names nobody.
        made_by: maker.user.filter(|user| !user.is_empty()),
        agency: maker.agency,
        expires_at: state.clock.now() + LINK_LIFE,
    };
    connect_links::record_link(&state.pool, link).await?;
    Ok(address(state, token.expose_secret()))
}

/// Makes a location's link for the list with this token, from which its address is derived, so that it can be shown
/// again. `agency`: who has the list installed the app for that agency.
pub(in crate::http) async fn list_link(
    state: &HttpState,
    location: &LocationId,
    list: &str,
    agency: Option<&CompanyId>,
) -> sqlx::Result<()> {
    let hash = hash_secret(&derive_secret(list, location.as_str()));
    let end = state.clock.now() + LINK_LIFE;
    let list = ListedIn {
        list_hash: &hash_secret(list),
        agency,
    };
    connect_links::record_listed_link(&state.pool, &hash, location, list, end).await
}

/// The address of a location's link in the list with this token.
pub(in crate::http) fn link_address(
    state: &HttpState,
    location: &LocationId,
    list: &str,
) -> String {
    address(state, &derive_secret(list, location.as_str()))
}

fn address(state: &HttpState, token: &str) -> String {
    let base = state.public_url.as_str().trim_end_matches('/');
    format!("{base}/connect/{token}")
}
