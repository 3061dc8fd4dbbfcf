//! The app's custom page: GHL's page around the app's frame, and its answer to the frame's question about the user.

use axum::Json;
use axum::extract::{Query, State};
use axum::response::Response;
use maud::html;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::ghl::site::{APP, Ghl, page, seed};
use crate::keys::encrypt_with_passphrase;

/// Names and addresses of the users.
const AMINAH: (&str, &str) = ("Aminah Agensi", "aminah@example.com");
const ALI: (&str, &str) = ("Ali Kedai", "ali@example.com");

/// The user and the sub-account that the page is shown for.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// None for the agency's own view.
    location: Option<String>,
    #[serde(default)]
    user: Who,
}

/// A user of the agency, or of a sub-account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Who {
    #[default]
    Agency,
    Staff,
}

/// What GHL tells a custom page about its user; `docs/vendors/ghl.md#single-sign-on`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UserData<'a> {
    user_id: &'a str,
    company_id: &'a str,
    role: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_location: Option<&'a str>,
    user_name: &'a str,
    email: &'a str,
    is_agency_owner: bool,
    version_id: &'a str,
    app_status: &'a str,
}

/// The page with the frame in it. When the frame asks, `frame.js` fetches a new payload here and passes it on.
pub(super) async fn show(State(ghl): State<Ghl>, Query(asked): Query<Asked>) -> Response {
    let locations = ghl.shown();
    let active = asked.location.as_deref().filter(|id| !id.is_empty());
    let address = ghl.service().join("/app").map(String::from);
    let body = html! {
        form.bar method="get" {
            label { "Sub-account "
                select name="location" {
                    option value="" selected[active.is_none()] { "None: the agency's view" }
                    @for location in &locations {
                        option value=(location.id) selected[active == Some(location.id.as_str())] { (location.name) }
                    }
                }
            }
            label { "Seen by "
                select name="user" {
                    option value="agency" selected[asked.user == Who::Agency] { "an agency admin: " (AMINAH.0) }
                    option value="staff" selected[asked.user == Who::Staff] { "a user of the sub-account: " (ALI.0) }
                }
            }
            button.quiet type="submit" { "Show" }
        }
        iframe #app title=(APP) src=(address.unwrap_or_default()) {}
    };
    page(&ghl, "/sandbox/ghl/custom-page", APP, &body)
}

/// The user of the page, encrypted for the app.
pub(super) async fn tell(State(ghl): State<Ghl>, Query(asked): Query<Asked>) -> Json<Value> {
    let active = asked.location.as_deref().filter(|id| !id.is_empty());
    Json(json!({ "payload": payload(&ghl, asked.user, active) }))
}

fn payload(ghl: &Ghl, who: Who, active_location: Option<&str>) -> String {
    let is_agency = who == Who::Agency;
    let (user_name, email) = if is_agency { AMINAH } else { ALI };
    let user = UserData {
        user_id: seed::USER_ID,
        company_id: seed::COMPANY_ID,
        role: if is_agency { "admin" } else { "user" },
        r#type: if is_agency { "agency" } else { "account" },
        active_location,
        user_name,
        email,
        is_agency_owner: is_agency,
        version_id: ghl.app_id(),
        app_status: "live",
    };
    let plain = serde_json::to_string(&user).unwrap_or_default();
    encrypt_with_passphrase(seed::SHARED_SECRET, rand::random(), &plain)
}
