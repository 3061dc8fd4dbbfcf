//! What the service has recorded of a round, and what GHL has seen of it. What they must be is decided in `checks`.

use std::collections::HashMap;

use simulators::Simulation;
use sqlx::FromRow;
use time::OffsetDateTime;

/// Every [`Outbound`].
pub const OUTBOUND: &str = "
    select o.ghl_message_id, o.location_id, o.state, o.reason_code as reason,
        count(*) filter (where t.state = 'unconfirmed') as unknown,
        string_agg(concat_ws(' ', t.at, t.state, t.cause_code, t.cause_args), E'\n      ' order by t.step) as timeline
    from outbound o left join timeline t on t.location_id = o.location_id and t.message_id = o.id
    group by o.location_id, o.id";
/// Location, WhatsApp's id, state and timeline of customers' messages.
pub const INBOUND: &str = "
    select i.location_id, i.wa_message_id, i.state,
        string_agg(concat_ws(' ', t.at, t.state, t.cause_code, t.cause_args), E'\n      ' order by t.step) as timeline
    from inbound i left join timeline t on t.location_id = i.location_id and t.message_id = i.id
    where not i.from_me group by i.location_id, i.id";
/// Reasons and bodies of the gateway's events that were not read.
pub const UNREAD: &str = "select reason_code, body from waapify_events where state = 'failed'";

/// A message as the service knows it.
#[derive(FromRow)]
pub struct Outbound {
    pub ghl_message_id: String,
    pub location_id: String,
    pub state: String,
    pub reason: Option<String>,
    /// How many outcomes were unknown.
    pub unknown: i64,
    pub timeline: String,
}

/// The times of posts to GHL, by WhatsApp's id.
pub fn posts(simulation: &Simulation) -> HashMap<String, Vec<OffsetDateTime>> {
    let mut posts: HashMap<String, Vec<OffsetDateTime>> = HashMap::new();
    let faults = simulation.ghl.faults();
    for seen in faults.seen_at("POST /conversations/messages/inbound") {
        let id = seen.body["altId"].as_str().unwrap_or_default();
        posts.entry(id.to_owned()).or_default().push(seen.at);
    }
    posts
}
