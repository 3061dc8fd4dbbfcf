//! Who is who, from a body of Waapify, stored before its messages are recorded: phones of LIDs, under which number a phone
//! is on WhatsApp, names of groups.
//!
//! Decides which events show a LID together with its phone, or prove that it is one's: a receipt or an echo of what was sent
//! to a phone, an answer to it. It does not believe our own message about our own number.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use whatsapp_events::{Chat, Event, Message, Person, ReceiptLevel};

use crate::db::contacts::addresses::Heard;
use crate::db::contacts::lids::Pair;
use crate::db::contacts::{addresses, groups, lids};
use crate::db::outbound::receipts;
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::phone_forms;
use crate::model::states::LidSource;
use crate::workers::Context;
use crate::workers::inbound::record::believable;
use crate::workers::inbound_media::MEDIA_WAIT;

/// A LID that acknowledged, answered or got a message of ours, whose recipient it therefore is.
#[derive(Clone, Copy)]
struct Proof<'a> {
    lid: &'a str,
    /// WhatsApp's id of our message.
    sent: &'a str,
    learnt_by: LidSource,
    /// It stands beside the chat's address, where some builds write our own.
    is_beside: bool,
}

/// Stores what the events of one body say, with one call for all LIDs and one statement for all groups.
pub(in crate::workers) async fn learn(
    context: &Context,
    job: &EventJob,
    events: &[Event],
) -> sqlx::Result<()> {
    let proofs = prove(context, job, events).await?;
    let mut pairs = BTreeMap::new();
    for pair in proofs {
        pairs.insert(pair.lid, pair);
    }
    hear(context, job, events).await?;
    let mut subjects = BTreeMap::new();
    for event in events {
        match event {
            Event::Message(message) => read(&mut pairs, job, message),
            Event::Contact(news) => {
                note(
                    &mut pairs,
                    &news.person,
                    news.name.as_deref(),
                    job.received_at,
                );
            }
            Event::Call(call) => {
                let from = call.from.iter();
                from.for_each(|from| note(&mut pairs, from, None, job.received_at));
            }
            // Our own: no customer has that LID.
            Event::Linked {
                account: Some(account),
            } => note(&mut pairs, account, None, job.received_at),
            Event::Group(news) => {
                subjects.insert(news.group.as_str(), news.subject.as_str());
            }
            _ => {}
        }
    }
    let (pool, location, now) = (&context.pool, &job.location_id, context.clock.now());
    if !subjects.is_empty() {
        let (groups, subjects): (Vec<_>, Vec<_>) = subjects.into_iter().unzip();
        groups::record_subjects(pool, location, &groups, &subjects).await?;
    }
    let pairs: Vec<_> = pairs.into_values().collect();
    if !pairs.is_empty() && lids::learn(pool, location, &pairs, now + MEDIA_WAIT, now).await? {
        context.signals.inbound.notify_one();
        context.signals.inbound_media.notify_one();
    }
    Ok(())
}

/// The proofs, each with the phone of its LID. They say whose the LID is since our message was sent: an answer may be about one
/// from before the customer's number changed.
async fn prove<'a>(
    context: &Context,
    job: &EventJob,
    events: &'a [Event],
) -> sqlx::Result<Vec<Pair<'a>>> {
    let proofs: Vec<_> = events.iter().filter_map(proof).collect();
    if proofs.is_empty() {
        return Ok(Vec::new());
    }
    let (pool, location) = (&context.pool, &job.location_id);
    let ids: Vec<_> = proofs.iter().map(|proof| proof.sent).collect();
    let recipients = receipts::list_recipients(pool, location, &job.number, &ids).await?;
    let pair = |proof: Proof<'a>| {
        // What was sent to a LID says nothing about its phone.
        let known = recipients.get(proof.sent);
        let (phone, said_at) = known.filter(|(chat, _)| !chat.contains('@'))?.clone();
        Some(Pair {
            lid: proof.lid,
            phone,
            name: None,
            said_at,
            learnt_by: proof.learnt_by,
        })
    };
    let (beside, sure): (Vec<_>, Vec<_>) = proofs.into_iter().partition(|proof| proof.is_beside);
    let mut pairs: Vec<_> = sure.into_iter().filter_map(pair).collect();
    let beside: Vec<_> = beside.into_iter().filter_map(pair).collect();
    if !beside.is_empty() {
        pairs.extend(without_doubt(context, job, beside).await?);
    }
    // Of two about one LID the one that was sent later counts.
    pairs.sort_by_key(|pair| pair.said_at);
    Ok(pairs)
}

