//! The link that starts an install of the app, and what the portal asks of the service's address.
//!
//! Pure: no clock, no network.

use url::Url;

/// What the app may do: one list for the portal and for our own install links.
pub const SCOPES: [&str; 9] = [
    "conversations.readonly",
    "conversations.write",
    "conversations/message.readonly",
    "conversations/message.write",
    "contacts.readonly",
    "contacts.write",
    "locations.readonly",
    "oauth.readonly",
    "oauth.write",
];
/// GHL's own names. Its portal refuses redirect and delivery addresses that contain one, even within another word.
/// The longer one is first, because it contains the shorter one.
const BRANDS: [&str; 2] = ["highlevel", "ghl"];
/// Stands for the client id before the app is created.
pub(super) const CLIENT_ID: &str = "CLIENT_ID";
/// Stands for the app's id before the app is created.
pub(super) const APP_ID: &str = "APP_ID";

/// The address that starts an install (`docs/vendors/ghl.md#install-links`). In addition to the client id, GHL requires
/// the app's id as `version_id`.
#[must_use]
pub fn install_link(marketplace_base: &Url, public_url: &Url, client_id: &str) -> Url {
    let app_id = match client_id {
        CLIENT_ID => APP_ID,
        id => id.split('-').next().unwrap_or_default(),
    };
    let mut address = marketplace_base.clone();
    address.set_path("/v2/oauth/chooselocation");
    address
        .query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("redirect_uri", &under(public_url, "/oauth/callback"))
        .append_pair("client_id", client_id)
        .append_pair("scope", &SCOPES.join(" "))
        .append_pair("version_id", app_id);
    address
}

/// The first of GHL's own names in a service's address, which makes GHL refuse the address.
#[must_use]
pub fn find_brand(public_url: &Url) -> Option<&'static str> {
    let lower = public_url.as_str().to_lowercase();
    BRANDS.into_iter().find(|brand| lower.contains(brand))
}

/// A path of the service as a whole address.
pub(super) fn under(public_url: &Url, path: &str) -> String {
    format!("{}{path}", public_url.as_str().trim_end_matches('/'))
}
