//! What has to be looked up before a message can be read: the secret of an encrypted edit, the names of people whom a text
//! mentions.

use std::borrow::Cow;

use whatsapp_events::{Content, Message, Person};

use crate::db::inbound::{edits, names};
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::ids::WaMessageId;
use crate::workers::Context;

/// Digits of a phone that are shown where nobody's name is known.
const SHOWN_DIGITS: usize = 4;

/// The message with everything that is known here: an encrypted edit opened, and mentioned people named.
pub(super) async fn readable<'a>(
    context: &Context,
    job: &EventJob,
    message: &'a Message,
) -> sqlx::Result<Cow<'a, Message>> {
    let opened = match &message.content {
        Content::Sealed(_) => open(context, job, message).await?,
        _ => None,
    };
    let message = opened.map_or(Cow::Borrowed(message), Cow::Owned);
    if message.mentions.is_empty() {
        return Ok(message);
    }
    name(context, job, message.into_owned())
        .await
        .map(Cow::Owned)
}

/// An encrypted edit with its content; none if the secret of its original is not known, or does not open it.
async fn open(
    context: &Context,
    job: &EventJob,
    message: &Message,
) -> sqlx::Result<Option<Message>> {
    let (pool, location) = (&context.pool, &job.location_id);
    let Some(about) = message.about.as_deref().map(WaMessageId::from) else {
        return Ok(None);
    };
    let from_me = message.from_me;
    let secret = edits::find_secret(pool, location, &job.number, &about, from_me).await?;
    let Some(secret) = secret else {
        return Ok(None);
    };
    let ours = Person {
        phone: Some(job.number.clone()),
        lid: None,
    };
    let writer = message.sender.as_ref().unwrap_or(&ours);
    let mut writers = vec![writer.clone()];
    writers.extend(edits::list_addresses(pool, location, writer).await?);
    Ok(message.unsealed(&secret, &writers))
}

async fn name(context: &Context, job: &EventJob, message: Message) -> sqlx::Result<Message> {
    let digits: Vec<&str> = message.mentions.iter().filter_map(digits_of).collect();
    let known = names::find(&context.pool, &job.location_id, &digits).await?;
    drop(digits);
    Ok(message.with_names(|person| {
        let found = known.get(digits_of(person)?)?;
        let phone = found.phone.as_deref();
        let end = phone.and_then(|phone| phone.get(phone.len().saturating_sub(SHOWN_DIGITS)..));
        found
            .name
            .clone()
            .or_else(|| end.map(|end| format!("…{end}")))
    }))
}

fn digits_of(person: &Person) -> Option<&str> {
    person.lid.as_deref().or(person.phone.as_deref())
}
