//! Sends alerts by mail, through the operator's server. It never retries.

use std::error::Error as _;
use std::time::Duration;

use lettre::AsyncTransport as _;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error as SmtpError;
use time::OffsetDateTime;

use crate::clients::alert_fault::{find_timeout, find_tls_fault};
use crate::config::alerts::MailServer;
use crate::model::alert::AlertFault;

/// Longest time for a mail: some servers let strangers wait before they greet.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A plain text.
#[derive(Debug)]
pub struct Mail<'a> {
    /// The recipients, who see each other.
    pub to: &'a [Mailbox],
    /// The subject.
    pub title: &'a str,
    /// The text.
    pub text: String,
    /// Names it among all mails of this sender; letters, digits, `-` and `_`.
    pub id: &'a str,
    /// When it is written.
    pub at: OffsetDateTime,
}

/// Sends one mail.
pub async fn send(server: &MailServer, mail: Mail<'_>) -> Result<(), AlertFault> {
    send_within(PATIENCE, server, mail).await
}

async fn send_within(
    patience: Duration,
    server: &MailServer,
    mail: Mail<'_>,
) -> Result<(), AlertFault> {
    let message = write(&server.from, mail)?;
    // Not a limit for each step: a server that answers all of them slowly would take many times as long.
    let sent = tokio::time::timeout(patience, server.transport.send(message)).await;
    match sent {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(fault_of(&error)),
        Err(_) => Err(AlertFault::Late),
    }
}

fn write(from: &Mailbox, mail: Mail<'_>) -> Result<Message, AlertFault> {
    // Without an id of its own many servers take a mail for spam.
    let id = format!("<{}@{}>", mail.id, from.email.domain());
    let mut message = Message::builder()
        .from(from.clone())
        .subject(mail.title)
        .message_id(Some(id))
        .date(mail.at.into())
        .header(ContentType::TEXT_PLAIN);
    for mailbox in mail.to {
        message = message.to(mailbox.clone());
    }
    message.body(mail.text).map_err(|_| AlertFault::Sealed)
}

/// Names no address and no words of the server.
fn fault_of(error: &SmtpError) -> AlertFault {
    if let Some(code) = error.status() {
        return AlertFault::Refused(u16::from(code).to_string().parse().ok());
    }
    if error.is_timeout() {
        return AlertFault::Late;
    }
    // What the client refuses of its own accord: to go on without encryption, or without a way to log in that both know.
    if error.is_client() {
        let why = error.source().map(ToString::to_string);
        return match why {
            Some(why) if why.contains("STARTTLS") => AlertFault::NoEncryption,
            _ => AlertFault::Refused(None),
        };
    }
    find_tls_fault(error)
        .or_else(|| find_timeout(error))
        .unwrap_or(AlertFault::Unreachable)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::config::alerts::MailTransport;

    #[tokio::test]
    async fn a_server_that_says_nothing_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = MailServer {
            transport: MailTransport::builder_dangerous("127.0.0.1")
                .port(port)
                .build(),
            from: "alerts@example.com".parse().unwrap(),
        };
        let mail = Mail {
            to: &["one@example.com".parse().unwrap()],
            title: "a",
            text: "b".to_owned(),
            id: "c",
            at: OffsetDateTime::UNIX_EPOCH,
        };
        let sent = send_within(Duration::from_millis(50), &server, mail).await;
        assert_eq!(sent, Err(AlertFault::Late));
    }
}
