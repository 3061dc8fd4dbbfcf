//! The service over its own database, between simulated vendors.

// By its path, because the browser tests read this file from their own folder.
#[path = "bridge/rows.rs"]
mod rows;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulators::{Fault, InstallKind, Simulation, SimulationConfig, Timings, seed};
use url::Url;
use waapify_ghl::accounts::connect::Entered;
use waapify_ghl::accounts::tokens::TokenError;
use waapify_ghl::app::App;
use waapify_ghl::clients::attachment_source::NetworkScope;
use waapify_ghl::clients::ghl;
use waapify_ghl::db::accounts::installs;
use waapify_ghl::http::HookSecrets;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::model::states::InstallStatus;
use waapify_ghl::runtime::clock::Clock;
use waapify_ghl::workers::Worker;
use waapify_ghl::{clients, workers};

use crate::harness::{TestDatabase, environment, location, settings, wait};

/// The service with its own database and simulated vendors. Its routes answer on a real port; its workers run only
/// when a test calls them, and its clock moves only when a test moves it.
pub struct Bridge {
    pub database: TestDatabase,
    pub simulation: Simulation,
    pub clock: Clock,
    pub app: App,
    pub address: String,
    pub http: reqwest::Client,
    /// The service's environment, to start the real program with.
    pub environment: Vec<(String, String)>,
}

impl Bridge {
    /// A bridge with the app installed and a number connected.
    pub async fn new() -> Self {
        let bridge = Self::bare().await;
        bridge.install().await;
        bridge.connect().await;
        bridge
    }

    /// A bridge without an install and without a number.
    pub async fn bare() -> Self {
        Self::with(|_| {}).await
    }

