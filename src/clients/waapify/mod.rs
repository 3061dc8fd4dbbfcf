//! The Waapify gateway, legacy dialect (`docs/vendors/waapify.md#requests`): every parameter is in the query, and HTTP
//! 200 answers everything.
//!
//! Owns the calls that the service makes, and the meaning of each answer (`answer`, `qr`). It does not believe
//! `status:"success"`: a message counts as sent only when the answer has its WhatsApp id.

mod addresses;
mod answer;
mod hold_reason;
mod presence;
mod qr;

use std::time::Duration;

use answer::{Sent, classify_send, judged};
use bytes::Bytes;
pub use hold_reason::HoldReason;
pub use presence::Presence;
pub use qr::QrCode;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::time::Instant;
use url::Url;
use whatsapp_events;

use crate::clients::waapify::addresses::{is_instance_id, missing_page, route_to};
use crate::clients::{endpoint, scrub};
use crate::model::ids::WaMessageId;
use crate::model::reason::{Answer, Reason};

/// The gateway itself gives up after 60 s (`docs/vendors/waapify.md#time-limits`). We wait for its answer, because a
/// send that is cut off has an unknown outcome.
const SEND_TIMEOUT: Duration = Duration::from_secs(68);

/// A proxy knows at once that the gateway takes no connection. A 502 after this time means that the gateway took the
/// request and died over it, as PHP does when its own limit ends it.
const LATE: Duration = Duration::from_secs(15);

/// Servers take addresses of 2,000 bytes at the least. Percent encoding makes three of each byte, the keys are short.
const SHORT_BYTES: usize = 500;

/// A person waits for these answers.
const CHECK_TIMEOUT: Duration = Duration::from_secs(25);

/// An instance id that no account has: Waapify's are no zeros.
const NO_INSTANCE: &str = "0000000000000";

/// A QR code's picture in base64 has a third of a megabyte at most; every other answer has some kilobytes.
const MAX_ANSWER_BYTES: usize = 512 * 1024;

/// The keys of one linked number.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Waapify's instance.
    pub instance_id: String,
    /// The account's token.
    pub access_token: SecretString,
}

/// A file to send, which the gateway fetches itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Its address.
    pub url: String,
    /// Its name; documents show it.
    pub filename: String,
}

/// Why a send did not end in a WhatsApp id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendFailure {
    /// It may have been sent or not: a timeout, an empty answer, a success without an id.
    Unknown(Trouble),
    /// It was not sent, because the gateway is down or a proxy stopped it.
    GatewayDown(Trouble),
    /// WhatsApp or the gateway refused this attempt.
    AttemptFailed(Reason),
    /// The gateway refuses a text that it had for the same number within the last minutes.
    SameText(Reason),
    /// Nothing can be sent from this number until a person fixes it.
    NumberStopped(HoldReason),
    /// This message will never be accepted; Waapify's words.
    Rejected(String),
    /// The address of this send is too long for a server on the way.
    TooLong,
}

/// A failure for which neither the number nor the message is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What happened.
    pub cause: Reason,
    /// Whose sends probably fail in the same way.
    pub scope: Scope,
}

/// Whose sends a trouble concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of every number.
    Gateway,
    /// Those of the number: its instance hangs.
    Number,
}

impl Trouble {
    pub(self) const fn of_gateway(cause: Reason) -> Self {
        Self {
            cause,
            scope: Scope::Gateway,
        }
    }

    pub(self) const fn of_number(cause: Reason) -> Self {
        Self {
            cause,
            scope: Scope::Number,
        }
    }
}

/// Why an instance cannot be used, found when it is connected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The credentials are wrong; Waapify's words.
    #[error("Waapify refused the access token or the instance id (it said: {0})")]
    Credentials(String),
    /// The phone is not linked.
    #[error(
        "this instance has no WhatsApp number linked: open Waapify, scan the QR code, then try again (it said: {0})"
    )]
    NotLinked(String),
    /// The plan has no room for one more number.
    #[error(
        "the Waapify account has as many WhatsApp numbers as its plan allows: remove one in Waapify, or take a larger plan (it said: {0})"
    )]
    Full(String),
    /// Anything else Waapify said.
    #[error(
        "Waapify did not do what it was asked, and nothing was changed (it said: {0}). Try again in a minute. If it stays so, look whether Waapify itself works, or show its support these words"
    )]
    Refused(String),
    /// No usable answer: no connection, a proxy's page, or Waapify's own word that its server does not answer. Says nothing of
    /// the credentials.
    #[error("Waapify could not be reached: {0}")]
    Unreachable(Reason),
}

