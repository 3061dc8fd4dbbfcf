//! What GHL calls sub-accounts, and their time zones: asked right after an install and when somebody opens a page, and once a
//! day by the monitor.

use std::time::Duration as StdDuration;

use time::Duration;
use tokio::time::timeout;
use tracing::{debug, warn};

use crate::accounts::services::Services;
use crate::accounts::tokens::TokenError;
use crate::clients::ghl;
use crate::clients::ghl::{Advice, Description};
use crate::db::accounts::account_names;
use crate::model::ids::LocationId;
use crate::model::zone::Zone;

/// How long a sub-account's name is believed: people rarely rename one.
const NAMED_FOR: Duration = Duration::days(1);
/// How long a page waits for names: GHL answers in less than one, and the id does as well.
const PATIENCE: StdDuration = StdDuration::from_secs(2);
/// Sub-accounts that are asked about at once after an install: an agency's list names all of its own anyway.
const MAX_AT_ONCE: usize = 20;

/// Asks GHL what it calls a location and in which time zone that is, unless it was asked within a day. A refusal is an
/// answer, too. Counts against the location's limit of calls.
///
/// # Errors
/// When the database fails.
pub async fn refresh(services: &Services, location: &LocationId) -> sqlx::Result<()> {
    let (pool, now) = (&services.pool, services.clock.now());
    if !account_names::is_due(pool, location, now - NAMED_FOR).await? {
        return Ok(());
    }
    let find =
        |ghl: ghl::Client, token| async move { ghl.describe_location(&token, location).await };
    let told = match services.tokens.call_for_name(location, find).await {
        Ok(told) => told,
        Err(TokenError::Database(error)) => return Err(error),
        Err(TokenError::Call(error)) if error.advice == Advice::Reject => Description::default(),
        Err(error) => {
            debug!(%location, %error, "GHL did not say what it calls the sub-account");
            return Ok(());
        }
    };
    let zone = told.time_zone.as_deref().and_then(Zone::find);
    let (name, zone) = (told.name.as_deref(), zone.as_ref().map(Zone::name));
    account_names::record_answer(pool, location, name, zone, now).await
}

/// The same for a page that is about to be shown: it waits two seconds at most, and the answer is kept even if it comes
/// later.
pub async fn refresh_for_page(services: &Services, locations: &[LocationId]) {
    let services = services.clone();
    let locations: Vec<_> = locations.iter().take(MAX_AT_ONCE).cloned().collect();
    let asking = tokio::spawn(async move {
        for location in &locations {
            if let Err(error) = refresh(&services, location).await {
                warn!(%location, %error, "the name of a sub-account is not kept");
            }
        }
    });
    let _ = timeout(PATIENCE, asking).await;
}
