//! The simulated GHL: its API, its tokens, and its posts to the service. It refuses what the platform is known to
//! refuse, in the platform's words. Everything is in memory.

mod contacts;
mod controls;
mod conversations;
mod delivery;
mod gate;
mod messages;
mod oauth;
mod opt_outs;
mod routes;
mod site;
mod state;
mod tokens;
mod upload;

use std::sync::Arc;
use std::{fmt, io};

use axum::Router;
use axum::extract::Request;
use reqwest::Client;
use url::Url;

use self::delivery::Addresses;
pub use self::delivery::SignWith;
use self::gate::Limiter;
use self::routes::Class;
pub use self::site::address as site_address;
use self::state::State;
pub use self::state::{Contact, DefaultProvider, Direction, Echoes, Message, Upload};
pub use self::tokens::InstallKind;
use self::tokens::{Subject, TokenBook};
use crate::call::{Answer, Call};
use crate::endpoint::{Endpoint, Vendor};
use crate::faults::Faults;
use crate::keys::Keys;
use crate::shared::Shared;
use crate::timings::Timings;
use crate::traffic_log::{Edge, TrafficLog};
use crate::webhook_sender::WebhookSender;

/// The simulated platform. Cheap to clone.
#[derive(Clone)]
pub struct Ghl {
    inner: Arc<Inner>,
}

struct Inner {
    client_id: String,
    client_secret: String,
    state: Shared<State>,
    tokens: Shared<TokenBook>,
    limiter: Shared<Limiter>,
    addresses: Shared<Addresses>,
    sign_with: Shared<SignWith>,
    keys: Keys,
    endpoint: Endpoint,
    webhooks: WebhookSender,
    timings: Shared<Timings>,
    service_url: Shared<Url>,
}

impl fmt::Debug for Ghl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ghl")
    }
}

impl Ghl {
    pub(super) fn new(
        (client_id, client_secret): (String, String),
        service_url: &Shared<Url>,
        timings: &Shared<Timings>,
        traffic: &TrafficLog,
        http: Client,
    ) -> io::Result<Self> {
        let inner = Inner {
            client_id,
            client_secret,
            state: Shared::new(State::seeded()),
            tokens: Shared::default(),
            limiter: Shared::default(),
            addresses: Shared::default(),
            sign_with: Shared::new(SignWith::Ed25519),
            keys: Keys::generate()?,
            endpoint: Endpoint {
                edge: Edge::ServiceToGhl,
                traffic: traffic.clone(),
                faults: Faults::default(),
            },
            webhooks: WebhookSender {
                http,
                traffic: traffic.clone(),
                edge: Edge::GhlToService,
            },
            timings: timings.clone(),
            service_url: service_url.clone(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The router of the API, to be nested at any prefix.
    pub fn router(&self) -> Router {
        let ghl = self.clone();
        Router::new().fallback(move |request: Request| {
            let ghl = ghl.clone();
            async move { ghl.inner.endpoint.clone().serve(request, ghl).await }
        })
    }

    /// Prepared faults and received requests.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.inner.endpoint.faults
    }

    fn timings(&self) -> Timings {
        self.inner.timings.lock().clone()
    }

    /// Checks version, token, limits and class, in the platform's order.
    fn pass(&self, call: &Call) -> Result<Answer, Answer> {
        let route = routes::find(call).ok_or_else(|| gate::not_found(call))?;
        let Some(rule) = route.rule else {
            return oauth::token(self, call);
        };
        gate::check_version(call, rule.version)?;
        let subject = gate::bearer(call)
            .and_then(|token| self.inner.tokens.lock().subject_of(token))
            .ok_or_else(|| gate::refuse(401, gate::INVALID_JWT))?;
        match (&rule.class, &subject) {
            (Class::Company(run), Subject::Company { company_id, .. }) => {
                run(self, call, company_id)
            }
            (Class::Location(run), Subject::Location { location_id, .. }) => {
                run(self, call, location_id)
            }
            _ => Err(gate::refuse(401, gate::WRONG_CLASS)),
        }
    }
}

impl Vendor for Ghl {
    fn route(&self, call: &Call) -> String {
        routes::find(call).map_or_else(
            || format!("{} {}", call.method, call.path),
            |route| route.name.to_owned(),
        )
    }

    async fn act(&self, call: &Call) -> Answer {
        let subject =
            gate::bearer(call).and_then(|token| self.inner.tokens.lock().subject_of(token));
        let window = self.timings().rate_window;
        let quota = self
            .inner
            .limiter
            .lock()
            .count(subject.as_ref().map(Subject::id), window);
        if !quota.allowed {
            return quota.stamp(gate::refuse(429, "Too Many Requests"));
        }
        let answer = self.pass(call).unwrap_or_else(|refusal| refusal);
        if call.segments().as_slice() == ["conversations", "messages", "inbound"] {
            self.echo(&answer).await;
        }
        quota.stamp(answer)
    }

    fn summary(&self, call: &Call, answer: &Answer) -> String {
        routes::summary(call, answer)
    }
}
