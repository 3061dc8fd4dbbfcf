//! Settings: `config/default.toml`; an environment variable of the same name in capitals overrides each of them.
//!
//! Reads and checks them (`parse`), all faults at once; the doctor tests whether a value works. `marketplace` makes the guide
//! to GHL's portal from the settings of `guide`.

mod admin_token;
pub mod alerts;
mod database;
mod guide;
pub mod install_link;
pub mod marketplace;
mod parse;
mod waapify;

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use admin_token::parse_admin_token;
use alerts::AlertSettings;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
pub use database::{check_database_url, load_database_url};
pub use guide::{GuideSettings, load_guide};
pub use parse::NOT_SET;
use parse::{
    parse_age, parse_bind, parse_database_url, parse_frame_ancestors, parse_interval, parse_keys,
    parse_stop_timeout, parse_switch, parse_url,
};
use secrecy::SecretString;
use url::Url;
pub use waapify::WaapifySettings;

use crate::crypto::{Ed25519Key, RsaKey, Sealer, Verifier};
use crate::runtime::logging::{LogFormat, LogSettings};

const DEFAULTS: &str = include_str!("../../config/default.toml");
/// Longest `PUBLIC_URL`: it is an escaped part of our files' addresses in the gateway's request line, which has a few kB.
pub const MAX_PUBLIC_URL_BYTES: usize = 200;

/// Every setting, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Postgres URL; none: run a private Postgres.
    pub database_url: Option<SecretString>,
    /// Where to listen.
    pub bind: SocketAddr,
    /// The public address of the service, without a slash at its end.
    pub public_url: Url,
    /// The marketplace app and the platform.
    pub ghl: GhlSettings,
    /// The gateway.
    pub waapify: WaapifySettings,
    /// Root of WhatsApp's media servers.
    pub whatsapp_media_base: Url,
    /// Seals and opens secrets in the database.
    pub sealer: Sealer,
    /// Longest time from a request to stop to the end of the process.
    pub stop_timeout: Duration,
    /// Opens `/metrics` and the operator's pages; none: they are off.
    pub admin_token: Option<SecretString>,
    /// On the page inside GHL every user may change something, not only admins.
    pub allow_users_to_change: bool,
    /// Whom the operator wants to be told of incidents.
    pub alerts: AlertSettings,
}

/// The marketplace app's keys and the platform's addresses.
#[derive(Clone, Debug)]
pub struct GhlSettings {
    /// OAuth client id, `<app id>-<suffix>`.
    pub client_id: String,
    /// OAuth client secret.
    pub client_secret: SecretString,
    /// The secret with which GHL encrypts a page's user; none: the page inside GHL is off.
    pub shared_secret: Option<SecretString>,
    /// The app's SMS provider, if known: checks can then recognise it.
    pub provider_id: Option<String>,
    /// The sites that may show `/app` in a frame, besides the agencies' own domains: sources in CSP's form.
    pub frame_ancestors: Vec<String>,
    /// The app's conversation provider for calls, if it has one: calls then go into GHL's call log.
    pub call_provider_id: Option<String>,
    /// Deliveries and app events are taken at addresses without their secret part, too.
    pub accept_plain_hooks: bool,
    /// Root of the platform's API.
    pub api_base: Url,
    /// Root of the pages where people install apps.
    pub marketplace_base: Url,
    /// Checks the platform's webhook signatures.
    pub verifier: Verifier,
}

/// A setting that is missing or bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its variable, such as `PUBLIC_URL`.
    pub name: String,
    /// What is wrong with it, to be read after its name, without its value.
    pub what: String,
}

/// Every fault of the settings, one sentence each, and hints about optional settings that are not set.
#[derive(Debug, thiserror::Error)]
pub struct Faults {
    faults: Vec<Fault>,
    hints: Vec<&'static str>,
}

impl GhlSettings {
    /// The marketplace app's id: the client id up to its `-`.
    #[must_use]
    pub fn app_id(&self) -> &str {
        self.client_id.split('-').next().unwrap_or_default()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The settings are not complete. Please correct these:")?;
        for fault in &self.faults {
            writeln!(f, "  - {} {}.", fault.name, fault.what)?;
        }
        for hint in &self.hints {
            writeln!(f, "  (and for later: {hint})")?;
        }
        write!(
            f,
            "Each setting is described in config/default.toml and config/sample.env."
        )
    }
}

/// Reads and checks all settings; `env` gives an environment variable.
///
/// # Errors
/// [`Faults`] with every missing or bad setting.
pub fn load(env: impl Fn(&str) -> Option<String>) -> Result<Settings, Faults> {
    let mut reader = Reader::new(env);
    match read_all(&mut reader) {
        Some(settings) if reader.faults.is_empty() => Ok(settings),
        _ => {
            let hints = HINTS.iter().filter(|(name, _)| reader.text(name).is_none());
            let hints = hints.map(|(_, hint)| *hint).collect();
            Err(Faults {
                faults: reader.faults,
                hints,
            })
        }
    }
}

