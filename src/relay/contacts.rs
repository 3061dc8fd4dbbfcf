//! GHL's contact for a customer.
//!
//! Owns: finding it, or making it, once for each phone. Refuses: changing one that GHL has.

use time::OffsetDateTime;

use super::Context;
use crate::clients::ghl::{self, Advice};
use crate::db::locations;
use crate::ids::{ContactId, LocationId};
use crate::tokens::TokenError;

/// A customer as a message shows them: its sender, or whom the business wrote to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sender<'a> {
    /// Digits.
    pub(super) phone: &'a str,
    /// The name on WhatsApp; none where the business wrote.
    pub(super) name: Option<&'a str>,
    /// When they wrote; none where the business did.
    pub(super) wrote_at: Option<OffsetDateTime>,
}

/// The sender's contact. One that GHL has is used as it is, so that a name the business gave it stays; a new one gets
/// the WhatsApp name.
pub(super) async fn find_or_make(
    context: &Context,
    location: &LocationId,
    sender: Sender<'_>,
) -> Result<ContactId, TokenError> {
    let pool = &context.pool;
    if let Some(known) =
        locations::find_writer(pool, location, sender.phone, sender.wrote_at).await?
    {
        return Ok(known);
    }
    let phone = format!("+{}", sender.phone);
    let (phone, name) = (phone.as_str(), sender.name);
    let find =
        |ghl: ghl::Client, token| async move { ghl.find_contact(&token, location, phone).await };
    let found = match context.tokens.call(location, find).await {
        // Where the look-up is refused, making it is still safe: GHL knows contacts by phone.
        Err(TokenError::Call(error)) if error.advice == Advice::Reject => None,
        found => found?,
    };
    let make = |ghl: ghl::Client, token| async move {
        ghl.upsert_contact(&token, location, phone, name).await
    };
    let contact = match found {
        Some(contact) => contact,
        None => context.tokens.call(location, make).await?,
    };
    locations::record_writer(pool, location, sender.phone, &contact, sender.wrote_at).await?;
    Ok(contact)
}
