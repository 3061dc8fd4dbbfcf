//! The service over a database of its own between simulated vendors: its routes answer on a real port, its workers move
//! only when told, and its clock is moved by hand.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::{CustomerFile, Fault, InstallKind, Simulation, SimulationConfig, Timings, seed};
use url::Url;
use waapify_ghl::accounts::connect::Entered;
use waapify_ghl::accounts::tokens::TokenError;
use waapify_ghl::app::App;
use waapify_ghl::clients::attachment_source::NetworkScope;
use waapify_ghl::clients::ghl;
use waapify_ghl::db::accounts::installs;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::model::states::InstallStatus;
use waapify_ghl::runtime::clock::Clock;
use waapify_ghl::workers::Worker;
use waapify_ghl::{clients, workers};

use crate::harness::{TestDatabase, environment, location, settings, wait};

/// The service over a database of its own, with simulated vendors; its routes answer on a real port, its workers move
/// only when told.
pub struct Bridge {
    pub database: TestDatabase,
    pub simulation: Simulation,
    pub clock: Clock,
    pub app: App,
    pub address: String,
    pub http: reqwest::Client,
    /// The service's environment, for a process of the real program.
    pub environment: Vec<(String, String)>,
}

impl Bridge {
    /// Installed and connected.
    pub async fn new() -> Self {
        let bridge = Self::bare().await;
        bridge.install().await;
        bridge.connect().await;
        bridge
    }

    /// Neither installed nor connected.
    pub async fn bare() -> Self {
        Self::with(|_| {}).await
    }

    /// As [`Bridge::bare`], with the environment changed.
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
            // Customers' phones receive and read only when told.
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
        // It starts at the real time, so that real processes can share the database.
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

    /// Installs the app into the seeded location, through the callback; the page it leads to.
    pub async fn install(&self) -> String {
        let location_id = seed::LOCATION_ID.to_owned();
        let code = self
            .simulation
            .ghl
            .issue_code(InstallKind::Location { location_id });
        self.callback(&code).await
    }

    /// The code of an install by the seeded agency, in these locations.
    pub fn company_code(&self, location_ids: &[&str]) -> String {
        self.simulation.ghl.issue_code(InstallKind::Company {
            company_id: seed::COMPANY_ID.to_owned(),
            location_ids: location_ids.iter().map(ToString::to_string).collect(),
            bulk: true,
        })
    }

    /// Brings a code to the callback; the page it leads to, which is the connect page of a single location.
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

    /// A call that GHL refuses without a valid token of the location; true where the contact is there.
    pub async fn use_token(&self, location: &LocationId) -> Result<bool, TokenError> {
        use_token(&self.app, location).await
    }

    /// How a location stands.
    pub async fn install_status(&self, location: &str) -> InstallStatus {
        installs::find_install_status(&self.database.pool, &LocationId::from(location))
            .await
            .unwrap()
    }

    /// Connects the seeded number to the seeded location.
    pub async fn connect(&self) {
        self.connect_to(&location()).await;
    }

    /// Connects the seeded number.
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

    /// A second location of the seeded agency, with the app; the page after its install.
    pub async fn install_second(&self) -> String {
        let ghl = &self.simulation.ghl;
        ghl.add_location(seed::COMPANY_ID, seed::SECOND_LOCATION_ID, "Kedai Dua");
        let location_id = seed::SECOND_LOCATION_ID.to_owned();
        self.callback(&ghl.issue_code(InstallKind::Location { location_id }))
            .await
    }

    /// A message of an agent's that has failed because nobody knows whether it left; GHL's id.
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

    /// Lets every worker do what is due now, until nothing is.
    pub async fn settle(&self) {
        let context = || Arc::clone(&self.app.context);
        let outbound = Arc::new(workers::outbound::Outbound(context()));
        let events = Arc::new(workers::waapify_events::WaapifyEvents(context()));
        let inbound = Arc::new(workers::inbound::Inbound(context()));
        let media = Arc::new(workers::inbound_media::Media(context()));
        let statuses = Arc::new(workers::status_updates::StatusUpdates(context()));
        let ghl_events = Arc::new(workers::ghl_events::GhlEvents(context()));
        let upkeep = Arc::new(workers::token_upkeep::TokenUpkeep(context()));
        loop {
            let done = step(&outbound).await
                + step(&events).await
                + step(&media).await
                + step(&inbound).await
                + step(&statuses).await
                + step(&ghl_events).await
                + step(&upkeep).await;
            if done == 0 {
                return;
            }
        }
    }

    /// Moves the clock, then settles.
    pub async fn after(&self, pause: time::Duration) {
        self.clock.advance(pause);
        self.settle().await;
    }

    /// Settles until something came true that waits for a vendor's own post; the clock stands still.
    pub async fn until(&self, what: &str, came_true: impl AsyncFn() -> bool) {
        wait(what, async || {
            self.settle().await;
            came_true().await
        })
        .await;
    }

