//! An agency's own Waapify token, with which a QR code is shown in any of its sub-accounts. It is never shown again.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tokio::time::timeout;

use crate::accounts::connect::{ConnectError, Field, is_key};
use crate::clients::waapify::{CheckError, Client};
use crate::crypto::Sealer;
use crate::db::accounts::gateway_tokens;
use crate::db::connection::Pool;
use crate::model::ids::{CompanyId, LocationId};
use crate::model::language::Text;

/// How long a person who stores a token waits for Waapify's word on it: it answers in one second, or is down.
const PATIENCE: Duration = Duration::from_secs(8);

/// The token of a location's agency.
#[derive(Clone, Debug)]
pub enum AgencyToken {
    /// The agency has stored none.
    None,
    /// It was sealed with a key that this process does not have.
    Unreadable,
    /// It can be used.
    Stored(SecretString),
}

/// The token of a location's agency.
pub async fn find(
    pool: &Pool,
    sealer: &Sealer,
    location: &LocationId,
) -> sqlx::Result<AgencyToken> {
    let found = gateway_tokens::find_of_location(pool, location).await?;
    let Some((company, stored)) = found else {
        return Ok(AgencyToken::None);
    };
    let opened = sealer.open(&gateway_tokens::place(&company), &stored);
    Ok(opened.map_or(AgencyToken::Unreadable, AgencyToken::Stored))
}

/// What a person entered as a token, without the blanks around it; none if it cannot be one.
#[must_use]
pub fn entered(text: &str) -> Option<SecretString> {
    let text = text.trim();
    is_key(text).then(|| SecretString::from(text))
}

/// What Waapify says of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It knows it.
    Known,
    /// It does not.
    Unknown,
    /// It did not answer in time, or not with that.
    NotChecked,
}

/// Asks Waapify whether it knows a token.
pub async fn check(gateway: &Client, token: &SecretString) -> Checked {
    let asked = timeout(PATIENCE, gateway.check_token(token)).await;
    match asked.map(|answer| answer.map_err(ConnectError::from)) {
        Ok(Err(refused)) if refused.blames_token() => Checked::Unknown,
        // It knows the token and not the instance, which nobody has.
        Ok(
            Ok(())
            | Err(ConnectError::Check(CheckError::Credentials(_) | CheckError::NotLinked(_))),
        ) => Checked::Known,
        Ok(Err(_)) | Err(_) => Checked::NotChecked,
    }
}

/// What is wrong with an entered token that cannot be one.
#[must_use]
pub fn incomplete() -> Text {
    ConnectError::Field(Field::AccessToken).text()
}

/// What is said of a token that Waapify does not know.
#[must_use]
pub fn unknown() -> Text {
    Text::new(
        "Waapify does not know this access token, so it was not stored. Copy it from Waapify once more, all of it.",
        "Waapify tidak mengenali token akses ini, jadi ia tidak disimpan. Salin semula dari Waapify, sepenuhnya.",
    )
}

/// What is said of a token that was stored and could not be checked.
#[must_use]
pub fn not_checked() -> Text {
    Text::new(
        "The token is stored, but it could not be checked: Waapify could not be reached. The next QR code shows whether it is right.",
        "Token sudah disimpan, tetapi tidak dapat disemak: Waapify tidak dapat dihubungi. Kod QR seterusnya akan menunjukkan sama ada ia betul.",
    )
}

/// Stores an agency's token, in place of the one before only if it `replaces` it. False when nothing was changed.
pub async fn store(
    pool: &Pool,
    sealer: &Sealer,
    company: &CompanyId,
    token: &SecretString,
    replaces: bool,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let stored = sealed(sealer, company, token);
    if replaces {
        gateway_tokens::set(pool, company, &stored, now).await?;
        return Ok(true);
    }
    gateway_tokens::keep_first(pool, company, &stored, None, now).await
}

/// Stores an agency's first token for the list of an install (the hash of its token), or corrects the one that the list has stored
/// before Waapify could be asked about it. False when nothing was changed.
pub async fn store_of_list(
    pool: &Pool,
    sealer: &Sealer,
    company: &CompanyId,
    token: &SecretString,
    (list, checked): (&[u8], Checked),
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let stored = sealed(sealer, company, token);
    let is_checked = checked == Checked::Known;
    let unchecked_by = (!is_checked).then_some(list);
    if gateway_tokens::keep_first(pool, company, &stored, unchecked_by, now).await? {
        return Ok(true);
    }
    gateway_tokens::correct(pool, company, &stored, (list, is_checked), now).await
}

fn sealed(sealer: &Sealer, company: &CompanyId, token: &SecretString) -> Vec<u8> {
    let place = gateway_tokens::place(company);
    sealer.seal(&place, &SecretString::from(token.expose_secret().trim()))
}