    /// Like [`Bridge::bare`], with a changed environment.
    pub async fn with(change: impl FnOnce(&mut Vec<(String, String)>)) -> Self {
        let database = TestDatabase::new().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut environment = environment(&address, &address);
        let http = clients::http_client().unwrap();
        let simulation = Simulation::new(SimulationConfig {
            client_id: "66b1f0a2c3d4e5f60718293a-test".to_owned(),
            client_secret: "test-client-secret".to_owned(),
            service_url: Url::parse(&address).unwrap(),
            // Customers' phones receive and read only when a test calls for it.
            timings: Timings {
                delivered_after: None,
                ..Timings::fast()
            },
            http: http.clone(),
        })
        .unwrap();
        let key = simulation.ghl.public_keys().ed25519_base64;
        environment.retain(|(name, _)| name != "GHL_ED25519_PUBLIC_KEY");
        environment.push(("GHL_ED25519_PUBLIC_KEY".to_owned(), key));
        change(&mut environment);
        let secrets = HookSecrets::derive(&settings(&environment).ghl);
        let (delivery, app) = (&secrets.delivery, &secrets.app);
        simulation
            .ghl
            .enter_addresses(delivery.expose_secret(), app.expose_secret());
        // Starts at the real time, so that real processes can share the database.
        let clock = Clock::manual(Clock::system().now());
        let app = App::with_network_scope(
            &settings(&environment),
            database.pool.clone(),
            clock.clone(),
            NetworkScope::Simulated,
        )
        .unwrap();
        let routes: Router = app.router().merge(simulation.vendors_router());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            database,
            simulation,
            clock,
            app,
            address,
            http,
            environment,
        }
    }

    /// Installs the app in the seeded location through the callback. Returns the page that follows.
    pub async fn install(&self) -> String {
        let location_id = seed::LOCATION_ID.to_owned();
        let code = self
            .simulation
            .ghl
            .issue_code(InstallKind::Location { location_id });
        self.callback(&code).await
    }

    /// The code for an install by the seeded agency in these locations.
    pub fn company_code(&self, location_ids: &[&str]) -> String {
        self.simulation.ghl.issue_code(InstallKind::Company {
            company_id: seed::COMPANY_ID.to_owned(),
            location_ids: location_ids.iter().map(ToString::to_string).collect(),
            bulk: true,
        })
    }

    /// Brings a code to the callback. Returns the page that follows, which is the connect page of a single location.
    pub async fn callback(&self, code: &str) -> String {
        let callback = format!("{}/oauth/callback?code={code}", self.address);
        let answer = self.http.get(callback).send().await.unwrap();
        let connect = answer.headers().get("location");
        let connect = connect.map(|address| address.to_str().unwrap().to_owned());
        let (status, page) = match connect {
            Some(address) => self.get(address.strip_prefix(&self.address).unwrap()).await,
            None => (answer.status(), answer.text().await.unwrap()),
        };
        assert_eq!(status, StatusCode::OK, "{page}");
        page
    }

    /// Makes a call that GHL refuses without a valid token of the location. True if the contact exists.
    pub async fn use_token(&self, location: &LocationId) -> Result<bool, TokenError> {
        use_token(&self.app, location).await
    }

    /// The install status of a location.
    pub async fn install_status(&self, location: &str) -> InstallStatus {
        installs::find_install_status(&self.database.pool, &LocationId::from(location))
            .await
            .unwrap()
    }

    /// Connects the seeded number to the seeded location.
    pub async fn connect(&self) {
        self.connect_to(&location()).await;
    }

    /// Connects the seeded number to a location.
    pub async fn connect_to(&self, location: &LocationId) {
        let entered = Entered {
            instance_id: seed::INSTANCE_ID.to_owned(),
            access_token: seed::ACCESS_TOKEN.into(),
            number: seed::NUMBER.to_owned(),
        };
        self.app
            .connector
            .connect(location, &entered, None)
            .await
            .unwrap();
    }

    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        let answer = self
            .http
            .get(format!("{}{path}", self.address))
            .send()
            .await
            .unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Installs the app in a second location of the seeded agency. Returns the page that follows.
    pub async fn install_second(&self) -> String {
        let ghl = &self.simulation.ghl;
        ghl.add_location(seed::COMPANY_ID, seed::SECOND_LOCATION_ID, "Kedai Dua");
        let location_id = seed::SECOND_LOCATION_ID.to_owned();
        self.callback(&ghl.issue_code(InstallKind::Location { location_id }))
            .await
    }

    /// An agent's message that has failed because its outcome is unknown. Returns GHL's id.
    pub async fn agents_unconfirmed(&self) -> String {
        for _ in 0..2 {
            self.simulation
                .waapify
                .faults()
                .push("send.php", Fault::answer(200, ""));
        }
        let id = self.agent_writes("hai").await;
        self.settle().await;
        for _ in 0..2 {
            self.after(time::Duration::minutes(3)).await;
        }
        let failed = ("failed".to_owned(), Some("unconfirmed".to_owned()));
        assert_eq!(self.outbound(&id).await, failed);
        id
    }

    /// Lets every worker except the monitor do what is due now, until nothing is due.
    pub async fn settle(&self) {
        let context = || Arc::clone(&self.app.context);
        let outbound = Arc::new(workers::outbound::Outbound(context()));
        let events = Arc::new(workers::waapify_events::WaapifyEvents(context()));
        let inbound = Arc::new(workers::inbound::Inbound(context()));
        let media = Arc::new(workers::inbound_media::Media(context()));
        let statuses = Arc::new(workers::status_updates::StatusUpdates(context()));
        let ghl_events = Arc::new(workers::ghl_events::GhlEvents(context()));
        let checks = Arc::new(workers::phone_checks::PhoneChecks(context()));
        let opt_outs = Arc::new(workers::opt_outs::OptOuts(context()));
        let sources = Arc::new(workers::sources::Sources(context()));
        let tags = Arc::new(workers::tags::Tags(context()));
        let upkeep = Arc::new(workers::token_upkeep::TokenUpkeep(context()));
        loop {
            let done = step(&outbound).await
                + step(&events).await
                + step(&media).await
                + step(&inbound).await
                + step(&statuses).await
                + step(&ghl_events).await
                + step(&checks).await
                + step(&opt_outs).await
                + step(&sources).await
                + step(&tags).await
                + step(&upkeep).await;
            if done == 0 {
                return;
            }
        }
    }

    /// Moves the clock, then calls [`Bridge::settle`].
    pub async fn after(&self, pause: time::Duration) {
        self.clock.advance(pause);
        self.settle().await;
    }

    /// Settles until `came_true`, which depends on a vendor's own post. The clock does not move.
    pub async fn until(&self, what: &str, came_true: impl AsyncFn() -> bool) {
        wait(what, async || {
            self.settle().await;
            came_true().await
        })
        .await;
    }

    /// Aisyah writes to the business. Returns WhatsApp's id, after her webhook has been answered.
    pub async fn customer_writes(&self, text: &str) -> String {
        let (_, name, phone) = seed::AISYAH;
        self.simulation
            .waapify
            .customer_sends(phone, name, text)
            .await
    }

    /// The gateway posts a body to the number's webhook. Returns the status of the answer.
    pub async fn gateway_posts(&self, body: &Value) -> StatusCode {
        let webhook = self.simulation.waapify.webhook().unwrap();
        let answer = self.http.post(webhook).json(body).send().await;
        answer.unwrap().status()
    }

    /// WhatsApp reports on a sent message to Aisyah, with Baileys' `update` for its id.
    pub async fn whatsapp_reports(&self, wa_message: &str, update: Value) {
        let key =
            json!({"remoteJid": "60123456789@s.whatsapp.net", "id": wa_message, "fromMe": true});
        let report = json!([{"key": key, "update": update}]);
        self.simulation
            .waapify
            .post_event("messages.update", report)
            .await;
    }

    /// The business writes to Aisyah. Returns GHL's id, after the delivery has been stored.
    pub async fn agent_writes(&self, text: &str) -> String {
        self.agent_sends(seed::AISYAH.0, text, &[]).await
    }

    /// The business sends a message. Returns GHL's id, after the delivery has been stored.
    pub async fn agent_sends(&self, contact: &str, text: &str, attachments: &[&str]) -> String {
        let attachments: Vec<String> = attachments.iter().map(ToString::to_string).collect();
        let id = self
            .simulation
            .ghl
            .agent_sends(contact, text, &attachments)
            .unwrap();
        wait("the delivery is stored", async || {
            self.find_outbound(&id).await.is_some()
        })
        .await;
        id
    }

    /// The queries of all sends that reached the gateway.
    pub fn sends(&self) -> Vec<Value> {
        let seen = self.simulation.waapify.faults().seen_at("send.php");
        let queries = seen.into_iter().map(|seen| seen.query);
        queries
            .filter(|query| query["type"] != "check_phone")
            .collect()
    }

    /// The business's messages on Aisyah's phone.
    pub fn texts_on_phone(&self) -> Vec<String> {
        let chat = self.simulation.waapify.chat(seed::AISYAH.2);
        chat.into_iter()
            .filter(|m| m.from_business)
            .map(|m| m.text)
            .collect()
    }

    /// The bodies of all messages that were posted to GHL.
    pub fn posted(&self) -> Vec<Value> {
        let route = "POST /conversations/messages/inbound";
        let seen = self.simulation.ghl.faults().seen_at(route);
        seen.into_iter().map(|seen| seen.body).collect()
    }

    /// The messages from WhatsApp in GHL's conversation with Aisyah.
    pub fn conversation(&self) -> Vec<String> {
        let messages = self.simulation.ghl.messages_with(seed::AISYAH.0);
        messages
            .into_iter()
            .filter(|m| m.alt_id.is_some())
            .map(|m| m.text)
            .collect()
    }

    /// Asserts that one message was posted, with this text and one file.
    pub fn assert_posted_with_file(&self, words: &str) {
        let posted = self.posted();
        assert_eq!(posted.len(), 1, "{posted:?}");
        assert_eq!(posted[0]["message"], words);
        assert_eq!(posted[0]["attachments"].as_array().unwrap().len(), 1);
    }

    /// The status that GHL shows for a message.
    pub fn ghl_status(&self, id: &str) -> String {
        self.simulation.ghl.message(id).unwrap().status
    }

    /// The code of a failed message that GHL was given, and the sentence that it shows.
    pub fn ghl_error(&self, id: &str) -> (String, String) {
        let error = self.simulation.ghl.message(id).unwrap().error.unwrap();
        let text = |field| error[field].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }
}

/// Like [`Bridge::use_token`], for an app of another process.
pub async fn use_token(app: &App, location: &LocationId) -> Result<bool, TokenError> {
    let find = |ghl: ghl::Client, token| {
        let location = location.clone();
        async move { ghl.find_contact(&token, &location, seed::AISYAH.2).await }
    };
    let found = app.context.tokens.call(location, find).await;
    found.map(|found| found.is_some())
}

async fn step<W: Worker>(worker: &Arc<W>) -> usize {
    workers::step(worker).await.unwrap()
}
