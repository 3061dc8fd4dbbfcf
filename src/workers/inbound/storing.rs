//! Stores a message once, whatever the forms in which it is reported: an edit comes as a message and as an update, a picture in
//! two sizes.

use whatsapp_events::{Content, Message};

use crate::db::inbound;
use crate::db::inbound::edits::Announced;
use crate::db::inbound::media::Texts;
use crate::db::inbound::{NewInbound, State, edits, media};
use crate::model::ids::WaMessageId;
use crate::model::reason::Step;
use crate::workers::Context;
use crate::workers::inbound::pairs::Form;
use crate::workers::inbound::record::is_unopened_edit;

/// Stores a message of this event, unless its content belongs to one that is stored. Returns the events with edits of it that
/// came before it and could not be opened.
pub(super) async fn store(
    context: &Context,
    (message, event): (&Message, i64),
    new: &NewInbound<'_>,
    (form, texts): (&Form, Texts<'_>),
) -> sqlx::Result<Vec<i64>> {
    let (pool, now) = (&context.pool, context.clock.now());
    let ids = message.about.as_deref().map(whatsapp_events::edit_ids);
    let is_told = match (&message.content, ids) {
        (Content::Edited(_), Some((_, sealed))) if new.text.is_some() => {
            edits::fill_in(pool, new, &sealed, now).await?
        }
        (Content::Sealed(_), Some((known, _))) => edits::is_told(pool, new, &known, now).await?,
        _ => false,
    };
    if is_told {
        return Ok(Vec::new());
    }
    let begin = whatsapp_events::edit_without_own_id(new.wa_message_id.as_str());
    if let Some(begin) = begin.filter(|begin| *begin != new.wa_message_id.as_str()) {
        if edits::is_known(pool, new, begin, now).await? {
            return remember_edit(context, new).await.map(|()| Vec::new());
        }
    } else if let (Some(begin), Some(about)) = (begin, &message.about) {
        let (all, _) = whatsapp_events::edit_ids(about);
        match edits::announced(pool, new, (&all, begin), now).await? {
            Announced::New => {}
            Announced::Known => return Ok(Vec::new()),
            Announced::Back => {
                let id = whatsapp_events::edit_of_time(begin, new.sent_at.unix_timestamp());
                let back = NewInbound {
                    wa_message_id: &WaMessageId::from(id.as_str()),
                    ..new.clone()
                };
                return inbound::record(pool, &back, now).await.map(|_| Vec::new());
            }
        }
    }
    let Some(stored) = inbound::record(pool, new, now).await? else {
        return Ok(Vec::new());
    };
    if let (Form::Better(first), Some(file)) = (form, &message.file) {
        media::replace_file(pool, new, first, (file, texts), now).await?;
    }
    if is_unopened_edit(&message.content) {
        edits::remember_event(pool, new, event).await?;
    }
    Ok(stored.early_edits)
}

/// Keeps the id of an edit that is shown by its other form, so that a webhook that comes again changes nothing.
async fn remember_edit(context: &Context, edit: &NewInbound<'_>) -> sqlx::Result<()> {
    let second = NewInbound {
        text: None,
        state: State::Ignored(Step::SecondForm),
        media: None,
        edit_secret: None,
        ..edit.clone()
    };
    let (pool, now) = (&context.pool, context.clock.now());
    inbound::record_message(pool, &second, now)
        .await
        .map(|_| ())
}
