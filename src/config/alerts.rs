//! Whom the operator wants to be told of incidents.

use lettre::message::Mailbox;
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

/// A server that takes mail.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// Its address, with a user's name and password.
    pub url: SecretString,
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
            mail_server: server.zip(from).map(|(url, from)| MailServer { url, from }),
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

/// A mail server's URL. The error leaves out the parser's words, which may repeat the password.
pub(super) fn parse_mail_server(text: &str) -> Result<SecretString, String> {
    let url = Url::parse(text).ok();
    url.filter(|url| matches!(url.scheme(), "smtp" | "smtps") && url.has_host())
        .map(|url| SecretString::from(String::from(url)))
        .ok_or_else(|| {
            "is not an address like smtps://user:password@mail.example.com or smtp://user:password@mail.example.com:587?tls=required"
                .to_owned()
        })
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
