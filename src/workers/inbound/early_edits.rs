//! Encrypted edits that came before the message which they change: they are read once more when that message, with the secret
//! that opens them, is stored.

use whatsapp_events::{Event, Message};

use crate::db::webhooks::waapify_events;
use crate::db::webhooks::waapify_events::EventJob;
use crate::workers::Context;
use crate::workers::inbound::record;
use crate::workers::inbound::record::is_unopened_edit;

/// Records the edits of `original` in these events. What is stored already changes nothing.
pub(super) async fn read(
    context: &Context,
    job: &EventJob,
    original: &Message,
    events: &[i64],
) -> sqlx::Result<()> {
    for &event in events {
        let early = waapify_events::find(&context.pool, &job.location_id, event).await?;
        let Some(early) = early else {
            continue;
        };
        let Ok(webhook) = whatsapp_events::parse(&early.body) else {
            continue;
        };
        for event in &webhook.events {
            if let Event::Message(edit) = event
                && is_of(edit, original)
            {
                record::record(context, &early, edit).await?;
            }
        }
    }
    Ok(())
}

fn is_of(edit: &Message, original: &Message) -> bool {
    is_unopened_edit(&edit.content)
        && edit.about.as_ref() == Some(&original.id)
        && edit.from_me == original.from_me
}
