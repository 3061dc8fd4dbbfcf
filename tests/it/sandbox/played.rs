//! A sandbox in this process, as its page uses it: over HTTP.

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use simulators::{Timings, seed};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use waapify_ghl::cli::sandbox::Sandbox;
use waapify_ghl::clients;

use crate::harness::{TestDatabase, wait};

/// A running sandbox, installed and connected.
pub struct Played {
    pub sandbox: Sandbox,
    pub http: Client,
    _database: TestDatabase,
    _stop: DropGuard,
}

impl Played {
    pub async fn start() -> Self {
        let database = TestDatabase::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stop = CancellationToken::new();
        let pool = database.pool.clone();
        let sandbox = Sandbox::start(listener, pool, Timings::fast(), stop.clone()).unwrap();
        sandbox.install_and_connect().await.unwrap();
        Self {
            sandbox,
            http: clients::http_client().unwrap(),
            _database: database,
            _stop: stop.drop_guard(),
        }
    }

    pub fn url(&self, path: &str) -> String {
        self.sandbox.address.join(path).unwrap().into()
    }

    /// Does what a button of the page does. Returns the answer.
    pub async fn pull(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let request = self.http.post(self.url(&format!("/sandbox/{path}")));
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status();
        (status, answer.json().await.unwrap_or_default())
    }

    /// What the page shows.
    pub async fn state(&self) -> Value {
        self.get("/sandbox/state").await
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(self.url(path)).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// The business writes to Aisyah. Returns GHL's id of the message.
    pub async fn agent_writes(&self, text: &str) -> String {
        let body = json!({ "contact_id": seed::AISYAH.0, "text": text });
        let (status, answer) = self.pull("agent", body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer["message_id"].as_str().unwrap().to_owned()
    }

    /// Waits for an exchange between two that the page shows.
    pub async fn exchange(&self, edge: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let found = std::sync::Mutex::new(Value::Null);
        wait(&format!("an exchange {edge}"), async || {
            let state = self.state().await;
            let traffic = state["traffic"].as_array().unwrap();
            let one = traffic.iter().find(|one| one["edge"] == edge && fits(one));
            *found.lock().unwrap() = one.cloned().unwrap_or_default();
            one.is_some()
        })
        .await;
        found.into_inner().unwrap()
    }

    /// Waits until GHL shows the message with this status.
    pub async fn until_status(&self, id: &str, status: &str) {
        wait(&format!("GHL shows {status}"), async || {
            self.in_ghl(id).await["status"] == status
        })
        .await;
    }

    /// A message as GHL's side of the page shows it.
    pub async fn in_ghl(&self, id: &str) -> Value {
        let state = self.state().await;
        let contacts = state["contacts"].as_array().unwrap();
        let messages = contacts
            .iter()
            .flat_map(|contact| contact["messages"].as_array().unwrap());
        let mut messages = messages.filter(|message| message["id"] == id);
        messages.next().cloned().unwrap_or_default()
    }

    /// The texts on Aisyah's phone that the business wrote.
    pub async fn on_phone(&self) -> Vec<String> {
        let state = self.state().await;
        let customers = state["customers"].as_array().unwrap();
        let aisyah = customers.iter().find(|one| one["name"] == seed::AISYAH.1);
        let messages = aisyah.unwrap()["messages"].as_array().unwrap();
        let theirs = messages.iter().filter(|one| one["from_business"] == true);
        theirs
            .map(|one| one["text"].as_str().unwrap().to_owned())
            .collect()
    }
}
