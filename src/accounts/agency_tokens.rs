//! An agency's own Waapify token, with which a QR code is shown in any of its sub-accounts. It is never shown again.

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use crate::accounts::connect::is_key;
use crate::crypto::Sealer;
use crate::db::accounts::gateway_tokens;
use crate::db::connection::Pool;
use crate::model::ids::{CompanyId, LocationId};

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

/// Stores an agency's token, in place of the one before only if it `replaces` it. False when nothing was changed.
pub async fn store(
    pool: &Pool,
    sealer: &Sealer,
    company: &CompanyId,
    token: &SecretString,
    replaces: bool,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let place = gateway_tokens::place(company);
    let stored = sealer.seal(&place, &SecretString::from(token.expose_secret().trim()));
    if replaces {
        gateway_tokens::set(pool, company, &stored, now).await?;
        return Ok(true);
    }
    gateway_tokens::keep_first(pool, company, &stored, now).await
}
