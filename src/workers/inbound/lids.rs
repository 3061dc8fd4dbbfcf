//! Phones of LIDs and names of groups from a body of Waapify, stored before its messages are recorded.
//!
//! Decides which events show a LID together with its phone. It does not believe our own message about our own number.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use whatsapp_events::{Chat, Event, Message, Person};

use crate::db::contacts::lids::Pair;
use crate::db::contacts::{groups, lids};
use crate::db::webhooks::waapify_events::EventJob;
use crate::workers::Context;
use crate::workers::inbound::record::believable;
use crate::workers::inbound_media::MEDIA_WAIT;

/// Stores what the events of one body say, with one call for all LIDs and one statement for all groups.
pub(in crate::workers) async fn learn(
    context: &Context,
    job: &EventJob,
    events: &[Event],
) -> sqlx::Result<()> {
    let mut pairs = BTreeMap::new();
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

fn read<'a>(pairs: &mut BTreeMap<&'a str, Pair<'a>>, job: &EventJob, message: &'a Message) {
    let chat = match &message.chat {
        Chat::Person(person) => Some(person),
        _ => None,
    };
    let said_at = believable(message.sent_at, job.received_at);
    for person in chat.into_iter().chain(&message.sender) {
        // In our own message the second address may be ours.
        if !(message.from_me && person.phone.as_ref() == Some(&job.number)) {
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
        phone,
        name,
        said_at,
    };
    let known = pairs.entry(lid).or_insert(pair);
    if known.said_at <= said_at {
        *known = Pair {
            name: name.or(known.name),
            ..pair
        };
    }
}
