//! Sends alerts by mail, through the operator's server. It never retries.

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::ExposeSecret as _;

use crate::clients::alert_webhook::PATIENCE;
use crate::config::alerts::MailServer;
use crate::model::alert::AlertFault;

/// Sends one plain text to each of `to`, in one mail.
pub async fn send(
    server: &MailServer,
    to: &[Mailbox],
    title: &str,
    text: String,
) -> Result<(), AlertFault> {
    let mut message = Message::builder()
        .from(server.from.clone())
        .subject(title)
        .header(ContentType::TEXT_PLAIN);
    for mailbox in to {
        message = message.to(mailbox.clone());
    }
    let message = message.body(text).map_err(|_| AlertFault::Sealed)?;
    let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(server.url.expose_secret());
    let transport = transport.map_err(|_| AlertFault::Sealed)?;
    let sending = transport.timeout(Some(PATIENCE)).build();
    // A server that answers each step slowly would take many times the limit.
    let sent = tokio::time::timeout(PATIENCE * 3, sending.send(message)).await;
    match sent {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(fault_of(&error)),
        Err(_) => Err(AlertFault::Unreachable),
    }
}

/// Names no address and no words of the server.
fn fault_of(error: &SmtpError) -> AlertFault {
    match error.status() {
        Some(code) => AlertFault::Refused(u16::from(code).to_string().parse().ok()),
        None => AlertFault::Unreachable,
    }
}
