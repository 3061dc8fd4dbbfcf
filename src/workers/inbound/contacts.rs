//! GHL's contact for a customer, for a sender who hides the phone, or for a group.
//!
//! Finds the contact or creates it, once for each phone or group. It must not change a contact that GHL has.

use time::{Duration, OffsetDateTime};

use crate::accounts::tokens::TokenError;
use crate::clients::ghl;
use crate::clients::ghl::{Advice, CallError, ContactPhones, NamedContact};
use crate::db::contacts::lids::LID_SERVER;
use crate::db::contacts::phones::{KnownContact, Touch};
use crate::db::contacts::{addresses, groups, phones, tags};
use crate::db::opt_outs::dnd;
use crate::model::ids::{ContactId, LocationId};
use crate::model::opt_out::Dnd;
use crate::model::phone_forms;
use crate::model::states::ContactSource;
use crate::workers::Context;
use crate::workers::outbound::plan::{Country, country_of, main_number};

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
    /// The business's number that it wrote to (digits): people of its country write national numbers.
    pub(in crate::workers) number: &'a str,
    /// The name on WhatsApp; none where the business wrote.
    pub(in crate::workers) name: Option<&'a str>,
    /// When the customer wrote; none where the business did.
    pub(in crate::workers) wrote_at: Option<OffsetDateTime>,
    /// The contact of the message that this one answers, if known.
    pub(in crate::workers) answers: Option<&'a ContactId>,
    /// Contacts of which GHL said that they do not exist, although its search may still name them.
    pub(in crate::workers) gone: &'a [String],
}

impl Sender<'_> {
    const fn touch(&self) -> Touch<'_> {
        Touch {
            wrote_at: self.wrote_at,
            number: self.number,
        }
    }

    fn is_gone(&self, contact: &ContactId) -> bool {
        self.gone.iter().any(|gone| gone == contact.as_str())
    }
}

/// GHL's contact.
pub(in crate::workers) struct Contact {
    /// Its id.
    pub(in crate::workers) id: ContactId,
    /// GHL's conversation with it, if known.
    pub(in crate::workers) conversation: Option<String>,
}

impl From<KnownContact> for Contact {
    fn from(known: KnownContact) -> Self {
        Self {
            id: known.contact_id,
            conversation: known.conversation_id,
        }
    }
}

impl Contact {
    const fn new(id: ContactId) -> Self {
        Self {
            id,
            conversation: None,
        }
    }
}

/// The sender's contact: that of the message which is answered, else the one that was learnt last, else the one that GHL
/// finds. A contact that GHL has is used unchanged, so that a name from the business stays; a new one gets the WhatsApp
/// name.
pub(in crate::workers) async fn find_or_make(
    context: &Context,
    location: &LocationId,
    sender: Sender<'_>,
) -> Result<Contact, TokenError> {
    let (pool, now) = (&context.pool, context.clock.now());
    let has_phone = !sender.phone.contains('@');
    let forms = phone_forms::forms(sender.phone);
    let known = phones::find(pool, location, &forms, sender.touch(), now).await?;
    let is_known = |contact: &ContactId| known.as_ref().is_some_and(|k| k.contact_id == *contact);
    if let Some(answered) = sender.answers.filter(|it| has_phone && !is_known(it))
        && may_have(context, location, answered, sender).await?
    {
        return Ok(Contact::new(answered.clone()));
    }
    if let Some(known) = known
        && (!has_phone
            || is_sure(&known, now)
            || may_have(context, location, &known.contact_id, sender).await?)
    {
        return Ok(Contact::from(known));
    }
    if has_phone && let Some(found) = search(context, location, sender, &forms).await? {
        let (phone, source) = (phone_forms::canonical(sender.phone), ContactSource::Search);
        phones::save(
            pool,
            location,
            &phone,
            &found.id,
            source,
            sender.touch(),
            now,
        )
        .await?;
        note(context, location, &found, now).await?;
        return Ok(Contact::new(found.id));
    }
    make(context, location, sender).await
}

fn is_sure(known: &KnownContact, now: OffsetDateTime) -> bool {
    known.checked_at.is_some_and(|at| now - at < TRUST)
}

