//! Links a phone to a Waapify instance by QR code: a new instance on the connect page, and a number whose link was lost
//! on the page inside GHL.
//!
//! Owns the order of Waapify's calls, and what their answers mean together. Stores nothing; the callers do.
//!
//! ```text
//! new:   begin ───────┐
//! known: begin_again ─┴─▶ picture, repeated every few seconds; state, until it is Linked or Stopped
//! ```

use secrecy::SecretString;

use crate::accounts::connect::ConnectError;
use crate::clients::waapify::{CheckError, Client, Credentials, QrCode};
use crate::model::phone_forms;

/// The progress of linking.
#[derive(Debug)]
pub enum Progress {
    /// No phone has scanned the code yet.
    Waiting,
    /// A phone is linked; its number in digits.
    Linked(String),
    /// Linking cannot continue, or, if [`ConnectError::is_passing`], cannot continue right now.
    Stopped(ConnectError),
}

/// Starts with a new instance of an account and returns its keys. Waapify may return an instance that already waits for
/// a phone, even for another caller's: the caller must check that nobody else uses it.
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

/// Starts again with the instance of a known number (digits) whose link may be lost. If the number is still linked,
/// nothing changes; else its session is ended, so that a code can be shown. Another phone's session is ended only with
/// `ends_other`, because that phone then loses its link.
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
        // Being not linked is the wanted state.
        Ok(()) | Err(CheckError::NotLinked(_)) => Progress::Waiting,
        Err(error) => Progress::Stopped(error.into()),
    }
}

/// The QR code to scan now.
pub async fn picture(gateway: &Client, credentials: &Credentials) -> Result<QrCode, CheckError> {
    gateway.qr_code(credentials).await
}

/// Whether a phone is linked by now. `number` (digits) is the number that it must have, if known.
pub async fn state(gateway: &Client, credentials: &Credentials, number: Option<&str>) -> Progress {
    match gateway.reconnect(credentials).await {
        Ok(linked) => match linked.number.or_else(|| number.map(str::to_owned)) {
            None => Progress::Stopped(ConnectError::Unnamed),
            Some(linked) if number.is_some_and(|number| !phone_forms::is_same(number, &linked)) => {
                Progress::Stopped(ConnectError::OtherNumber { linked })
            }
            Some(linked) => Progress::Linked(linked),
        },
        Err(CheckError::NotLinked(_)) => Progress::Waiting,
        Err(error) => Progress::Stopped(error.into()),
    }
}
