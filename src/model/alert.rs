//! Whom incidents are told, in which form, and why that fails: types without I/O.

use std::fmt;

use serde_json::Value;

use crate::model::ids::CompanyId;
use crate::model::language::Text;

/// A target of alerts, or the watch over the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// No target: the service looks at itself.
    Service,
    /// The operator's, in the settings.
    Operator(Medium),
    /// An agency's own.
    Agency(CompanyId, Medium),
}

/// How a target is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// A post of JSON.
    Webhook,
    /// An e-mail.
    Mail,
}

impl Medium {
    /// Its name in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Mail => "mail",
        }
    }

    /// The medium with this name.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        [Self::Webhook, Self::Mail]
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}

impl Channel {
    /// The channel with this name in the database; none for one of another version.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        if name == "service" {
            return Some(Self::Service);
        }
        if let Some(medium) = name.strip_prefix("operator/") {
            return Medium::find(medium).map(Self::Operator);
        }
        // An id of GHL has no slash.
        let (company, medium) = name.strip_prefix("agency/")?.rsplit_once('/')?;
        let company = CompanyId(company.to_owned());
        Some(Self::Agency(company, Medium::find(medium)?))
    }

    /// Whose alerts it gets: one agency's, or everybody's.
    #[must_use]
    pub const fn company(&self) -> Option<&CompanyId> {
        match self {
            Self::Agency(company, _) => Some(company),
            Self::Service | Self::Operator(_) => None,
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service => f.write_str("service"),
            Self::Operator(medium) => write!(f, "operator/{}", medium.as_str()),
            Self::Agency(company, medium) => write!(f, "agency/{company}/{}", medium.as_str()),
        }
    }
}

/// Why an alert could not be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertFault {
    /// No connection.
    Unreachable,
    /// No answer in time.
    Late,
    /// The mail server offers no encryption, without which nothing is sent to it.
    NoEncryption,
    /// The certificate is not one that is trusted here.
    Untrusted,
    /// The connection could not be encrypted for another reason.
    NotEncrypted,
    /// The target answered with this status, of HTTP or SMTP.
    Refused(Option<i32>),
    /// The address leads into a private network.
    NotPublic,
    /// The stored address cannot be opened, or is none.
    Sealed,
}

impl AlertFault {
    /// Its name in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Late => "late",
            Self::NoEncryption => "no_encryption",
            Self::Untrusted => "untrusted",
            Self::NotEncrypted => "not_encrypted",
            Self::Refused(_) => "refused",
            Self::NotPublic => "not_public",
            Self::Sealed => "sealed",
        }
    }

    /// What the target answered.
    #[must_use]
    pub const fn status(self) -> Option<i32> {
        match self {
            Self::Refused(status) => status,
            _ => None,
        }
    }

    /// The fault with this name.
    #[must_use]
    pub fn find(code: &str, status: Option<i32>) -> Option<Self> {
        [
            Self::Unreachable,
            Self::Late,
            Self::NoEncryption,
            Self::Untrusted,
            Self::NotEncrypted,
            Self::Refused(status),
            Self::NotPublic,
            Self::Sealed,
        ]
        .into_iter()
        .find(|fault| fault.code() == code)
    }

    /// The fault that [`AlertFault`]'s text names, as an incident keeps it.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (code, status) = text.split_once(' ').unwrap_or((text, ""));
        Self::find(code, status.parse().ok())
    }

    /// What people read.
    #[must_use]
    pub fn text(self) -> Text {
        match self {
            Self::Unreachable => Text::new("it could not be reached", "ia tidak dapat dihubungi"),
            Self::Late => Text::new(
                "it did not answer in time (ten seconds, a mail server thirty)",
                "ia tidak menjawab dalam masanya (sepuluh saat, pelayan e-mel tiga puluh)",
            ),
            Self::NoEncryption => Text::new(
                "it offers no encryption (STARTTLS), without which no mail is sent to it",
                "ia tidak menawarkan penyulitan (STARTTLS), dan tanpanya tiada e-mel dihantar kepadanya",
            ),
            Self::Untrusted => Text::new(
                "its certificate is not trusted here: it has expired, is for another name, or its issuer is not known",
                "sijilnya tidak dipercayai di sini: sudah tamat tempoh, untuk nama lain, atau pengeluarnya tidak dikenali",
            ),
            Self::NotEncrypted => Text::new(
                "no encrypted connection could be made with it",
                "sambungan yang disulitkan tidak dapat dibuat dengannya",
            ),
            Self::Refused(Some(status)) => Text::new(
                format!("it answered {status}"),
                format!("ia menjawab {status}"),
            ),
            Self::Refused(None) => Text::new("it refused", "ia menolak"),
            Self::NotPublic => Text::new(
                "its address does not lead to a server on the public Internet",
                "alamatnya tidak menghala ke pelayan di Internet awam",
            ),
            Self::Sealed => Text::new(
                "its stored address cannot be opened here",
                "alamatnya yang disimpan tidak dapat dibuka di sini",
            ),
        }
    }
}