/// As [`load`], but with a stand-in for each faulty setting, so that the rest can be checked. Nothing that needs a
/// faulty setting may be done with the result.
///
/// # Errors
/// [`Faults`] that no stand-in fixes; there are none today.
pub fn load_beside_faults(
    env: impl Fn(&str) -> Option<String>,
) -> Result<(Settings, Vec<Fault>), Faults> {
    let faults = match load(&env) {
        Ok(settings) => return Ok((settings, Vec::new())),
        Err(Faults { faults, .. }) => faults,
    };
    let is_faulty = |name: &str| faults.iter().any(|fault| fault.name == name);
    let settings = load(|name| match name {
        name if !is_faulty(name) => env(name),
        "PUBLIC_URL" => Some("https://not-set.invalid".to_owned()),
        "GHL_CLIENT_ID" | "GHL_CLIENT_SECRET" => Some("not-set".to_owned()),
        "DATABASE_URL" => Some("postgres://not-set.invalid/none".to_owned()),
        // A key that nobody has: nothing is ever opened with it.
        "ENCRYPTION_KEYS" => Some(STANDARD.encode(rand::random::<[u8; 32]>())),
        // The others have a default.
        _ => None,
    })?;
    Ok((settings, faults))
}

/// Settings that may stay unset, and what that means.
const HINTS: [(&str, &str); 3] = [
    (
        "database_url",
        "DATABASE_URL is not set: the program runs a private PostgreSQL of its own, if PostgreSQL is installed here; the container image holds none.",
    ),
    (
        "ghl_shared_secret",
        "GHL_SHARED_SECRET is not set: the page inside GHL needs it.",
    ),
    (
        "admin_token",
        "ADMIN_TOKEN is not set: the operator's pages and /metrics are off.",
    ),
];

/// Reads how to log. A bad value gives the default, so that faults can be logged; [`load`] reports it.
#[must_use]
pub fn load_log(env: impl Fn(&str) -> Option<String>) -> LogSettings {
    let mut reader = Reader::new(env);
    LogSettings {
        filter: reader.text("rust_log").unwrap_or_default(),
        format: reader.log_format().unwrap_or(LogFormat::Pretty),
        traces: reader.traces(),
    }
}

/// Reads where the service listens, for requests to it from the same machine.
///
/// # Errors
/// [`Faults`] in these settings only.
pub fn load_bind(env: impl Fn(&str) -> Option<String>) -> Result<SocketAddr, Faults> {
    let mut reader = Reader::new(env);
    let bind = reader.bind();
    bind.ok_or(Faults {
        faults: reader.faults,
        hints: Vec::new(),
    })
}

fn read_all(reader: &mut Reader<impl Fn(&str) -> Option<String>>) -> Option<Settings> {
    // Read all of them before any `?`, so that one fault does not hide the next.
    let database_url = reader.database_url();
    let bind = reader.bind();
    let public_url = reader.public_url();
    let client_id = reader.needed("ghl_client_id");
    let client_secret = reader.needed("ghl_client_secret").map(SecretString::from);
    let ghl_base = reader.parsed("ghl_api_base", parse_url);
    let ed25519 = reader.parsed("ghl_ed25519_public_key", Ed25519Key::parse);
    let rsa = reader.parsed("ghl_rsa_public_key", RsaKey::parse);
    let waapify_base = reader.parsed("waapify_api_base", parse_url);
    let media_base = reader.parsed("whatsapp_media_base", parse_url);
    let min_interval = reader.parsed("waapify_min_interval_ms", parse_interval);
    let sends_to_hidden = reader.parsed("send_to_hidden_numbers", parse_switch);
    let checks_phones = reader.parsed("check_phones", parse_switch);
    let protects_numbers = reader.parsed("protect_numbers", parse_switch);
    let checks_strangers = reader.parsed("check_first_contacts", parse_switch);
    let max_age_person = reader.parsed("max_age_person_hours", parse_age);
    let max_age_automated = reader.parsed("max_age_automated_hours", parse_age);
    let sealer = reader.parsed("encryption_keys", parse_keys);
    let marketplace_base = reader.parsed("ghl_marketplace_base", parse_url);
    let stop_timeout = reader.parsed("stop_timeout_seconds", parse_stop_timeout);
    let frame_ancestors = reader.parsed("app_frame_ancestors", parse_frame_ancestors);
    let admin_token = reader.admin_token();
    let allow_users_to_change = reader.parsed("allow_users_to_change", parse_switch);
    let accept_plain_hooks = reader.parsed("accept_plain_hooks", parse_switch);
    let alerts = reader.alerts();
    reader.log_format();
    reader.traces();
    Some(Settings {
        database_url,
        bind: bind?,
        public_url: public_url?,
        ghl: GhlSettings {
            client_id: client_id?,
            client_secret: client_secret?,
            shared_secret: reader.text("ghl_shared_secret").map(SecretString::from),
            provider_id: reader.text("ghl_conversation_provider_id"),
            frame_ancestors: frame_ancestors?,
            call_provider_id: reader.text("ghl_call_provider_id"),
            accept_plain_hooks: accept_plain_hooks?,
            api_base: ghl_base?,
            marketplace_base: marketplace_base?,
            verifier: Verifier::new(ed25519?, rsa?),
        },
        waapify: WaapifySettings {
            api_base: waapify_base?,
            min_interval: min_interval?,
            sends_to_hidden: sends_to_hidden?,
            checks_phones: checks_phones?,
            protects_numbers: protects_numbers?,
            checks_strangers: checks_strangers?,
            max_age_person: max_age_person?,
            max_age_automated: max_age_automated?,
        },
        whatsapp_media_base: media_base?,
        sealer: sealer?,
        stop_timeout: stop_timeout?,
        admin_token,
        allow_users_to_change: allow_users_to_change?,
        alerts: alerts?,
    })
}

