//! Posts alerts to webhooks: the operator's, which may be in a private network, and agencies', which must not.
//!
//! Owns the headers of a post: its time, and its signature. It follows no redirect, reads no answer but its status, and
//! never retries.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use url::Url;

use crate::clients;
use crate::clients::alert_fault::find_tls_fault;
use crate::clients::attachment_source::{NetworkScope, NotPublic, PORTS, Resolver};
use crate::crypto::sign_post;
use crate::model::alert::AlertFault;

/// Longest time for a target to answer. It has only to store what it is told.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Time to reach a target at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// When a post was made, in seconds since 1970: a part of what is signed, so that an old one cannot be played again.
const TIMESTAMP_HEADER: &str = "x-waapify-ghl-timestamp";
/// The signature.
const SIGNATURE_HEADER: &str = "x-waapify-ghl-signature";

/// Posts alerts.
#[derive(Clone, Debug)]
pub struct Client {
    /// For the operator's own targets.
    free: reqwest::Client,
    /// For everybody else's.
    guarded: reqwest::Client,
    reach: NetworkScope,
}

/// A post.
#[derive(Debug)]
pub struct Post<'a> {
    /// Where to.
    pub url: &'a SecretString,
    /// Signs it.
    pub secret: Option<&'a SecretString>,
    /// JSON.
    pub body: String,
    /// When.
    pub at: OffsetDateTime,
}

impl Client {
    /// A client; targets that are not the operator's are reached only within `reach`.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(reach: NetworkScope) -> reqwest::Result<Self> {
        let guarded = reqwest::Client::builder()
            .user_agent(concat!("waapify-ghl/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Resolver(reach))
            .no_proxy()
            // A kept connection would be used again without a check.
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self {
            free: clients::http_client()?,
            guarded,
            reach,
        })
    }

    /// Posts to the operator's own target.
    pub async fn post_to_operator(&self, post: Post<'_>) -> Result<(), AlertFault> {
        let url = parse(post.url)?;
        send(&self.free, url, post).await
    }

    /// Posts to a target that somebody else set.
    pub async fn post_to_agency(&self, post: Post<'_>) -> Result<(), AlertFault> {
        let url = parse(post.url)?;
        self.check(&url)?;
        send(&self.guarded, url, post).await
    }

    /// Whether an address may be a target of somebody who is not the operator, as far as it tells without a look-up.
    ///
    /// # Errors
    /// [`AlertFault::NotPublic`].
    pub fn check(&self, url: &Url) -> Result<(), AlertFault> {
        self.reach
            .check(url)
            .map_err(|NotPublic| AlertFault::NotPublic)
    }
}

/// What is wrong with an address that [`Client::check`] refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFault {
    /// It is none of the web.
    Scheme,
    /// It names a port that is none of the web's.
    Port,
    /// It leads into a private network.
    Host,
}

impl AddressFault {
    /// What is wrong with an address.
    #[must_use]
    pub fn of(url: &Url) -> Self {
        if !matches!(url.scheme(), "http" | "https") {
            return Self::Scheme;
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if PORTS.contains(&port) {
            Self::Host
        } else {
            Self::Port
        }
    }
}

fn parse(url: &SecretString) -> Result<Url, AlertFault> {
    Url::parse(url.expose_secret()).map_err(|_| AlertFault::Sealed)
}

async fn send(http: &reqwest::Client, url: Url, post: Post<'_>) -> Result<(), AlertFault> {
    let timestamp = post.at.unix_timestamp().to_string();
    let mut request = http
        .post(url)
        .timeout(PATIENCE)
        .header(CONTENT_TYPE, "application/json")
        .header(TIMESTAMP_HEADER, &timestamp);
    if let Some(secret) = post.secret {
        let signature = sign_post(secret, &timestamp, &post.body);
        request = request.header(SIGNATURE_HEADER, signature);
    }
    let answer = request.body(post.body).send().await;
    let answer = answer.map_err(|error| fault_of(&error))?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(AlertFault::Refused(Some(i32::from(
        answer.status().as_u16(),
    ))))
}

/// Names no address: reqwest's words would.
fn fault_of(error: &reqwest::Error) -> AlertFault {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return AlertFault::NotPublic;
        }
        cause = error.source();
    }
    if error.is_timeout() {
        return AlertFault::Late;
    }
    find_tls_fault(error).unwrap_or(AlertFault::Unreachable)
}
