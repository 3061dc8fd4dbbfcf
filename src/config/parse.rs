//! Parsers for the texts of settings. An error is the words for a bad value, to be read after the setting's name.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use url::Url;

use crate::crypto::{Key, Sealer};

/// The fault of a setting that is not set.
pub const NOT_SET: &str = "is not set";
/// Longest pause between two sends: after more than a minute, a reply would seem lost to its writer.
const MAX_INTERVAL_MS: u64 = 60_000;
/// Seconds that a stop may take: five of them are for giving back unfinished jobs, and no call takes five minutes.
const STOP_SECONDS: RangeInclusive<u64> = 6..=300;
/// Ages of waiting messages: an hour is a short outage, and after a week nobody waits any more.
const AGE_HOURS: RangeInclusive<u64> = 1..=168;

/// An address with or without a port, which is 8080 by default.
pub(super) fn parse_bind(text: &str) -> Result<SocketAddr, String> {
    let with_port = SocketAddr::from_str(text).ok();
    let without = || {
        IpAddr::from_str(text)
            .ok()
            .map(|ip| SocketAddr::new(ip, 8080))
    };
    with_port
        .or_else(without)
        .ok_or_else(|| "is not an address like 0.0.0.0:8080".to_owned())
}

/// A Postgres URL. The error leaves out the parser's words, which may repeat the password.
pub(super) fn parse_database_url(text: &str) -> Result<SecretString, String> {
    let fits = text.starts_with("postgres") && PgConnectOptions::from_str(text).is_ok();
    fits.then(|| SecretString::from(text))
        .ok_or_else(|| "is not an address like postgres://user:password@host/database".to_owned())
}

/// An http(s) address; a slash at its end is dropped so that paths can be appended.
pub(super) fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.trim_end_matches('/'));
    url.ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .filter(|url| url.query().is_none() && url.fragment().is_none())
        .ok_or_else(|| "is not an address like https://example.com".to_owned())
}

pub(super) fn parse_interval(text: &str) -> Result<Duration, String> {
    let milliseconds = u64::from_str(text).ok().filter(|ms| *ms <= MAX_INTERVAL_MS);
    milliseconds
        .map(Duration::from_millis)
        .ok_or_else(|| format!("must be a number of milliseconds from 0 to {MAX_INTERVAL_MS}"))
}

pub(super) fn parse_age(text: &str) -> Result<Duration, String> {
    let hours = u64::from_str(text).ok();
    let hours = hours.filter(|hours| AGE_HOURS.contains(hours));
    hours.map(Duration::from_hours).ok_or_else(|| {
        let (least, most) = (AGE_HOURS.start(), AGE_HOURS.end());
        format!("must be a number of hours from {least} to {most}")
    })
}

pub(super) fn parse_stop_timeout(text: &str) -> Result<Duration, String> {
    let seconds = u64::from_str(text).ok();
    let seconds = seconds.filter(|seconds| STOP_SECONDS.contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        let (least, most) = (STOP_SECONDS.start(), STOP_SECONDS.end());
        format!("must be a number of seconds from {least} to {most}")
    })
}

/// Sources separated by white space, each an https origin whose host may begin with `*.`, or an origin of this machine.
/// They must be safe as a part of a header.
pub(super) fn parse_frame_ancestors(text: &str) -> Result<Vec<String>, String> {
    let sources = text.split_whitespace().map(|source| {
        if let Some(host) = source.strip_prefix("http://") {
            let (name, port) = host.split_once(':').unwrap_or((host, ""));
            let is_local = matches!(name, "localhost" | "127.0.0.1");
            let is_port = port.bytes().all(|b| b.is_ascii_digit());
            return (is_local && is_port).then(|| source.to_owned());
        }
        let host = source.strip_prefix("https://")?;
        let host = host.strip_prefix("*.").unwrap_or(host);
        let is_plain = host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-:".contains(&b));
        (is_plain && !host.is_empty()).then(|| source.to_owned())
    });
    sources.collect::<Option<_>>().ok_or_else(|| {
        "must be addresses like https://*.example.com, separated by spaces".to_owned()
    })
}

pub(super) fn parse_switch(text: &str) -> Result<bool, String> {
    bool::from_str(text).map_err(|_| "must be true or false".to_owned())
}

pub(super) fn parse_keys(text: &str) -> Result<Sealer, String> {
    let mut keys = Vec::new();
    for (at, part) in text.split(',').enumerate() {
        keys.push(Key::parse(part).map_err(|what| format!("(key {}) {what}", at + 1))?);
    }
    let older = keys.split_off(1.min(keys.len()));
    let newest = keys.pop().ok_or("holds no key")?;
    Ok(Sealer::new(newest, older))
}
