//! The sandbox's page: three static files, the state that they poll, and the actions of their buttons.
//!
//! * `customer`: what the customer's phone sends; `exchanges`: one exchange in full, those of one message
//!
//! Posts must be declared as JSON, so that no other site can send a form to the page.

mod customer;
mod exchanges;
mod programs;

use axum::extract::{Query, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::levers::Levers;
use crate::seed;
use crate::simulation::Simulation;

/// All content is from this address; nothing is inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

impl Simulation {
    /// The page at `/`, its data under `/sandbox/`, and GHL's own pages under `/sandbox/ghl`.
    pub fn page_router(&self) -> Router {
        router(self.clone()).merge(self.ghl.site_router())
    }
}

/// The page and its routes.
fn router(simulation: Simulation) -> Router {
    let html = || async { file("text/html; charset=utf-8", include_str!("page.html")) };
    let css = || async { file("text/css; charset=utf-8", include_str!("page.css")) };
    let script = || async { file("text/javascript; charset=utf-8", include_str!("page.js")) };
    Router::new()
        .route("/", get(html))
        .route("/sandbox/page.css", get(css))
        .route("/sandbox/page.js", get(script))
        .route("/sandbox/state", get(state))
        .route("/sandbox/agent", post(agent))
        .route("/sandbox/campaign", post(programs::campaign))
        .route("/sandbox/dnd", post(programs::dnd))
        .route("/sandbox/customer", post(customer::sends))
        .route("/sandbox/customer/read", post(customer::reads))
        .route("/sandbox/exchanges/{number}", get(exchanges::show))
        .route("/sandbox/redeliver", post(redeliver))
        .route("/sandbox/levers", post(levers))
        .route("/sandbox/link", post(link))
        .route("/sandbox/scan", post(scan))
        .with_state(simulation)
}

fn file(content_type: &'static str, body: &'static str) -> Response {
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

#[derive(Deserialize)]
struct Shown {
    /// The id of the message whose exchanges are wanted, in GHL or on WhatsApp; none for all.
    about: Option<String>,
}

async fn state(State(simulation): State<Simulation>, Query(shown): Query<Shown>) -> Json<Value> {
    let contacts: Vec<Value> = simulation
        .ghl
        .contacts(seed::LOCATION_ID)
        .into_iter()
        .map(|contact| {
            let messages = simulation.ghl.messages_with(&contact.id);
            json!({
                "id": contact.id,
                "name": contact.name,
                "phone": contact.phone,
                "dnd": contact.is_dnd(),
                "messages": messages,
            })
        })
        .collect();
    let line = simulation.waapify.heard();
    let customers: Vec<Value> = line
        .customers()
        .into_iter()
        .map(|(phone, name)| {
            let messages = line.chat(&phone);
            json!({ "phone": phone, "name": name, "messages": messages })
        })
        .collect();
    let (number, name) = line.owner();
    Json(json!({
        "location": seed::LOCATION_NAME,
        "other_provider": simulation.ghl.other_provider(seed::LOCATION_ID),
        "business": { "number": number, "name": name },
        "linked": line.is_linked(),
        "shows_qr": !simulation.waapify.waiting_instances().is_empty(),
        "levers": simulation.levers(),
        "contacts": contacts,
        "customers": customers,
        "traffic": exchanges::about(&simulation, shown.about.as_deref()),
    }))
}

#[derive(Deserialize)]
struct AgentSays {
    contact_id: String,
    text: String,
    attachment: Option<String>,
}

async fn agent(State(simulation): State<Simulation>, Json(said): Json<AgentSays>) -> Response {
    let attachments: Vec<String> = said
        .attachment
        .into_iter()
        .filter(|url| !url.trim().is_empty())
        .collect();
    if said.text.trim().is_empty() && attachments.is_empty() {
        return refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            "There is nothing to send.",
        );
    }
    match simulation
        .ghl
        .agent_sends(&said.contact_id, &said.text, &attachments)
    {
        Some(id) => (StatusCode::CREATED, Json(json!({ "message_id": id }))).into_response(),
        None => refused(StatusCode::NOT_FOUND, "There is no such contact."),
    }
}

#[derive(Deserialize)]
struct Redeliver {
    message_id: String,
}

async fn redeliver(State(simulation): State<Simulation>, Json(which): Json<Redeliver>) -> Response {
    if simulation.ghl.message(&which.message_id).is_none() {
        return refused(StatusCode::NOT_FOUND, "There is no such message.");
    }
    let answered = simulation.ghl.redeliver(&which.message_id).await;
    Json(json!({ "answered": answered })).into_response()
}

async fn levers(State(simulation): State<Simulation>, Json(wanted): Json<Levers>) -> StatusCode {
    simulation.pull(wanted);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Link {
    linked: bool,
}

async fn link(State(simulation): State<Simulation>, Json(wanted): Json<Link>) -> StatusCode {
    tokio::spawn(async move {
        let line = simulation.waapify.heard();
        if wanted.linked {
            line.link().await;
        } else {
            line.unlink().await;
        }
    });
    StatusCode::ACCEPTED
}

#[derive(Deserialize)]
struct Scan {}

/// The business's phone scans the QR code that a page of the service shows.
async fn scan(State(simulation): State<Simulation>, Json(Scan {}): Json<Scan>) -> StatusCode {
    for instance in simulation.waapify.waiting_instances() {
        simulation.waapify.scan_qr(&instance).await;
        simulation.waapify.at(&instance).seed_customers();
    }
    StatusCode::NO_CONTENT
}

fn refused(status: StatusCode, reason: &str) -> Response {
    (status, Json(json!({ "error": reason }))).into_response()
}
