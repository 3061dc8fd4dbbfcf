//! GHL's contact for a customer, or for a group.
//!
//! Finds the contact or creates it, once for each phone or group. It must not change a contact that GHL has.

use time::{Duration, OffsetDateTime};

use crate::accounts::tokens::TokenError;
use crate::clients::ghl;
use crate::clients::ghl::Advice;
use crate::db::accounts::locations;
use crate::db::contacts::groups;
use crate::model::ids::{ContactId, LocationId};
use crate::workers::Context;

/// Time for one call to GHL with a renewal of the token. A process that is killed in it delays the group by this at
/// most.
const MAKING: Duration = Duration::seconds(100);
/// The name of a group without a known name.
const NAMELESS: &str = "WhatsApp group";

/// The customer of a message: its sender, or the person that the business wrote to.
#[derive(Clone, Copy, Debug)]
pub(in crate::workers) struct Sender<'a> {
    /// Digits; for a group, its address.
    pub(in crate::workers) phone: &'a str,
    /// The name on WhatsApp; none where the business wrote.
    pub(in crate::workers) name: Option<&'a str>,
    /// When the customer wrote; none where the business did.
    pub(in crate::workers) wrote_at: Option<OffsetDateTime>,
}

/// The sender's contact. A contact that GHL has is used unchanged, so that a name from the business stays; a new one
/// gets the WhatsApp name.
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
        // If GHL refuses the look-up, an upsert is still safe, because GHL identifies contacts by phone.
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

/// The contact of a group. GHL identifies contacts by phone or mail, and a group has neither, so a claim ensures that
/// only one process at a time creates it. (If GHL's answer is lost, or the process is killed before it stores the
/// contact, a second one is created.)
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
    // The holder of an earlier claim may have created it a moment ago.
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
