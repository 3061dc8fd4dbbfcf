//! Messages that change or replace an earlier one: encrypted edits, and larger versions of a picture.
//!
//! Decides what becomes of them before they are recorded.

use whatsapp_events::{Chat, Content, Message, Original, Person};

use crate::db::contacts::lids;
use crate::db::contacts::lids::LID_SERVER;
use crate::db::inbound;
use crate::db::inbound::media;
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::ids::WaMessageId;
use crate::model::phone_forms;
use crate::workers::Context;

/// The message in plain text: an encrypted edit is opened with the secret of the message that it changes. One that cannot
/// be opened says only that something was edited.
pub(super) async fn open(
    context: &Context,
    job: &EventJob,
    message: &Message,
) -> sqlx::Result<Option<Message>> {
    let (Content::SecretEdit(edit), Some(about)) = (&message.content, &message.about) else {
        return Ok(None);
    };
    let (pool, location) = (&context.pool, &job.location_id);
    let id = WaMessageId::from(about.as_str());
    let secret = inbound::find_secret(pool, location, &job.number, &id, message.from_me).await?;
    let writer = addresses(context, job, message).await?;
    let content = secret.and_then(|secret| {
        edit.open(Original {
            id: about,
            secret: &secret,
            writer: &writer,
        })
    });
    Ok(Some(message.opened(content)))
}

/// The addresses that the writer's phone may have used.
async fn addresses(
    context: &Context,
    job: &EventJob,
    message: &Message,
) -> sqlx::Result<Vec<String>> {
    let chat = match &message.chat {
        Chat::Person(person) => Some(person),
        _ => None,
    };
    let Some(Person { phone, lid }) = message.sender.as_ref().or(chat) else {
        return Ok(Vec::new());
    };
    let (pool, location) = (&context.pool, &job.location_id);
    let phone = match (phone, lid) {
        (None, Some(lid)) => lids::find_phone(pool, location, lid).await?,
        (phone, _) => phone.clone(),
    };
    let lid = match (lid, &phone) {
        (None, Some(phone)) => lids::find_lid(pool, location, phone).await?,
        (lid, _) => lid.clone(),
    };
    let phones = phone.iter().flat_map(|phone| phone_forms::forms(phone));
    let phones = phones.map(|phone| format!("{phone}@s.whatsapp.net"));
    Ok(phones
        .chain(lid.map(|lid| format!("{lid}{LID_SERVER}")))
        .collect())
}

/// Whether the message is a larger version of a picture that is known: it takes that one's place if nobody has fetched it
/// yet, and is left out otherwise.
pub(super) async fn is_replacement(
    context: &Context,
    job: &EventJob,
    message: &Message,
) -> sqlx::Result<bool> {
    let (Some(parent), Some(file)) = (&message.replaces, &message.file) else {
        return Ok(false);
    };
    let (pool, location) = (&context.pool, &job.location_id);
    let parent = WaMessageId::from(parent.as_str());
    media::replace_file(pool, location, &job.number, &parent, message.from_me, file).await
}
