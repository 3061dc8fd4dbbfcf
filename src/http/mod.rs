//! The routes: verify, store, answer. The workers do the stored work later.
//!
//! Owns the proofs of callers, limits, status codes and pages. A handler never does a message's work, and never tells a
//! caller why something inside failed.
//!
//! * `webhooks`: `POST /hooks/delivery/{secret}`, `/hooks/app/{secret}`, `/hooks/waapify/{secret}` and
//!   `/hooks/external-auth/{secret}`
//! * `pages`: `GET /`, `/oauth/…`, `/connect/{token}`, `/app` (inside GHL) and `/operator`
//! * `downloads`: `GET /files/…` (a customer's file) and `/attachments/…` (an agent's file, for the gateway)
//! * `ops`: `/healthz`, `/readyz`, `/metrics`
//! * `connections`: accepts connections and ends those that are silent
//! * `admin`: checks the operator's token; `error`: answers when something is wrong; `layers`: what wraps every route;
//!   `lost`: browsers without a page; `home`: where they belong

mod admin;
mod connections;
mod downloads;
mod error;
mod home;
mod layers;
mod lost;
mod ops;
mod own_address;
mod pages;
mod webhooks;

use std::ops::Deref;
use std::sync::Arc;

pub use admin::Admin;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};
pub use connections::serve;
pub use downloads::inbound_media::Files;
pub use downloads::outbound_attachment::slots as attachment_slots;
pub use downloads::slots::DownloadSlots;
use downloads::{inbound_media, outbound_attachment};
pub use ops::metrics::ScrapeState;
use ops::{health, metrics};
pub use pages::connect::ProviderLooks;
pub use pages::front_page::front_page;
pub use pages::install_codes::InstallCodes;
use pages::{audited, connect, installed, layout, location, oauth, operator};
use secrecy::SecretString;
pub use webhooks::addresses::HookSecrets;
pub use webhooks::body_budgets::BodyBudgets;
pub use webhooks::insert_batcher::InsertBatcher;
pub use webhooks::known_secrets::KnownSecrets;
pub use webhooks::misdirected_notes::MisdirectedNotes;
pub use webhooks::signature_batcher::SignatureBatcher;
pub use webhooks::waapify_event::OutageBuffer;
use webhooks::{external_auth, ghl_delivery, ghl_event, waapify_event};

use crate::accounts::services::Services;
use crate::config::GhlSettings;
use crate::doctor::Doctor;
use crate::runtime::counters::Counters;

/// All routes in `OpenAPI` 3.1, for people who build on them. A test compares it with the router.
pub const OPENAPI: &str = include_str!("openapi.json");

/// A form of three short fields.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// What the routes share. Every request clones it, so it is one pointer.
#[derive(Clone, Debug)]
pub struct HttpState(Arc<HttpParts>);

impl Deref for HttpState {
    type Target = HttpParts;

    fn deref(&self) -> &HttpParts {
        &self.0
    }
}

impl From<HttpParts> for HttpState {
    fn from(parts: HttpParts) -> Self {
        Self(Arc::new(parts))
    }
}

/// What the routes are built from.
#[derive(Debug)]
pub struct HttpParts {
    /// The services, which the workers use too.
    pub services: Services,
    /// Checks the service and its locations.
    pub doctor: Doctor,
    /// The marketplace app's keys, and GHL's.
    pub ghl: GhlSettings,
    /// Checks GHL's signatures.
    pub signature_batcher: SignatureBatcher,
    /// Stores deliveries.
    pub insert_batcher: InsertBatcher,
    /// Holds the gateway's events while the database is down.
    pub outage_buffer: OutageBuffer,
    /// Limits what install codes cost GHL.
    pub install_codes: InstallCodes,
    /// Limits what connect links cost GHL.
    pub provider_looks: ProviderLooks,
    /// Secrets of the gateway's webhooks that were good lately.
    pub known_secrets: KnownSecrets,
    /// The last parts of the addresses that GHL is given.
    pub hook_secrets: HookSecrets,
    /// Room for the bodies of webhooks.
    pub body_budgets: BodyBudgets,
    /// What came to a wrong address lately.
    pub misdirected: MisdirectedNotes,
    /// Serves customers' files by link.
    pub files: Files,
    /// Slots for the downloads of agents' attachments.
    pub attachment_slots: DownloadSlots,
    /// The operator's token; none: the operator's pages are off.
    pub admin_token: Option<SecretString>,
    /// On the page inside GHL every user may change something.
    pub allow_users_to_change: bool,
    /// Compares the operator's token.
    pub admin: Admin,
    /// What `/metrics` shows besides the database's counts.
    pub scrape_state: ScrapeState,
}

