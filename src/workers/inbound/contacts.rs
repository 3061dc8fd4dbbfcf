//! GHL's contact for a customer, for a sender who hides the phone, or for a group.
//!
//! Finds the contact or creates it, once for each phone or group. It must not change a contact that GHL has.

use time::{Duration, OffsetDateTime};

use crate::accounts::tokens::TokenError;
use crate::clients::ghl;
use crate::clients::ghl::Advice;
use crate::db::contacts::lids::LID_SERVER;
use crate::db::contacts::{groups, phones};
use crate::model::ids::{ContactId, LocationId};
use crate::model::phone_forms;
use crate::model::states::ContactSource;
use crate::workers::Context;

/// Time for one call to GHL with a renewal of the token. A process that is killed in it delays the group by this at
/// most.
const MAKING: Duration = Duration::seconds(100);
/// A contact is looked at again after this time, because its phone may have been edited in GHL: one call in three days of
/// a conversation.
const TRUST: Duration = Duration::days(3);
/// The name of a sender without a phone and without a name, and by what people find such contacts in GHL.
const HIDDEN_NAME: &str = "WhatsApp user";
const HIDDEN_TAGS: &[&str] = &["whatsapp-no-phone"];
/// The name of a group without a known name.
const NAMELESS: &str = "WhatsApp group";

/// The customer of a message: its sender, or the person that the business wrote to.
#[derive(Clone, Copy, Debug)]
pub(in crate::workers) struct Sender<'a> {
    /// Digits; for a group, its address.
    pub(in crate::workers) phone: &'a str,
    /// The name on WhatsApp; none where the business wrote.
    pub(in crate::workers) name: Option<&'a str>,
    /// When the customer wrote; none where the business did.
    pub(in crate::workers) wrote_at: Option<OffsetDateTime>,
}

/// GHL's contact.
pub(in crate::workers) struct Contact {
    /// Its id.
    pub(in crate::workers) id: ContactId,
    /// GHL's conversation with it, if known.
    pub(in crate::workers) conversation: Option<String>,
}

impl Contact {
    const fn new(id: ContactId) -> Self {
        Self {
            id,
            conversation: None,
        }
    }
}

/// The sender's contact. A contact that GHL has is used unchanged, so that a name from the business stays; a new one
/// gets the WhatsApp name.
pub(in crate::workers) async fn find_or_make(
    context: &Context,
    location: &LocationId,
    sender: Sender<'_>,
) -> Result<Contact, TokenError> {
    let (pool, now) = (&context.pool, context.clock.now());
    let has_phone = !sender.phone.contains('@');
    let forms = phone_forms::forms(sender.phone);
    if let Some(known) = phones::find(pool, location, &forms, sender.wrote_at).await? {
        let is_sure = known.checked_at.is_some_and(|at| now - at < TRUST);
        if is_sure || !has_phone || still_has(context, location, &known.contact_id, &forms).await? {
            return Ok(Contact {
                id: known.contact_id,
                conversation: known.conversation_id,
            });
        }
    }
    if !has_phone {
        return make_without_phone(context, location, sender)
            .await
            .map(Contact::new);
    }
    let searched = search(context, location, &forms).await?;
    let (contact, learnt_by) = match searched {
        Searched::Found(contact) => (contact, ContactSource::Search),
        Searched::Refused | Searched::NotThere => {
            let may_exist = matches!(searched, Searched::Refused);
            (
                make(context, location, &forms, sender.name, may_exist).await?,
                ContactSource::Made,
            )
        }
    };
    let wrote_at = sender.wrote_at;
    let phone = phone_forms::canonical(sender.phone);
    phones::save(pool, location, &phone, &contact, learnt_by, wrote_at, now).await?;
    Ok(Contact::new(contact))
}

