//! Stores a message once, whatever the forms in which it is reported: an edit comes as a message and as an update, a picture in
//! two sizes.

use whatsapp_events::{Content, Message};

use crate::db::inbound;
use crate::db::inbound::media::Texts;
use crate::db::inbound::{NewInbound, State, edits, media};
use crate::model::reason::Step;
use crate::workers::Context;
use crate::workers::inbound::pairs::Form;

/// Stores a message, unless its content belongs to one that is stored.
pub(super) async fn store(
    context: &Context,
    message: &Message,
    new: &NewInbound<'_>,
    (form, texts): (&Form, Texts<'_>),
) -> sqlx::Result<()> {
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
        return Ok(());
    }
    let begin = whatsapp_events::edit_without_own_id(new.wa_message_id.as_str());
    if let Some(begin) = begin
        && edits::is_known(pool, new, begin, now).await?
    {
        return remember_edit(context, new, begin).await;
    }
    let is_new = inbound::record_message(pool, new, now).await?.is_some();
    if let (true, Form::Better(first), Some(file)) = (is_new, form, &message.file) {
        media::replace_file(pool, new, first, (file, texts), now).await?;
    }
    Ok(())
}

/// Keeps the id of an edit that is shown by its other form, so that a webhook that comes again changes nothing.
async fn remember_edit(context: &Context, edit: &NewInbound<'_>, begin: &str) -> sqlx::Result<()> {
    if edit.wa_message_id.as_str() == begin {
        return Ok(());
    }
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
