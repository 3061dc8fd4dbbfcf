//! Vendors that answer at once, with only what a message needs of Waapify and GHL. Waapify acks a message as
//! delivered as soon as it has answered, and GHL accepts every status.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Form, Query, State};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use url::Url;

use crate::client;
use crate::client::connect;

/// Connections on which Waapify posts its events.
const COURIERS: usize = 8;

/// The state of both vendors.
pub struct Vendors {
    /// The address at which they listen.
    pub address: String,
    seen: Arc<Seen>,
}

struct Seen {
    /// The path of each instance's webhook.
    webhooks: Mutex<HashMap<String, String>>,
    sent: AtomicU64,
    told: AtomicU64,
    posted: AtomicU64,
    /// Messages that each instance sent.
    each: Mutex<HashMap<String, u64>>,
    hanging: Mutex<HashSet<String>>,
    acks: UnboundedSender<Vec<u8>>,
}

impl Vendors {
    /// Starts vendors for a service at `service`.
    pub async fn start(service: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (acks, posted) = unbounded_channel();
        let seen = Arc::new(Seen {
            webhooks: Mutex::default(),
            sent: AtomicU64::new(0),
            told: AtomicU64::new(0),
            posted: AtomicU64::new(0),
            each: Mutex::default(),
            hanging: Mutex::default(),
            acks,
        });
        let routes = Router::new()
            .route("/oauth/token", post(grant))
            .route("/reconnect.php", get(|| async { success() }))
            .route("/setwebhook.php", get(set_webhook))
            .route("/send.php", post(send))
            .route("/conversations/messages/{id}/status", put(tell))
            .route("/contacts/search/duplicate", get(find_contact))
            .route("/contacts/upsert", post(find_contact))
            .route("/conversations/messages/inbound", post(take_reply))
            .with_state(Arc::clone(&seen));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let posted = Arc::new(tokio::sync::Mutex::new(posted));
        for _ in 0..COURIERS {
            tokio::spawn(post_events(service, Arc::clone(&posted)));
        }
        Self { address, seen }
    }

    /// The number of statuses that GHL has received.
    pub fn told(&self) -> u64 {
        self.seen.told.load(Ordering::Relaxed)
    }
}

impl Vendors {
    /// The number of replies that GHL has received.
    pub fn posted(&self) -> u64 {
        self.seen.posted.load(Ordering::Relaxed)
    }

    /// The number of messages that an instance has sent.
    pub fn sent_by(&self, instance: &str) -> u64 {
        let each = self.seen.each.lock().unwrap();
        each.get(instance).copied().unwrap_or_default()
    }

    /// From now on this instance keeps each send for as long as the service waits.
    pub fn hang(&self, instance: &str) {
        self.seen
            .hanging
            .lock()
            .unwrap()
            .insert(instance.to_owned());
    }

    /// The path of an instance's webhook.
    pub fn webhook(&self, instance: &str) -> String {
        self.seen.webhooks.lock().unwrap()[instance].clone()
    }
}

async fn post_events(
    service: SocketAddr,
    posted: Arc<tokio::sync::Mutex<UnboundedReceiver<Vec<u8>>>>,
) {
    let mut stream = None;
    loop {
        let next = posted.lock().await.recv().await;
        let Some(request) = next else { return };
        if stream.is_none() {
            stream = Some(connect(service).await);
        }
        client::post(stream.as_ref().unwrap(), &request).await;
    }
}

fn success() -> Json<Value> {
    Json(json!({"status": "success", "message": "ok"}))
}

type Fields = HashMap<String, String>;

/// The code is the location's id.
async fn grant(Form(fields): Form<Fields>) -> Json<Value> {
    Json(json!({
        "access_token": "bench", "refresh_token": "bench", "expires_in": 86_399, "userType": "Location",
        "companyId": "bench", "locationId": fields["code"],
    }))
}

async fn set_webhook(State(seen): State<Arc<Seen>>, Query(query): Query<Fields>) -> Json<Value> {
    let path = Url::parse(&query["webhook_url"]).unwrap().path().to_owned();
    let instance = query["instance_id"].clone();
    seen.webhooks.lock().unwrap().insert(instance, path);
    success()
}

async fn send(State(seen): State<Arc<Seen>>, Query(query): Query<Fields>) -> Json<Value> {
    let hangs = seen.hanging.lock().unwrap().contains(&query["instance_id"]);
    if hangs {
        std::future::pending::<()>().await;
    }
    *seen
        .each
        .lock()
        .unwrap()
        .entry(query["instance_id"].clone())
        .or_default() += 1;
    let id = format!("3EB0{:016X}", seen.sent.fetch_add(1, Ordering::Relaxed));
    let jid = format!("{}@s.whatsapp.net", query["number"]);
    let key = json!({"remoteJid": jid, "fromMe": true, "id": id});
    let instance = &query["instance_id"];
    let update = json!([{"key": key, "update": {"status": 3}}]);
    let event =
        json!({"instance_id": instance, "data": {"event": "messages.update", "data": update}});
    let path = seen.webhooks.lock().unwrap()[instance].clone();
    let ack = client::request(&path, "", &event.to_string());
    seen.acks.send(ack).unwrap();
    Json(json!({"status": "success", "data": {"key": key}}))
}

/// Has limits that are never reached. With GHL's own, ten calls a second for each location, nothing else could be
/// measured.
async fn tell(State(seen): State<Arc<Seen>>) -> ([(&'static str, &'static str); 1], Json<Value>) {
    seen.told.fetch_add(1, Ordering::Relaxed);
    ([("x-ratelimit-max", "1000000000")], Json(json!({})))
}

/// Every customer is a contact.
async fn find_contact() -> ([(&'static str, &'static str); 1], Json<Value>) {
    let contact = json!({"contact": {"id": "bench"}});
    ([("x-ratelimit-max", "1000000000")], Json(contact))
}

async fn take_reply(
    State(seen): State<Arc<Seen>>,
) -> ([(&'static str, &'static str); 1], Json<Value>) {
    let n = seen.posted.fetch_add(1, Ordering::Relaxed);
    let stored = json!({"success": true, "conversationId": "bench", "messageId": format!("m{n}")});
    ([("x-ratelimit-max", "1000000000")], Json(stored))
}
