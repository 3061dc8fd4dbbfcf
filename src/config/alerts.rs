//! Whom the operator wants to be told of incidents.

use std::net::IpAddr;

use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::SecretString;
use url::Url;

use crate::config::Reader;
use crate::model::alert::AlertTemplate;
use crate::model::language::Language;

/// The operator's targets of alerts; agencies set their own.
#[derive(Clone, Debug, Default)]
pub struct AlertSettings {
    /// Where alerts are posted.
    pub webhook: Option<WebhookTarget>,
    /// The server for mail, for agencies' targets too.
    pub mail_server: Option<MailServer>,
    /// Whom the operator's mail goes to.
    pub mail_to: Vec<Mailbox>,
    /// The language of the operator's alerts.
    pub language: Language,
}

/// Where alerts are posted.
#[derive(Clone, Debug)]
pub struct WebhookTarget {
    /// The address, which is often a secret.
    pub url: SecretString,
    /// Signs what is posted; none: it is not signed.
    pub secret: Option<SecretString>,
    /// The body.
    pub template: AlertTemplate,
}

/// A connection to a mail server that is made for each mail.
pub type MailTransport = AsyncSmtpTransport<Tokio1Executor>;

/// A server that takes mail.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Its address, with a user's name and password, and how the connection is encrypted.
    pub transport: MailTransport,
    /// Whom the mail is from.
    pub from: Mailbox,
}

impl<E: Fn(&str) -> Option<String>> Reader<E> {
    /// The settings of alerts, all of which may stay unset; none if one is a fault.
    pub(super) fn alerts(&mut self) -> Option<AlertSettings> {
        let url = self.optional("alert_webhook_url", |text| parse_webhook(text).map(Some));
        let secret = self.text("alert_webhook_secret").map(SecretString::from);
        let template = self.optional("alert_webhook_template", AlertTemplate::parse);
        let server = self.optional("alert_smtp_url", |text| parse_mail_server(text).map(Some));
        let from = self.optional("alert_mail_from", |text| parse_mailbox(text).map(Some));
        let to = self.optional("alert_mail_to", parse_mailboxes);
        let language = self.parsed("alert_language", parse_language);
        let (server, from, to) = (server?, from?, to?);
        if server.is_some() != from.is_some() || (server.is_none() && !to.is_empty()) {
            self.fault(
                "alert_smtp_url",
                "and ALERT_MAIL_FROM have to be set both, or none of the settings of mail",
            );
        }
        let template = template?;
        Some(AlertSettings {
            webhook: url?.map(|url| WebhookTarget {
                url,
                secret,
                template,
            }),
            mail_server: server
                .zip(from)
                .map(|(transport, from)| MailServer { transport, from }),
            mail_to: to,
            language: language?,
        })
    }

    /// A setting that may stay unset, which is the default; none if it is a fault.
    fn optional<T: Default>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        match self.text(name) {
            Some(_) => self.parsed(name, parse),
            None => Some(T::default()),
        }
    }
}

/// An address of a webhook: any http(s) address, with its query.
pub(super) fn parse_webhook(text: &str) -> Result<SecretString, String> {
    let url = Url::parse(text).ok();
    url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .map(|url| SecretString::from(String::from(url)))
        .ok_or_else(|| "is not an address like https://hooks.example.com/abc".to_owned())
}

/// The fault of a mail server's address.
const NO_MAIL_SERVER: &str = "is not an address like smtps://user:password@mail.example.com or smtp://user:password@mail.example.com:587";
/// The parameter of a mail server's address that says how a connection of smtp:// is encrypted.
const TLS: &str = "tls";
/// Where a server takes mail from those who log in (RFC 6409); the other default, 25, is for servers among themselves.
const SUBMISSION_PORT: u16 = 587;