/// The pairs of which nothing else is known or said: a LID beside two recipients is our own, and a person has one.
async fn without_doubt<'a>(
    context: &Context,
    job: &EventJob,
    pairs: Vec<Pair<'a>>,
) -> sqlx::Result<Vec<Pair<'a>>> {
    let lids: Vec<_> = pairs.iter().map(|pair| pair.lid).collect();
    let phones: Vec<_> = pairs.iter().map(|pair| pair.phone.as_str()).collect();
    let mut told = lids::list_pairs(&context.pool, &job.location_id, &lids, &phones).await?;
    let said = pairs
        .iter()
        .map(|pair| (pair.lid.to_owned(), pair.phone.clone()));
    told.extend(said);
    let is_sure = |pair: &Pair<'_>| {
        let mut told = told.iter();
        told.all(|(lid, phone)| (lid == pair.lid) == (*phone == pair.phone))
            && !phone_forms::is_same(&pair.phone, &job.number)
    };
    Ok(pairs.into_iter().filter(is_sure).collect())
}

/// In a chat with one person only that person can acknowledge or answer, and what we sent was sent to them. A message with
/// both addresses needs no proof.
fn proof(event: &Event) -> Option<Proof<'_>> {
    if let Event::Receipt(receipt) = event {
        return Some(Proof {
            lid: receipt.lid.as_ref()?,
            sent: &receipt.id,
            learnt_by: LidSource::Receipt,
            is_beside: has_phone(receipt.chat.as_ref()?),
        });
    }
    let (chat, sent, learnt_by) = match event {
        Event::Message(message) if message.from_me => {
            (&message.chat, &message.id, LidSource::Receipt)
        }
        Event::Message(message) => (&message.chat, message.about.as_ref()?, LidSource::Quote),
        _ => return None,
    };
    match chat {
        Chat::Person(Person {
            phone: None,
            lid: Some(lid),
        }) => Some(Proof {
            lid,
            sent,
            learnt_by,
            is_beside: false,
        }),
        _ => None,
    }
}

const fn has_phone(chat: &Chat) -> bool {
    matches!(chat, Chat::Person(person) if person.phone.is_some())
}

/// Stores under which of its two numbers a phone wrote or acknowledged.
async fn hear(context: &Context, job: &EventJob, events: &[Event]) -> sqlx::Result<()> {
    let heard: BTreeSet<Heard> = events.iter().filter_map(heard).collect();
    for heard in &heard {
        addresses::learn(&context.pool, &job.location_id, heard, job.received_at).await?;
    }
    Ok(())
}

fn heard(event: &Event) -> Option<Heard> {
    let chat = match event {
        Event::Message(message) if !message.from_me => &message.chat,
        Event::Receipt(receipt) if receipt.level >= ReceiptLevel::Delivered => {
            receipt.chat.as_ref()?
        }
        _ => return None,
    };
    let Chat::Person(Person {
        phone: Some(address),
        ..
    }) = chat
    else {
        return None;
    };
    match phone_forms::forms(address).as_slice() {
        [phone, _, ..] => Some(Heard {
            phone: phone.clone(),
            address: address.clone(),
        }),
        _ => None,
    }
}

fn read<'a>(pairs: &mut BTreeMap<&'a str, Pair<'a>>, job: &EventJob, message: &'a Message) {
    let chat = match &message.chat {
        Chat::Person(person) => Some(person),
        _ => None,
    };
    let said_at = believable(message.sent_at, job.received_at);
    for person in chat.into_iter().chain(&message.sender) {
        // In our own message the second address may be ours.
        let is_our_phone = |phone: &String| phone_forms::is_same(phone, &job.number);
        if !(message.from_me && person.phone.as_ref().is_some_and(is_our_phone)) {
            note(pairs, person, None, said_at);
        }
    }
}

fn note<'a>(
    pairs: &mut BTreeMap<&'a str, Pair<'a>>,
    person: &'a Person,
    name: Option<&'a str>,
    said_at: OffsetDateTime,
) {
    let (Some(phone), Some(lid)) = (&person.phone, &person.lid) else {
        return;
    };
    let pair = Pair {
        lid,
        phone: phone_forms::canonical(phone),
        name,
        said_at,
        learnt_by: LidSource::Message,
    };
    let known = pairs.entry(lid).or_insert_with(|| pair.clone());
    if known.said_at <= said_at {
        let name = name.or(known.name);
        *known = Pair { name, ..pair };
    }
}
