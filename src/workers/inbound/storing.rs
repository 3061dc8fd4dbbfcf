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
use crate::workers::inbound::early_edits::is_unopened_edit;
use crate::workers::inbound::pairs::Form;

/// Stores a message of this event, unless its content belongs to one that is stored. Returns the events with edits of it that
/// came before it and could not be opened.
pub(super) async fn store(
    context: &Context,
    (message, event): (&Message, i64),
    new: &NewInbound<'_>,
    (form, texts): (&Form, Texts<'_>),
) -> sqlx::Result<Vec<i64>> {
    let (pool, now) = (&context.pool, context.clock.now());
    if is_told(context, message, new).await? {
        return Ok(Vec::new());
    }
    let Some(id) = id_of(context, message, new).await? else {
        return Ok(Vec::new());
    };
    let new = &NewInbound {
        wa_message_id: &id,
        ..new.clone()
    };
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

/// Whether an edit is shown by its other form, in whose place its content now stands, if that could not be opened.
async fn is_told(context: &Context, message: &Message, new: &NewInbound<'_>) -> sqlx::Result<bool> {
    let (pool, now) = (&context.pool, context.clock.now());
    let ids = message.about.as_deref().map(whatsapp_events::edit_ids);
    match (&message.content, ids) {
        (Content::Edited(_), Some((_, sealed))) if new.text.is_some() => {
            edits::fill_in(pool, new, &sealed, now).await
        }
        (Content::Sealed(_), Some((known, _))) => edits::is_told(pool, new, &known, now).await,
        _ => Ok(false),
    }
}

/// The id under which a message is stored; none for an edit that is known by its other form. An edit back that only an update
/// announces gets one of its own.
async fn id_of(
    context: &Context,
    message: &Message,
    new: &NewInbound<'_>,
) -> sqlx::Result<Option<WaMessageId>> {
    let (pool, now) = (&context.pool, context.clock.now());
    let id = new.wa_message_id;
    let Some(begin) = whatsapp_events::edit_without_own_id(id.as_str()) else {
        return Ok(Some(id.clone()));
    };
    if begin != id.as_str() {
        let is_known = edits::is_known(pool, new, begin, now).await?;
        if is_known {
            remember_edit(context, new).await?;
        }
        return Ok((!is_known).then(|| id.clone()));
    }
    let about = message.about.as_deref().unwrap_or_default();
    let (all, _) = whatsapp_events::edit_ids(about);
    Ok(
        match edits::announced(pool, new, (&all, begin), now).await? {
            Announced::New => Some(id.clone()),
            Announced::Known => None,
            Announced::Back => {
                let back = whatsapp_events::edit_of_time(begin, new.sent_at.unix_timestamp());
                Some(WaMessageId(back))
            }
        },
    )
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
