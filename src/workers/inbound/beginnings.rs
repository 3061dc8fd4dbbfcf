//! Conversations that began in a contact without a phone, because their sender hid it.

use whatsapp_events::{Chat, Message, Person};

use crate::db::contacts::lids::LID_SERVER;
use crate::db::contacts::phones;
use crate::db::inbound::InboundJob;
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::ids::ContactId;
use crate::workers::Context;

/// What the first message says after the phone of its sender became known.
pub(super) const BEGAN_ELSEWHERE: &str =
    "[This conversation began in a contact without a phone number, with the tag whatsapp-no-phone]";

/// Takes the line out of a message that is posted to the contact in which the conversation began: somebody has given that
/// contact its phone in GHL.
pub(super) async fn leave_out_line(
    context: &Context,
    job: &mut InboundJob,
    contact: &ContactId,
) -> sqlx::Result<()> {
    let Some(words) = job.text.strip_prefix(BEGAN_ELSEWHERE) else {
        return Ok(());
    };
    let words = words.trim_start_matches('\n').to_owned();
    if phones::has_begun_in(&context.pool, &job.location_id, contact).await? {
        job.text = words;
    }
    Ok(())
}

/// The address under which the sender was shown without a phone, if the phone is known only now.
pub(super) async fn find(
    context: &Context,
    job: &EventJob,
    message: &Message,
    phone: Option<&str>,
) -> sqlx::Result<Option<String>> {
    let Chat::Person(Person { lid: Some(lid), .. }) = &message.chat else {
        return Ok(None);
    };
    if phone.is_none() {
        return Ok(None);
    }
    let address = format!("{lid}{LID_SERVER}");
    let began = phones::find_beginning(&context.pool, &job.location_id, &address).await?;
    Ok(began.map(|_| address))
}

/// Whether earlier messages of a sender without a phone are shown in a contact of their own.
pub(super) async fn is_shown(
    context: &Context,
    job: &EventJob,
    conversation: &str,
) -> sqlx::Result<bool> {
    let (pool, location) = (&context.pool, &job.location_id);
    let began = phones::find_beginning(pool, location, conversation).await?;
    Ok(began.is_some())
}