/// Whether a contact has one of these numbers in GHL, of which it keeps the memory.
async fn still_has(
    context: &Context,
    location: &LocationId,
    contact: &ContactId,
    forms: &[String],
) -> Result<bool, TokenError> {
    let phone = read_phone(context, location, contact).await?;
    let still = phone.is_some_and(|phone| forms.contains(&digits(&phone)));
    if still {
        let now = context.clock.now();
        phones::confirm(&context.pool, location, forms, contact, now).await?;
    }
    Ok(still)
}

/// The phone of a contact in GHL; none if it has none, or was deleted or merged with another.
pub(in crate::workers) async fn read_phone(
    context: &Context,
    location: &LocationId,
    contact: &ContactId,
) -> Result<Option<String>, TokenError> {
    let read =
        |ghl: ghl::Client, token| async move { ghl.find_phone_of_contact(&token, contact).await };
    match context.tokens.call(location, read).await {
        Err(TokenError::Call(error)) if error.advice == Advice::Reject => Ok(None),
        read => read,
    }
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// Whether GHL has a contact with a phone.
enum Searched {
    Found(ContactId),
    NotThere,
    /// GHL refused the look-up.
    Refused,
}

/// The contact that GHL has under one of the numbers of a phone.
async fn search(
    context: &Context,
    location: &LocationId,
    forms: &[String],
) -> Result<Searched, TokenError> {
    let mut result = Searched::NotThere;
    for form in forms {
        let phone = format!("+{form}");
        let phone = phone.as_str();
        let find = |ghl: ghl::Client, token| async move {
            ghl.find_contact(&token, location, phone).await
        };
        match context.tokens.call(location, find).await {
            Err(TokenError::Call(error)) if error.advice == Advice::Reject => {
                result = Searched::Refused;
            }
            found => {
                if let Some(found) = found? {
                    return Ok(Searched::Found(found));
                }
            }
        }
    }
    Ok(result)
}

async fn make(
    context: &Context,
    location: &LocationId,
    forms: &[String],
    name: Option<&str>,
    may_exist: bool,
) -> Result<ContactId, TokenError> {
    let phone = format!("+{}", phone_forms::written(forms));
    let phone = phone.as_str();
    // A contact that exists keeps the name that the business gave it.
    let make = |ghl: ghl::Client, token| async move {
        if may_exist {
            ghl.create_contact(&token, location, phone, name).await
        } else {
            ghl.upsert_contact(&token, location, phone, name).await
        }
    };
    context.tokens.call(location, make).await
}

/// The contact of a group, or of a sender without a phone. GHL identifies contacts by phone or mail, and these have
/// neither, so a claim ensures that only one process at a time creates it. (If GHL's answer is lost, or the process is killed before it stores the
/// contact, a second one is created.)
async fn make_without_phone(
    context: &Context,
    location: &LocationId,
    sender: Sender<'_>,
) -> Result<ContactId, TokenError> {
    let (pool, now) = (&context.pool, context.clock.now());
    let (address, wrote_at, until) = (sender.phone, sender.wrote_at, now + MAKING);
    let claimed = groups::claim_making(pool, location, address, until, now).await?;
    let subject = claimed.ok_or(TokenError::MakingContact)?;
    let (name, tags) = if address.ends_with(LID_SERVER) {
        (sender.name.unwrap_or(HIDDEN_NAME), HIDDEN_TAGS)
    } else {
        (subject.as_deref().unwrap_or(NAMELESS), &[][..])
    };
    let make = |ghl: ghl::Client, token| async move {
        ghl.make_contact_without_phone(&token, location, name, tags)
            .await
    };
    // The holder of an earlier claim may have created it a moment ago.
    let forms = [address.to_owned()];
    let contact = match phones::find(pool, location, &forms, wrote_at).await? {
        Some(known) => Ok(known.contact_id),
        None => context.tokens.call(location, make).await,
    };
    if let Ok(contact) = &contact {
        let source = ContactSource::Made;
        phones::save(pool, location, address, contact, source, wrote_at, now).await?;
    }
    groups::finish_making(pool, location, address, until).await?;
    contact
}