/// Whether a contact has the sender's phone in GHL, of which it keeps the memory; or GHL does not say, and nothing contradicts
/// what we know. Then it is asked again with the next message.
async fn may_have(
    context: &Context,
    location: &LocationId,
    contact: &ContactId,
    sender: Sender<'_>,
) -> Result<bool, TokenError> {
    let forms = phone_forms::forms(sender.phone);
    let word = match read_phones(context, location, contact).await {
        Err(TokenError::Call(error)) if error.says_contact_is_gone() => Word::No,
        Err(TokenError::Call(error)) if is_silent(&error) => Word::Unknown,
        read => word_of(&read?, &forms, country_of(sender.number)),
    };
    if word == Word::Yes {
        let now = context.clock.now();
        phones::confirm(&context.pool, location, &forms, contact, now).await?;
    }
    Ok(word != Word::No)
}

/// What GHL says about a contact and a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// The contact has it.
    Yes,
    /// It has others, or there is no such contact any more.
    No,
    /// Nothing.
    Unknown,
}

/// Whether GHL refuses to show this contact only; when it is down, or the token is refused, the message must wait.
fn is_silent(error: &CallError) -> bool {
    error.advice == Advice::Reject || error.has_timed_out()
}

/// Phones are read as outbound messages read them, and in the contact's own country. Phones that nobody can read say
/// nothing.
fn word_of(phones: &ContactPhones, forms: &[String], country: Option<Country>) -> Word {
    let own = phones.country.as_ref().and_then(|code| code.parse().ok());
    let read = |written: &String| {
        let countries = [country, own.filter(|_| own != country)];
        countries.map(|country| main_number(written, country))
    };
    let numbers: Vec<_> = phones.written.iter().flat_map(read).flatten().collect();
    let fits = |number: &String| forms.iter().any(|form| phone_forms::is_same(form, number));
    if numbers.iter().any(fits) {
        Word::Yes
    } else if numbers.is_empty() {
        Word::Unknown
    } else {
        Word::No
    }
}

/// Keeps what an answer of GHL tells of a contact besides its id: its name, and whether it may be written to.
async fn note(
    context: &Context,
    location: &LocationId,
    contact: &NamedContact,
    asked_at: OffsetDateTime,
) -> sqlx::Result<()> {
    let pool = &context.pool;
    phones::save_name(pool, location, &contact.id, contact.name.as_deref()).await?;
    note_dnd(context, location, &contact.id, contact.dnd, asked_at).await
}

async fn note_dnd(
    context: &Context,
    location: &LocationId,
    contact: &ContactId,
    dnd: Option<Dnd>,
    asked_at: OffsetDateTime,
) -> sqlx::Result<()> {
    match dnd {
        Some(said) => {
            let now = context.clock.now();
            dnd::record(&context.pool, location, contact, said, asked_at, now).await
        }
        None => Ok(()),
    }
}

/// The phones of a contact in GHL, whose name and "do not disturb" are kept.
pub(in crate::workers) async fn read_phones(
    context: &Context,
    location: &LocationId,
    contact: &ContactId,
) -> Result<ContactPhones, TokenError> {
    let asked_at = context.clock.now();
    let read =
        |ghl: ghl::Client, token| async move { ghl.find_phones_of_contact(&token, contact).await };
    let phones = context.tokens.call(location, read).await?;
    note_dnd(context, location, contact, phones.dnd, asked_at).await?;
    phones::save_name(&context.pool, location, contact, phones.name.as_deref()).await?;
    if let Some(read) = &phones.tags {
        tags::record(&context.pool, location, contact, read, asked_at).await?;
    }
    Ok(phones)
}