impl fmt::Display for AlertFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())?;
        self.status()
            .map_or(Ok(()), |status| write!(f, " {status}"))
    }
}

/// The body of a post to a target that wants a form of its own: JSON in which `{{title}}`, `{{text}}` and `{{alert}}`
/// stand for a short text, the whole text, and our own form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertTemplate(Option<String>);

/// Longest template, in bytes: the forms of known services are far shorter.
const MAX_TEMPLATE: usize = 2_000;

impl AlertTemplate {
    /// Reads a template; an empty text is our own form.
    ///
    /// # Errors
    /// What is wrong with it, to be read after its name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self(None));
        }
        if text.len() > MAX_TEMPLATE {
            return Err(format!("must not be longer than {MAX_TEMPLATE} bytes"));
        }
        let sample = fill(text, "title", "text", &Value::Null);
        let is_json = serde_json::from_str::<Value>(&sample).is_ok();
        if !is_json || sample == text {
            return Err(
                "must be JSON with {{text}}, {{title}} or {{alert}} in place of a value, such as {\"text\": {{text}}}"
                    .to_owned(),
            );
        }
        Ok(Self(Some(text.to_owned())))
    }

    /// As it was written; empty: our own form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// The body.
    #[must_use]
    pub fn render(&self, title: &str, text: &str, alert: &Value) -> String {
        match &self.0 {
            Some(template) => fill(template, title, text, alert),
            None => alert.to_string(),
        }
    }
}

/// Replaces each place in one pass, so that nothing in a text is taken for a place.
fn fill(template: &str, title: &str, text: &str, alert: &Value) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let place = after.split_once("}}");
        let value = place.and_then(|(name, _)| match name.trim() {
            "title" => Some(Value::from(title).to_string()),
            "text" => Some(Value::from(text).to_string()),
            "alert" => Some(alert.to_string()),
            _ => None,
        });
        if let (Some((_, after)), Some(value)) = (place, value) {
            out.push_str(&value);
            rest = after;
        } else {
            out.push_str("{{");
            rest = after;
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_channel_comes_back_by_its_name() {
        let agency = CompanyId("co1".to_owned());
        for channel in [
            Channel::Service,
            Channel::Operator(Medium::Webhook),
            Channel::Operator(Medium::Mail),
            Channel::Agency(agency, Medium::Mail),
        ] {
            assert_eq!(Channel::find(&channel.to_string()), Some(channel));
        }
        for other in ["", "operator/pigeon", "agency/x", "agency"] {
            assert_eq!(Channel::find(other), None, "{other}");
        }
    }

    #[test]
    fn a_template_is_json_whatever_the_texts_are() {
        let alert = json!({"id": 1});
        for (template, expected) in [
            (
                r#"{"text": {{text}}}"#,
                json!({"text": "a \"b\"\n{{title}}"}),
            ),
            (
                r#"{"topic":"x","title":{{ title }},"message":{{text}},"all":[{{alert}}]}"#,
                json!({"topic": "x", "title": "T", "message": "a \"b\"\n{{title}}", "all": [{"id": 1}]}),
            ),
            ("", alert.clone()),
        ] {
            let read = AlertTemplate::parse(template).unwrap();
            let body = read.render("T", "a \"b\"\n{{title}}", &alert);
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body, expected, "{template}");
        }
        let long = format!(
            "{{\"text\": {{{{text}}}}, \"x\": \"{}\"}}",
            "x".repeat(2_000)
        );
        for wrong in [
            "hello {{text}}",
            r#"{"text": "none"}"#,
            r#"{"text": {{texts}}}"#,
            &long,
        ] {
            assert!(AlertTemplate::parse(wrong).is_err(), "{wrong}");
        }
    }
}
