//! Encrypted edits that came before the message which they change: they are read once more when that message, with the secret
//! that opens them, is stored.

use whatsapp_events::{Content, Event, Message, SealedKind};

use crate::db::webhooks::waapify_events;
use crate::db::webhooks::waapify_events::EventJob;
use crate::workers::Context;

/// Whether it stands for an edit that could not be opened.
pub(super) fn is_unopened_edit(content: &Content) -> bool {
    matches!(content, Content::Sealed(sealed) if sealed.kind == SealedKind::Edit)
}

/// The edits of `original` in these events, each with its event.
pub(super) async fn list(
    context: &Context,
    job: &EventJob,
    original: &Message,
    events: &[i64],
) -> sqlx::Result<Vec<(EventJob, Message)>> {
    let mut edits = Vec::new();
    for &event in events {
        let found = waapify_events::find(&context.pool, &job.location_id, event).await?;
        let Some(found) = found else {
            continue;
        };
        let Ok(webhook) = whatsapp_events::parse(&found.body) else {
            continue;
        };
        for event in webhook.events {
            if let Event::Message(edit) = event
                && is_of(&edit, original)
            {
                edits.push((found.clone(), *edit));
            }
        }
    }
    Ok(edits)
}

fn is_of(edit: &Message, original: &Message) -> bool {
    is_unopened_edit(&edit.content)
        && edit.about.as_ref() == Some(&original.id)
        && edit.from_me == original.from_me
}
