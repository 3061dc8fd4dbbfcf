//! GHL's contact for a customer, or for a group.
//!
//! Owns: finding it, or making it, once for each phone or group. Refuses: changing one that GHL has.

use time::{Duration, OffsetDateTime};

use crate::accounts::tokens::TokenError;
use crate::clients::ghl;
use crate::clients::ghl::Advice;
use crate::db::accounts::locations;
use crate::db::contacts::groups;
use crate::model::ids::{ContactId, LocationId};
use crate::workers::Context;

/// One call of GHL's with a renewal of the token; anyone who is killed in it holds the group up no longer than that.
const MAKING: Duration = Duration::seconds(100);
/// What a group is called whose name nobody told.
const NAMELESS: &str = "WhatsApp group";

/// A customer as a message shows them: its sender, or whom the business wrote to.
#[derive(Clone, Copy, Debug)]
pub(in crate::workers) struct Sender<'a> {
    /// Digits; of a group, its address.
    pub(in crate::workers) phone: &'a str,
    /// The name on WhatsApp; none where the business wrote.
    pub(in crate::workers) name: Option<&'a str>,
    /// When they wrote; none where the business did.
    pub(in crate::workers) wrote_at: Option<OffsetDateTime>,
}

/// The sender's contact. One that GHL has is used as it is, so that a name the business gave it stays; a new one gets
/// the WhatsApp name.
pub(in crate::workers) async fn find_or_make(
    context: &Context,
    location: &LocationId,
    sender: Sender<'_>,
) -> Result<ContactId, TokenError> {
    let pool = &context.pool;
    if let Some(known) =
        locations::find_contact_id(pool, location, sender.phone, sender.wrote_at).await?
    {
        return Ok(known);
    }
    if sender.phone.contains('@') {
        return make_group(context, location, sender).await;
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
        ghl.upsert_contact(&token, location, Some(phone), name)
            .await
    };
    let contact = match found {
        Some(contact) => contact,
        None => context.tokens.call(location, make).await?,
    };
    locations::save_contact_id(pool, location, sender.phone, &contact, sender.wrote_at).await?;
    Ok(contact)
}

/// The contact of a group. GHL knows contacts by phone or mail, and a group has neither: of those who would make it at
/// once, one does. (Where GHL's answer is lost, or the process killed before the contact is noted, a second one is made.)
async fn make_group(
    context: &Context,
    location: &LocationId,
    group: Sender<'_>,
) -> Result<ContactId, TokenError> {
    let (pool, now) = (&context.pool, context.clock.now());
    let (address, wrote_at, until) = (group.phone, group.wrote_at, now + MAKING);
    let claimed = groups::claim_making(pool, location, address, until, now).await?;
    let subject = claimed.ok_or(TokenError::MakingContact)?;
    let name = Some(subject.as_deref().unwrap_or(NAMELESS));
    let make = |ghl: ghl::Client, token| async move {
        ghl.upsert_contact(&token, location, None, name).await
    };
    // Anyone who had the claim before may have made it a moment ago.
    let contact = match locations::find_contact_id(pool, location, address, wrote_at).await? {
        Some(known) => Ok(known),
        None => context.tokens.call(location, make).await,
    };
    if let Ok(contact) = &contact {
        locations::save_contact_id(pool, location, address, contact, wrote_at).await?;
    }
    groups::finish_making(pool, location, address, until).await?;
    contact
}