struct Reader<E> {
    env: E,
    defaults: toml::Table,
    faults: Vec<Fault>,
}

impl<E: Fn(&str) -> Option<String>> Reader<E> {
    fn new(env: E) -> Self {
        Self {
            env,
            // The file is a part of the program; a test parses it.
            defaults: DEFAULTS.parse().unwrap_or_default(),
            faults: Vec::new(),
        }
    }

    /// The value of a setting without white space around it; none if it is empty.
    fn text(&self, name: &str) -> Option<String> {
        let default = || match self.defaults.get(name)? {
            toml::Value::String(text) => Some(text.clone()),
            toml::Value::Integer(number) => Some(number.to_string()),
            toml::Value::Boolean(is_on) => Some(is_on.to_string()),
            _ => None,
        };
        let given = (self.env)(&name.to_uppercase()).filter(|value| !value.trim().is_empty());
        let value = given.or_else(default)?.trim().to_owned();
        (!value.is_empty()).then_some(value)
    }

    fn fault(&mut self, name: &str, what: &str) {
        self.faults.push(Fault {
            name: name.to_uppercase(),
            what: what.to_owned(),
        });
    }

    fn needed(&mut self, name: &str) -> Option<String> {
        let value = self.text(name);
        if value.is_none() {
            self.fault(name, NOT_SET);
        }
        value
    }

    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.needed(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(what) => {
                self.fault(name, &what);
                None
            }
        }
    }

    fn bind(&mut self) -> Option<SocketAddr> {
        let bind = self.parsed("bind_addr", parse_bind);
        let port = match self.text("port") {
            Some(_) => Some(self.parsed("port", |text| {
                let port = text.parse::<u16>();
                port.map_err(|_| "is not a port number from 0 to 65535".to_owned())
            })?),
            None => None,
        };
        bind.map(|bind| SocketAddr::new(bind.ip(), port.unwrap_or(bind.port())))
    }

    fn public_url(&mut self) -> Option<Url> {
        self.parsed("public_url", |text| {
            let url = parse_url(text)?;
            let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            match url.scheme() {
                _ if url.as_str().len() > MAX_PUBLIC_URL_BYTES => Err(format!(
                    "must not be longer than {MAX_PUBLIC_URL_BYTES} characters (it is part of every file's address)"
                )),
                "https" => Ok(url),
                "http" if local => Ok(url),
                _ => Err("must begin with https:// (GHL calls no other address)".to_owned()),
            }
        })
    }

    /// None if it is not set, or is a fault.
    fn database_url(&mut self) -> Option<SecretString> {
        self.text("database_url")?;
        self.parsed("database_url", parse_database_url)
    }

    /// None if it is not set, or is a fault.
    fn admin_token(&mut self) -> Option<SecretString> {
        self.text("admin_token")?;
        self.parsed("admin_token", parse_admin_token)
    }

    /// None if it is not set, or is a fault.
    fn traces(&mut self) -> Option<Url> {
        self.text("otel_exporter_otlp_endpoint")?;
        self.parsed("otel_exporter_otlp_endpoint", parse_url)
    }

    fn log_format(&mut self) -> Option<LogFormat> {
        self.parsed("log_format", |text| match text {
            "json" => Ok(LogFormat::Json),
            "pretty" => Ok(LogFormat::Pretty),
            _ => Err("must be json or pretty".to_owned()),
        })
    }
}
