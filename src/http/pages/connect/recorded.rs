//! Records what is done with a connect link, with the user for whom it was made. That a number was connected is recorded
//! where it is connected.

use tracing::warn;

use crate::db::history::audit;
use crate::db::history::audit::NewEntry;
use crate::http::HttpState;
use crate::http::pages::connect::Opened;
use crate::model::audit::{Action, ActorKind, Outcome};

/// Records an action on `place`. It was done, even where that cannot be recorded.
pub(super) async fn record(state: &HttpState, opened: &Opened, action: Action, place: &str) {
    let link = &opened.link;
    let entry = NewEntry {
        actor_kind: ActorKind::of_link(link.made_by.as_deref()),
        actor: link.made_by.as_deref(),
        action,
        location: Some(&link.location_id),
        place: Some(place),
        count: None,
        outcome: Outcome::Done,
    };
    if let Err(error) = audit::record(&state.pool, entry, state.clock.now()).await {
        warn!(%error, action = action.as_str(), "what was done with a link could not be recorded");
    }
}
