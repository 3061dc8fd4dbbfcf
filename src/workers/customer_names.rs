//! Asks GHL for the names of contacts that nobody told: deliveries name none, and who never answered was never looked up.
//!
//! A name is for people who look at lists. So it costs only calls that nobody else needs: some in a quarter of an hour,
//! each contact once, and none while more than half of the location's calls are used.

use std::time::Duration;

use tracing::debug;

use crate::accounts::tokens::{Owner, TokenError};
use crate::clients::ghl;
use crate::clients::ghl::{Advice, ContactPhones};
use crate::db::accounts::rate_limits::CallPriority;
use crate::db::contacts::{names, phones};
use crate::model::ids::{ContactId, LocationId};
use crate::workers::Context;

/// Contacts that are asked about at each look at a location, which comes every quarter of an hour: 2,880 a day of the
/// 200,000 calls that GHL allows, and more new customers than a shop writes to.
const AT_ONCE: i64 = 30;
/// Messages of a location that wait, and that failed, whose contacts are looked for: more than the first pages of the lists.
const WINDOW: i64 = 1_000;
/// Longest time for all of them: GHL needs some tenths of a second for each. A thousand locations are still looked at in time
/// when it hangs; what is left is asked next time.
const MAX_TIME: Duration = Duration::from_secs(10);

/// Asks for some names of a location's contacts. Whatever goes wrong, the next look asks again.
pub(in crate::workers) async fn ask_some(
    context: &Context,
    location: &LocationId,
) -> sqlx::Result<()> {
    names::note_untold(
        &context.pool,
        location,
        (AT_ONCE, WINDOW),
        context.clock.now(),
    )
    .await?;
    let nameless = names::list_nameless(&context.pool, location, AT_ONCE).await?;
    let asked = tokio::time::timeout(MAX_TIME, ask_all(context, location, &nameless)).await;
    asked.unwrap_or(Ok(()))
}

async fn ask_all(
    context: &Context,
    location: &LocationId,
    contacts: &[ContactId],
) -> sqlx::Result<()> {
    for contact in contacts {
        match ask(context, location, contact).await {
            Ok(()) => {}
            Err(TokenError::Database(error)) => return Err(error),
            // The calls are used up, or GHL does not answer: there is no hurry.
            Err(error) => {
                debug!(%location, %error, "GHL did not say what it calls a contact");
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A refusal is an answer, too: the contact may be gone.
async fn ask(
    context: &Context,
    location: &LocationId,
    contact: &ContactId,
) -> Result<(), TokenError> {
    let read =
        |ghl: ghl::Client, token| async move { ghl.find_phones_of_contact(&token, contact).await };
    let owner = Owner::Location(location);
    let told = match context
        .tokens
        .call_as(owner, CallPriority::Name, read)
        .await
    {
        Err(TokenError::Call(error)) if error.advice == Advice::Reject => ContactPhones::default(),
        told => told?,
    };
    let pool = &context.pool;
    phones::save_name(pool, location, contact, told.name.as_deref()).await?;
    names::record_asked(pool, location, contact, context.clock.now()).await?;
    Ok(())
}