impl Deref for HttpParts {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

/// All routes of the service except `/`, which is [`front_page`].
pub fn router(state: HttpState) -> Router {
    let recorded = middleware::from_fn_with_state(state.clone(), audited::record);
    let public_url = state.public_url.clone();
    let pages = Router::new()
        .route("/oauth/install", get(oauth::install))
        .merge(with_slashes(
            "/oauth/callback",
            &get(oauth::callback).head(oauth::head),
        ))
        .route("/oauth/installed", get(installed::show_none))
        .route("/oauth/installed/{token}", get(installed::show))
        .route(
            "/oauth/installed/{token}/token",
            post(installed::save_token)
                .get(lost::parent)
                .layer(DefaultBodyLimit::max(MAX_FORM_BYTES)),
        )
        .merge(connect::routes(state.clone()))
        .route("/files/{secret}/{name}", get(inbound_media::download))
        .merge(operator::routes().layer(recorded.clone()))
        .layer(middleware::from_fn(error::localize));
    let routes = Router::new()
        .merge(pages)
        .merge(location::routes(state.clone()).layer(recorded))
        .merge(hooks(&state.counters))
        .route(
            "/attachments/{token}/{name}",
            get(outbound_attachment::show),
        )
        .route("/assets/page.css", get(layout::stylesheet))
        .route("/assets/mark.svg", get(layout::mark))
        .route("/metrics", get(metrics::show))
        .route("/assets/app.js", get(layout::app_script))
        .route("/assets/connect.js", get(layout::connect_script))
        .route("/assets/live.js", get(layout::live_script))
        .route("/assets/back.js", get(layout::back_script))
        .route("/assets/times.js", get(layout::times_script))
        .route("/healthz", get(health::live))
        .route("/healthz/{question}", get(health::answer))
        .route("/readyz", get(health::ready))
        // Named, so that it is wrapped and stays when routes of others are merged.
        .fallback(lost::nowhere)
        .method_not_allowed_fallback(lost::other_method)
        .with_state(state);
    if !own_address::is_loopback(&public_url) {
        return layers::wrap(routes);
    }
    let led = middleware::from_fn_with_state(public_url, own_address::lead);
    layers::wrap(routes.layer(led))
}

/// The vendors' webhooks, each with the name under which its times are counted.
fn hooks(counters: &Counters) -> Router<HttpState> {
    // GHL's developer portal lets the app's developer choose the method.
    let external_auth = get(external_auth::accept)
        .post(external_auth::accept)
        .put(external_auth::accept)
        .patch(external_auth::accept);
    let timed = |name, handler: MethodRouter<HttpState>| {
        counters.expect_webhook(name);
        handler.layer(middleware::from_fn_with_state(
            (counters.clone(), name),
            layers::count_time,
        ))
    };
    let delivery = timed("delivery", post(ghl_delivery::accept));
    let app = timed("app", post(ghl_event::accept));
    Router::new()
        .merge(with_slashes("/hooks/delivery", &delivery))
        .merge(with_slashes("/hooks/delivery/{secret}", &delivery))
        .merge(with_slashes("/hooks/app", &app))
        .merge(with_slashes("/hooks/app/{secret}", &app))
        .merge(with_slashes(
            "/hooks/external-auth/{secret}",
            &timed("external_auth", external_auth),
        ))
        .merge(with_slashes(
            "/hooks/waapify/{secret}",
            &timed("waapify", post(waapify_event::accept)),
        ))
}

/// An address that people enter at a vendor, some with a slash at its end, some with one more.
fn with_slashes(path: &str, handler: &MethodRouter<HttpState>) -> Router<HttpState> {
    ["", "/", "//"]
        .into_iter()
        .fold(Router::new(), |routes, end| {
            routes.route(&format!("{path}{end}"), handler.clone())
        })
}