/// The contact that GHL has under one of the numbers of a phone, first under the one by which WhatsApp knows it; none also
/// where GHL refuses to say, or names one that does not exist.
async fn search(
    context: &Context,
    location: &LocationId,
    sender: Sender<'_>,
    forms: &[String],
) -> Result<Option<NamedContact>, TokenError> {
    let heard = match forms {
        [phone, _, ..] => addresses::find(&context.pool, location, phone).await?,
        _ => None,
    };
    let is_heard = |form: &&String| heard.as_ref() == Some(*form);
    let (first, others): (Vec<_>, Vec<_>) = forms.iter().partition(is_heard);
    for form in first.into_iter().chain(others) {
        let phone = format!("+{form}");
        let phone = phone.as_str();
        let find = |ghl: ghl::Client, token| async move {
            ghl.find_contact(&token, location, phone).await
        };
        match context.tokens.call(location, find).await {
            Err(TokenError::Call(error)) if error.advice == Advice::Reject => {}
            Ok(None) => {}
            Ok(Some(found)) if sender.is_gone(&found.id) => {}
            found => return found,
        }
    }
    Ok(None)
}

/// Makes the contact of a phone, of a group, or of a sender without a phone. GHL may not know it by its phone (where its
/// settings allow duplicates), and makes another one each time, so a claim ensures that only one process at a time
/// creates it. (If GHL's answer is lost, or the process is killed before it stores the contact, a second one may be
/// created.)
async fn make(
    context: &Context,
    location: &LocationId,
    sender: Sender<'_>,
) -> Result<Contact, TokenError> {
    let (pool, now) = (&context.pool, context.clock.now());
    let (key, until) = (phone_forms::canonical(sender.phone), now + MAKING);
    let claimed = groups::claim_making(pool, location, &key, until, now).await?;
    let subject = claimed.ok_or(TokenError::MakingContact)?;
    // The holder of an earlier claim may have created it a moment ago.
    let forms = phone_forms::forms(sender.phone);
    let known = phones::find(pool, location, &forms, sender.touch(), now).await?;
    let contact = match known.filter(|known| is_sure(known, now)) {
        Some(known) => Ok(NamedContact {
            id: known.contact_id,
            name: None,
            dnd: None,
        }),
        None if sender.phone.contains('@') => {
            make_without_phone(context, location, sender, subject.as_deref()).await
        }
        None => make_with_phone(context, location, sender).await,
    };
    if let Ok(contact) = &contact {
        let (source, touch) = (ContactSource::Made, sender.touch());
        phones::save(pool, location, &key, &contact.id, source, touch, now).await?;
        note(context, location, contact, now).await?;
    }
    groups::finish_making(pool, location, &key, until).await?;
    contact.map(|contact| Contact::new(contact.id))
}

/// A contact that exists keeps the name that the business gave it, although GHL's search did not find it: only a new one
/// gets the name. Where GHL refuses to create one and does not say which it has, the upsert finds it, without a name.
async fn make_with_phone(
    context: &Context,
    location: &LocationId,
    sender: Sender<'_>,
) -> Result<NamedContact, TokenError> {
    let forms = phone_forms::forms(sender.phone);
    let (phone, name) = (format!("+{}", phone_forms::written(&forms)), sender.name);
    let phone = phone.as_str();
    let create = |ghl: ghl::Client, token| async move {
        ghl.create_contact(&token, location, phone, name).await
    };
    let upsert =
        |ghl: ghl::Client, token| async move { ghl.upsert_contact(&token, location, phone).await };
    match context.tokens.call(location, create).await {
        Err(TokenError::Call(error)) if error.advice == Advice::Reject => {
            context.tokens.call(location, upsert).await
        }
        // GHL names it in refusing to make another one.
        Ok(created) if sender.is_gone(&created.id) => context.tokens.call(location, upsert).await,
        created => created,
    }
}

/// `subject`: the name of a group.
async fn make_without_phone(
    context: &Context,
    location: &LocationId,
    sender: Sender<'_>,
    subject: Option<&str>,
) -> Result<NamedContact, TokenError> {
    let (name, tags) = if sender.phone.ends_with(LID_SERVER) {
        (sender.name.unwrap_or(HIDDEN_NAME), HIDDEN_TAGS)
    } else {
        (subject.unwrap_or(NAMELESS), &[][..])
    };
    let make = |ghl: ghl::Client, token| async move {
        ghl.make_contact_without_phone(&token, location, name, tags)
            .await
    };
    context.tokens.call(location, make).await
}