    /// Has Aisyah write to the business; WhatsApp's id of it. Her webhook has been answered then.
    pub async fn customer_writes(&self, text: &str) -> String {
        let (_, name, phone) = seed::AISYAH;
        self.simulation
            .waapify
            .customer_sends(phone, name, text)
            .await
    }

    /// Has the gateway post a body to the number's webhook, and gives the answer.
    pub async fn gateway_posts(&self, body: &Value) -> StatusCode {
        let webhook = self.simulation.waapify.webhook().unwrap();
        let answer = self.http.post(webhook).json(body).send().await;
        answer.unwrap().status()
    }

    /// Has WhatsApp report on a message of ours to Aisyah: Baileys' `update` for its id.
    pub async fn whatsapp_reports(&self, wa_message: &str, update: Value) {
        let key =
            json!({"remoteJid": "60123456789@s.whatsapp.net", "id": wa_message, "fromMe": true});
        let report = json!([{"key": key, "update": update}]);
        self.simulation
            .waapify
            .post_event("messages.update", report)
            .await;
    }

    /// Has the business write to Aisyah, and waits until the delivery is stored; GHL's id of it.
    pub async fn agent_writes(&self, text: &str) -> String {
        self.agent_sends(seed::AISYAH.0, text, &[]).await
    }

    /// Has the business send, and waits until the delivery is stored; GHL's id of it.
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
        seen.into_iter().map(|seen| seen.query).collect()
    }

    /// What stands on Aisyah's phone from the business.
    pub fn texts_on_phone(&self) -> Vec<String> {
        let chat = self.simulation.waapify.chat(seed::AISYAH.2);
        chat.into_iter()
            .filter(|m| m.from_business)
            .map(|m| m.text)
            .collect()
    }

    /// The bodies of all messages that were posted to GHL.
    pub fn posted(&self) -> Vec<Value> {
        let seen = self
            .simulation
            .ghl
            .faults()
            .seen_at("POST /conversations/messages/inbound");
        seen.into_iter().map(|seen| seen.body).collect()
    }

    /// What came from WhatsApp, as GHL's conversation with Aisyah shows it.
    pub fn conversation(&self) -> Vec<String> {
        let messages = self.simulation.ghl.messages_with(seed::AISYAH.0);
        messages
            .into_iter()
            .filter(|m| m.alt_id.is_some())
            .map(|m| m.text)
            .collect()
    }

    /// Asserts that one message was posted, with these words and one file.
    pub fn assert_posted_with_file(&self, words: &str) {
        let posted = self.posted();
        assert_eq!(posted.len(), 1, "{posted:?}");
        assert_eq!(posted[0]["message"], words);
        assert_eq!(posted[0]["attachments"].as_array().unwrap().len(), 1);
    }

    /// What GHL shows as the status of a message.
    pub fn ghl_status(&self, id: &str) -> String {
        self.simulation.ghl.message(id).unwrap().status
    }

    /// The code that GHL got with a failed message, and the sentence that it shows.
    pub fn ghl_error(&self, id: &str) -> (String, String) {
        let error = self.simulation.ghl.message(id).unwrap().error.unwrap();
        let text = |field| error[field].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }

    async fn find_outbound(&self, ghl_message: &str) -> Option<(String, Option<String>)> {
        sqlx::query_as("select state, reason_code from outbound where ghl_message_id = $1")
            .bind(ghl_message)
            .fetch_optional(&self.database.pool)
            .await
            .unwrap()
    }

    /// State and reason's code of the outbound message with this GHL id.
    pub async fn outbound(&self, ghl_message: &str) -> (String, Option<String>) {
        self.find_outbound(ghl_message).await.unwrap()
    }

    /// Failed attempts at the current part of that message.
    pub async fn failures(&self, ghl_message: &str) -> i32 {
        sqlx::query_scalar("select failures from outbound where ghl_message_id = $1")
            .bind(ghl_message)
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }

    /// State of that message alone.
    pub async fn state(&self, ghl_message: &str) -> String {
        self.outbound(ghl_message).await.0
    }

    /// State, reason's code and text of the inbound message with this WhatsApp id.
    pub async fn inbound(
        &self,
        wa_message: &str,
    ) -> Option<(String, Option<String>, Option<String>)> {
        sqlx::query_as("select state, reason_code, text from inbound where wa_message_id = $1")
            .bind(wa_message)
            .fetch_optional(&self.database.pool)
            .await
            .unwrap()
    }
}

/// As [`Bridge::use_token`], through one of several processes' parts.
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

/// A picture, as far as its beginning tells.
pub fn picture(caption: &str) -> CustomerFile<'_> {
    CustomerFile {
        kind: "image",
        bytes: b"\xff\xd8\xff\xe0 a picture",
        mimetype: "image/jpeg",
        name: None,
        caption: Some(caption),
    }
}