/// The account behind an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// Its WhatsApp number, digits; none when Waapify did not say.
    pub number: Option<String>,
}

/// The gateway.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
}

impl Client {
    /// A client of the gateway; its `send.php` is under `base`.
    #[must_use]
    pub fn new(http: reqwest::Client, base: Url) -> Self {
        Self { http, base }
    }

    /// Sends a text, or a file with the text as its caption, to `chat`: E.164 digits, or the address of a chat without
    /// a phone.
    pub async fn send(
        &self,
        credentials: &Credentials,
        chat: &str,
        text: &str,
        media: Option<&Media>,
    ) -> Result<WaMessageId, SendFailure> {
        // `message` and `filename` are always given: the gateway turns a missing one into "0".
        let (page, recipient) = route_to(chat);
        let mut query = vec![
            (recipient, chat),
            ("type", if media.is_some() { "media" } else { "text" }),
            ("message", text),
            ("filename", media.map_or("", |media| &media.filename)),
        ];
        query.extend(media.map(|media| ("media_url", media.url.as_str())));
        // POST, because proxies may repeat a GET.
        let request = self.http.post(endpoint(&self.base, &[page])).query(&query);
        let is_long = text.len() + media.map_or(0, |media| media.url.len()) > SHORT_BYTES;
        let started = Instant::now();
        match ask(with_keys(request, credentials), SEND_TIMEOUT).await {
            Ok((status, body)) => {
                let sent = Sent {
                    was_prompt: started.elapsed() < LATE,
                    is_long,
                };
                let result = classify_send(status, &String::from_utf8_lossy(&body), sent);
                result.map_err(|failure| missing_page(page, status).unwrap_or(failure))
            }
            Err(error) => Err(unanswered(error)),
        }
    }

    /// Asks whether a phone (digits) is on WhatsApp. Nothing is sent. Without an answer it is unknown.
    pub async fn check_phone(&self, credentials: &Credentials, phone: &str) -> Presence {
        let request = self
            .http
            .get(endpoint(&self.base, &["send.php"]))
            .query(&[("type", "check_phone"), ("number", phone)]);
        match ask(with_keys(request, credentials), CHECK_TIMEOUT).await {
            Ok((status, body)) => presence::read(status, &String::from_utf8_lossy(&body), phone),
            Err(_) => Presence::Unknown,
        }
    }

    /// Asks whether the instance works and which number it is linked to.
    pub async fn reconnect(&self, credentials: &Credentials) -> Result<Linked, CheckError> {
        let request = self.http.get(endpoint(&self.base, &["reconnect.php"]));
        let answer = check(request, credentials).await?;
        let jid = answer.pointer("/data/id").and_then(Value::as_str);
        Ok(Linked {
            number: jid.and_then(whatsapp_events::phone_of_jid),
        })
    }

    /// Asks whether the gateway knows an account's token, about an instance that nobody has: nothing can change by that
    /// (`docs/vendors/waapify.md#answers`).
    ///
    /// # Errors
    /// [`CheckError`]. That of the credentials may be about the instance: then the token is known.
    pub async fn check_token(&self, access_token: &SecretString) -> Result<(), CheckError> {
        let credentials = Credentials {
            instance_id: NO_INSTANCE.to_owned(),
            access_token: access_token.clone(),
        };
        self.reconnect(&credentials).await.map(|_| ())
    }

    /// Makes the instance post its events to `url`.
    pub async fn set_webhook(
        &self,
        credentials: &Credentials,
        url: &str,
    ) -> Result<(), CheckError> {
        let request = self
            .http
            .get(endpoint(&self.base, &["setwebhook.php"]))
            .query(&[("webhook_url", url), ("enable", "true")]);
        check(request, credentials).await.map(|_| ())
    }

    /// Makes the instance post nothing more. The gateway requires an address nevertheless; `url` must hold no secret.
    pub async fn clear_webhook(
        &self,
        credentials: &Credentials,
        url: &Url,
    ) -> Result<(), CheckError> {
        let request = self
            .http
            .get(endpoint(&self.base, &["setwebhook.php"]))
            .query(&[("webhook_url", url.as_str()), ("enable", "false")]);
        check(request, credentials).await.map(|_| ())
    }