/// A mail server's URL, from which the transport is built here, so that a fault ends the start. The error leaves out the
/// parser's words, which may repeat the password.
fn parse_mail_server(text: &str) -> Result<MailTransport, String> {
    let mut url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host())
        .ok_or(NO_MAIL_SERVER)?;
    if !url.username().is_empty() && url.password().is_none() {
        return Err("names a user without a password".to_owned());
    }
    let tls = find_tls(&url)?;
    if url.scheme() == "smtp" {
        if url.port().is_none() && (tls.is_some() || url.password().is_some()) {
            // Fails only for addresses without a host.
            let _ = url.set_port(Some(SUBMISSION_PORT));
        }
        let encryption = encryption(&url, tls.as_deref());
        url.set_query(encryption.map(|tls| format!("{TLS}={tls}")).as_deref());
    }
    let transport = MailTransport::from_url(url.as_str());
    transport
        .map(lettre::transport::smtp::AsyncSmtpTransportBuilder::build)
        .map_err(|_| NO_MAIL_SERVER.to_owned())
}

/// What an address says about encryption.
fn find_tls(url: &Url) -> Result<Option<String>, String> {
    let mut found = None;
    for (name, value) in url.query_pairs() {
        match (url.scheme(), &*name, &*value) {
            ("smtp", TLS, "required" | "opportunistic") | ("smtps", TLS, "required") => {
                found = Some(value.into_owned());
            }
            ("smtp", TLS, _) => {
                return Err(
                    "has to end in ?tls=required, ?tls=opportunistic, or neither".to_owned(),
                );
            }
            _ => {
                return Err(
                    "takes no parameter but ?tls=required or ?tls=opportunistic, after smtp://"
                        .to_owned(),
                );
            }
        }
    }
    Ok(found)
}

/// How a connection of `smtp://` is encrypted; none: not at all. A login leaves this machine only encrypted, whatever the
/// address says.
fn encryption(url: &Url, tls: Option<&str>) -> Option<&'static str> {
    match (tls, url.password(), is_loopback(url)) {
        (Some("required"), ..) | (_, Some(_), false) => Some("required"),
        (Some(_), ..) | (None, None, false) => Some("opportunistic"),
        (None, _, true) => None,
    }
}

/// Whether nobody else can listen on the way.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || ip.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// One mail address, with or without a name.
///
/// # Errors
/// The words for a bad value.
pub fn parse_mailbox(text: &str) -> Result<Mailbox, String> {
    text.parse()
        .map_err(|_| "is not a mail address like alerts@example.com".to_owned())
}

/// Mail addresses, separated by commas.
pub(super) fn parse_mailboxes(text: &str) -> Result<Vec<Mailbox>, String> {
    text.split(',')
        .map(|one| parse_mailbox(one.trim()))
        .collect()
}

pub(super) fn parse_language(text: &str) -> Result<Language, String> {
    match text {
        "en" => Ok(Language::English),
        "ms" => Ok(Language::Malay),
        _ => Err("must be en or ms".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leaves_this_machine_only_encrypted() {
        for (address, expected) in [
            ("smtp://user:password@mail.example", Some("required")),
            (
                "smtp://user:password@mail.example?tls=opportunistic",
                Some("required"),
            ),
            ("smtp://mail.example", Some("opportunistic")),
            ("smtp://mail.example?tls=required", Some("required")),
            ("smtp://user:password@localhost", None),
            ("smtp://user:password@127.0.0.1:25", None),
            ("smtp://user:password@[::1]", None),
            (
                "smtp://user:password@127.0.0.1?tls=required",
                Some("required"),
            ),
            ("smtp://user:password@127.0.0.1.example", Some("required")),
        ] {
            let url = Url::parse(address).unwrap();
            let tls = find_tls(&url).unwrap();
            assert_eq!(encryption(&url, tls.as_deref()), expected, "{address}");
            assert!(parse_mail_server(address).is_ok(), "{address}");
        }
    }

    #[test]
    fn an_address_that_would_fail_with_every_mail_is_refused() {
        for address in [
            "smtp://mail.example?tls=maybe",
            "smtps://mail.example?tls=opportunistic",
            "smtp://mail.example?tsl=required",
            "smtp://user@mail.example",
            "smtps://user:%ff@mail.example",
            "smtp:mail.example",
            "http://mail.example",
        ] {
            let fault = parse_mail_server(address).unwrap_err();
            assert!(
                !fault.contains("%ff") && fault.len() > 10,
                "{address}: {fault}"
            );
        }
    }
}
