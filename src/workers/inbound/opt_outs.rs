//! A customer's message that is an opt-out word: it counts here as soon as it is stored, and GHL is told once it has the
//! message.

use whatsapp_events::{Chat, Content, Message};

use crate::db::inbound::{NewInbound, State};
use crate::db::opt_outs;
use crate::db::opt_outs::{Said, settings};
use crate::model::opt_out::normal;
use crate::model::phone_forms;
use crate::workers::Context;
use crate::workers::opt_outs::LEASE;

/// Notes the word of a stored message, if it is one. Only what a customer typed as a whole message counts, in a chat of two:
/// no caption, reaction, edit or quoted text, nothing in groups, and nothing that the business wrote.
pub(super) async fn note(
    context: &Context,
    message: &Message,
    new: &NewInbound<'_>,
) -> sqlx::Result<()> {
    let is_theirs = !message.from_me && !matches!(new.state, State::Ignored(_));
    let (Chat::Person(_), Content::Text(text), true) = (&message.chat, &message.content, is_theirs)
    else {
        return Ok(());
    };
    // Most messages can be no word, and need no query.
    if normal(text).is_none() {
        return Ok(());
    }
    let (pool, now) = (&context.pool, context.clock.now());
    let settings = settings::find(pool, new.location).await?;
    let Some(word) = settings.words.judge(text).filter(|_| settings.is_on) else {
        return Ok(());
    };
    let said = Said {
        location: new.location,
        number: new.number,
        wa_message_id: new.wa_message_id,
        chat: new.conversation,
        forms: &phone_forms::forms(new.conversation),
        word,
    };
    if opt_outs::record(pool, said, LEASE, now).await? {
        tracing::info!(location = %new.location, word = word.as_str(), "a customer said an opt-out word");
        context.signals.status_updates.notify_one();
        context.signals.opt_outs.notify_one();
        context.signals.sources.notify_one();
    }
    Ok(())
}