    /// Makes a new instance in the account, to be linked by a QR code, and returns its id. While the account has an
    /// instance that is not linked, Waapify returns that one, even if another location waits for it.
    ///
    /// # Errors
    /// [`CheckError`]; `Full` when the plan has no room.
    pub async fn create_instance(&self, access_token: &SecretString) -> Result<String, CheckError> {
        let request = self
            .http
            .get(endpoint(&self.base, &["createinstance.php"]))
            .query(&[("access_token", access_token.expose_secret())]);
        let (status, body) = fetch(request, CHECK_TIMEOUT).await?;
        let answer = judged(status, &String::from_utf8_lossy(&body))?;
        let id = answer.get("instance_id").and_then(Value::as_str);
        id.filter(|id| is_instance_id(id))
            .map(str::to_owned)
            .ok_or_else(|| CheckError::Refused("it named no new instance".to_owned()))
    }

    /// The QR code with which a phone links itself to an instance that is not linked. It changes about every 20 s.
    pub async fn qr_code(&self, credentials: &Credentials) -> Result<QrCode, CheckError> {
        let request = self.http.get(endpoint(&self.base, &["getqrcode.php"]));
        let (status, body) = fetch(with_keys(request, credentials), CHECK_TIMEOUT).await?;
        qr::read(status, &body, &credentials.instance_id)
    }

    /// Ends the WhatsApp session of an instance with a lost link, so that it gets a QR code. An instance that works is
    /// logged out too.
    ///
    /// # Errors
    /// [`CheckError`]; `NotLinked` when nobody had scanned a code, which needs no reboot.
    pub async fn reboot(&self, credentials: &Credentials) -> Result<(), CheckError> {
        let request = self.http.get(endpoint(&self.base, &["reboot.php"]));
        check(request, credentials).await.map(|_| ())
    }
}

fn with_keys(request: RequestBuilder, credentials: &Credentials) -> RequestBuilder {
    request.query(&[
        ("instance_id", credentials.instance_id.as_str()),
        ("access_token", credentials.access_token.expose_secret()),
    ])
}

async fn ask(request: RequestBuilder, timeout: Duration) -> reqwest::Result<(u16, Bytes)> {
    let mut response = request
        .header("Accept", "application/json")
        .timeout(timeout)
        .send()
        .await?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER_BYTES {
            // No answer of the gateway is that long, so the body is not one.
            body.clear();
            break;
        }
    }
    Ok((response.status().as_u16(), body.into()))
}

async fn fetch(request: RequestBuilder, timeout: Duration) -> Result<(u16, Bytes), CheckError> {
    let answer = ask(request, timeout).await;
    answer.map_err(|error| CheckError::Unreachable(describe(error)))
}

/// The meaning of a send without an answer. Without a connection nothing was sent; after any later error it may have
/// been. A silence is mostly that of one instance.
fn unanswered(error: reqwest::Error) -> SendFailure {
    let (is_connect, is_silence) = (error.is_connect(), error.is_timeout());
    let cause = describe(error);
    if is_connect {
        SendFailure::GatewayDown(Trouble::of_gateway(cause))
    } else if is_silence {
        SendFailure::Unknown(Trouble::of_number(cause))
    } else {
        SendFailure::Unknown(Trouble::of_gateway(cause))
    }
}

/// An error without its address, which holds the access token.
fn describe(error: reqwest::Error) -> Reason {
    let timed_out = error.is_timeout();
    let words = scrub(&error.without_url().to_string());
    if timed_out {
        Answer::NotInTime { words }.into()
    } else {
        Answer::ConnectionFailed { words }.into()
    }
}

async fn check(request: RequestBuilder, credentials: &Credentials) -> Result<Value, CheckError> {
    let (status, body) = fetch(with_keys(request, credentials), CHECK_TIMEOUT).await?;
    let answer = judged(status, &String::from_utf8_lossy(&body))?;
    if is_of_another(&answer, &credentials.instance_id) {
        return Err(CheckError::Refused(OTHER_INSTANCE.to_owned()));
    }
    Ok(answer)
}

/// What is said of an answer that names another instance than the one that was asked about.
const OTHER_INSTANCE: &str = "it answered for another instance";

/// Whether an answer names another instance than the one that was asked about. Most answers name none.
fn is_of_another(answer: &Value, instance_id: &str) -> bool {
    let named = ["/instance_id", "/data/instance_id"].map(|path| answer.pointer(path));
    let mut named = named.into_iter().flatten().filter_map(Value::as_str);
    named.any(|named| named != instance_id)
}
