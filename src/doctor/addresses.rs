//! The checks of the addresses that GHL is given: whether they are entered where they belong.

use time::Duration;

use crate::db::webhooks::misdirected;
use crate::db::webhooks::misdirected::Misdirected;
use crate::doctor::labels::addresses as say;
use crate::doctor::{Doctor, Finding, State, labels};
use crate::model::zone::Zone;

/// How long a post to a wrong address is named: GHL repeats what was refused for hours.
const NAMED_FOR: Duration = Duration::DAY;

impl Doctor {
    /// Names the setting that opens plain addresses, while it is on.
    pub(super) fn check_plain_addresses(&self) -> Option<Finding> {
        let is_on = self.0.settings.ghl.accept_plain_hooks;
        is_on.then(|| Finding::new("plain_addresses", State::Warn, say::plain_addresses_open()))
    }

    /// What came to a wrong address lately.
    pub(super) async fn check_misdirected(&self) -> Vec<Finding> {
        let check = "misdirected";
        let since = self.0.clock.now() - NAMED_FOR;
        let Ok(found) = misdirected::list(&self.0.pool, since).await else {
            return vec![Finding::new(check, State::Bad, labels::database_failed())];
        };
        let zone = Zone::system();
        let found = found.iter().map(|(kind, at)| (kind, zone.minutes(*at)));
        let named = found.map(|(kind, at)| match kind {
            Misdirected::DeliveryAtApp => (State::Bad, say::delivery_at_app(&at)),
            Misdirected::EventAtDelivery => (State::Warn, say::event_at_delivery(&at)),
            // Nobody has proven that it was GHL.
            Misdirected::PlainAddress => (State::Warn, say::plain_address_used(&at)),
        });
        named
            .map(|(state, said)| Finding::new(check, state, said))
            .collect()
    }
}
