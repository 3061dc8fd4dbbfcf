//! Linking a phone to an instance by the QR code that the phone scans, for anyone who shows the code: the connect page for a
//! new instance, the page inside GHL for a number whose link was lost.
//!
//! Owns: the order of Waapify's calls, and what their answers mean together. Refuses: keeping anything; the callers do.
//!
//! ```text
//! new:   begin ───────┐
//! known: begin_again ─┴─▶ picture, again every few seconds; state, until it is Linked or Stopped
//! ```

use secrecy::SecretString;

use crate::accounts::connect::ConnectError;
use crate::clients::waapify::{CheckError, Client, Credentials, QrCode};

/// How far it is.
#[derive(Debug)]
pub enum Progress {
    /// Nobody has scanned yet.
    Waiting,
    /// A phone is linked; its number, digits.
    Linked(String),
    /// It cannot go on, or, where [`ConnectError::is_passing`], cannot go on right now.
    Stopped(ConnectError),
}

/// Begins with a new instance of an account; its keys. Waapify hands out one that waits already, anyone who it waits for:
/// the caller makes sure that it is nobody else's.
///
/// # Errors
/// [`CheckError`].
pub async fn begin(
    gateway: &Client,
    access_token: &SecretString,
) -> Result<Credentials, CheckError> {
    let instance_id = gateway.create_instance(access_token).await?;
    Ok(Credentials {
        instance_id,
        access_token: access_token.clone(),
    })
}

/// Begins again with the instance of a known number (digits) whose link may be lost. One that is linked after all stays
/// so; else its session is ended, so that a code can be had. Another phone's session only where `ends_other`: anyone who
/// uses that phone with the instance loses it.
pub async fn begin_again(
    gateway: &Client,
    credentials: &Credentials,
    number: &str,
    ends_other: bool,
) -> Progress {
    let progress = state(gateway, credentials, Some(number)).await;
    match &progress {
        Progress::Waiting => {}
        Progress::Stopped(ConnectError::OtherNumber { .. }) if ends_other => {}
        Progress::Linked(_) | Progress::Stopped(_) => return progress,
    }
    match gateway.reboot(credentials).await {
        // Not linked is what it is to be.
        Ok(()) | Err(CheckError::NotLinked(_)) => Progress::Waiting,
        Err(error) => Progress::Stopped(error.into()),
    }
}

/// The picture to scan now.
///
/// # Errors
/// [`CheckError`].
pub async fn picture(gateway: &Client, credentials: &Credentials) -> Result<QrCode, CheckError> {
    gateway.qr_code(credentials).await
}

/// Whether a phone is linked by now; `number` (digits) is the one that has to be, where it is known.
pub async fn state(gateway: &Client, credentials: &Credentials, number: Option<&str>) -> Progress {
    match gateway.reconnect(credentials).await {
        Ok(linked) => match linked.number.or_else(|| number.map(str::to_owned)) {
            None => Progress::Stopped(ConnectError::Unnamed),
            Some(linked) if number.is_some_and(|number| number != linked) => {
                Progress::Stopped(ConnectError::OtherNumber { linked })
            }
            Some(linked) => Progress::Linked(linked),
        },
        Err(CheckError::NotLinked(_)) => Progress::Waiting,
        Err(error) => Progress::Stopped(error.into()),
    }
}
