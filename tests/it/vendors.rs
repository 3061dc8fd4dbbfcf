//! The simulated vendors, called as the service calls them, with a stub in place of the service.

mod contacts;
mod deliveries;
mod faults;
mod gate;
mod gateway;
mod inbound;
mod oauth;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use simulators::{InstallKind, Simulation, SimulationConfig, Timings, seed};
use tokio::net::TcpListener;
use tokio::time::{interval, timeout};
use url::Url;
use waapify_ghl::clients;

/// Long, for a machine that runs all other tests at the same time.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL_INTERVAL: Duration = Duration::from_millis(5);

const CLIENT_ID: &str = "66b1f0a2c3d4e5f60718293a-abc";
const CLIENT_SECRET: &str = "secret";

/// The Version headers of GHL's routes.
const CONVERSATIONS: Option<&str> = Some("2021-04-15");
const CONTACTS: Option<&str> = Some("2021-07-28");
const OAUTH: Option<&str> = Some("2021-07-28");
const CHANNELS: Option<&str> = Some("v3");

/// A post of a vendor, as it arrived.
#[derive(Clone)]
struct Post {
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Post {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Replaces the service: it keeps every post and accepts it, unless it has to refuse some first.
#[derive(Clone, Default)]
struct Stub {
    posts: Arc<Mutex<Vec<Post>>>,
    refusals: Arc<AtomicUsize>,
}

impl Stub {
    fn router(&self) -> Router {
        let stub = self.clone();
        Router::new().fallback(move |request: Request| {
            let stub = stub.clone();
            async move { stub.take(request).await }
        })
    }

    async fn take(&self, request: Request) -> StatusCode {
        let (parts, body) = request.into_parts();
        let post = Post {
            path: parts.uri.path().to_owned(),
            headers: parts.headers,
            body: to_bytes(body, usize::MAX).await.unwrap(),
        };
        self.posts.lock().unwrap().push(post);
        let count_down = |left: usize| left.checked_sub(1);
        match self
            .refusals
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, count_down)
        {
            Ok(_) => StatusCode::SERVICE_UNAVAILABLE,
            Err(_) => StatusCode::OK,
        }
    }
}

/// A simulation, its vendors on a port, and the stub.
struct Controls {
    simulation: Simulation,
    /// The base address of the vendors.
    base: String,
    /// The base address of the stub.
    service: String,
    stub: Stub,
    http: Client,
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

impl Controls {
    async fn new() -> Self {
        let stub = Stub::default();
        let service = serve(stub.router()).await;
        let http = clients::http_client().unwrap();
        let simulation = Simulation::new(SimulationConfig {
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            service_url: Url::parse(&service).unwrap(),
            timings: Timings::fast(),
            http: http.clone(),
        })
        .unwrap();
        let base = format!("{}/sim", serve(simulation.vendors_router()).await);
        Self {
            simulation,
            base,
            service,
            stub,
            http,
        }
    }

    /// The posts that the stub received at `path`, oldest first.
    fn posts(&self, path: &str) -> Vec<Post> {
        let posts = self.stub.posts.lock().unwrap();
        posts.iter().filter(|p| p.path == path).cloned().collect()
    }

    /// Asks for tokens with the right credentials.
    async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        self.token_as(CLIENT_SECRET, form).await
    }

    async fn token_as(&self, secret: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let mut all = vec![("client_id", CLIENT_ID), ("client_secret", secret)];
        all.extend_from_slice(form);
        let url = format!("{}/ghl/oauth/token", self.base);
        let answer = self.http.post(url).form(&all).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Installs the app and exchanges its code.
    async fn install(&self, kind: InstallKind) -> Value {
        let code = self.simulation.ghl.issue_code(kind);
        let (status, tokens) = self
            .token(&[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", "http://x/oauth/callback"),
                ("user_type", "Location"),
            ])
            .await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    /// Installs the app in the seeded location and returns its access token.
    async fn location_token(&self) -> String {
        let tokens = self.install(seeded_location()).await;
        text(&tokens["access_token"])
    }

    async fn get(&self, token: &str, version: Option<&str>, path: &str) -> (u16, Value) {
        let request = self.http.get(format!("{}/ghl{path}", self.base));
        ask(request, token, version).await
    }

    async fn post(
        &self,
        token: &str,
        version: Option<&str>,
        path: &str,
        body: &Value,
    ) -> (u16, Value) {
        let request = self.http.post(format!("{}/ghl{path}", self.base));
        ask(request.json(body), token, version).await
    }

    async fn put_status(&self, token: &str, message_id: &str, body: &Value) -> (u16, Value) {
        let path = format!("/conversations/messages/{message_id}/status");
        let request = self.http.put(format!("{}/ghl{path}", self.base));
        ask(request.json(body), token, CONVERSATIONS).await
    }
}

async fn ask(request: RequestBuilder, token: &str, version: Option<&str>) -> (u16, Value) {
    let request = request.bearer_auth(token);
    let request = match version {
        Some(version) => request.header("Version", version),
        None => request,
    };
    let answer = request.send().await.unwrap();
    assert!(answer.headers().contains_key("x-ratelimit-remaining"));
    let status = answer.status().as_u16();
    let body = answer.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

fn seeded_location() -> InstallKind {
    InstallKind::Location {
        location_id: seed::LOCATION_ID.to_owned(),
    }
}

/// Waits for something that a vendor does on its own.
async fn until(what: &str, came_true: impl Fn() -> bool) {
    let watch = async {
        let mut look = interval(POLL_INTERVAL);
        while !came_true() {
            look.tick().await;
        }
    };
    let outcome = timeout(PATIENCE, watch).await;
    assert!(outcome.is_ok(), "did not come true: {what}");
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The status of a refusal and its message; several messages are joined.
fn complaint(answer: &(u16, Value)) -> (u16, String) {
    let (status, body) = answer;
    let words = match &body["message"] {
        Value::Array(complaints) => complaints.iter().map(text).collect::<Vec<_>>().join("; "),
        message => text(message),
    };
    (*status, words)
}

fn refusal(status: u16, words: &str) -> (u16, String) {
    (status, words.to_owned())
}

/// `object` with one field changed or added.
fn with(object: &Value, name: &str, value: &Value) -> Value {
    let mut changed = object.clone();
    changed[name] = value.clone();
    changed
}
