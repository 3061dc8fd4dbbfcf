//! The checks after a round, once nothing is in progress: what both vendors' users see, against what the service
//! says.
//!
//! They ask the simulated vendors and the database; where a phone or a conversation shows the answer, the service's
//! own word does not count.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::json;
use simulators::{ChatMessage, Direction, Message, Simulation};
use time::OffsetDateTime;
use waapify_ghl::workers::outbound::plan::attachments::File;
use waapify_ghl::workers::outbound::plan::{Part, Plan, plan};

use crate::faults::Book;
use crate::load::{Customer, Shop};
use crate::records::{INBOUND, OUTBOUND, Outbound, UNREAD, posts};
use crate::statuses::{wrong_state, wrong_status};
use crate::store::Store;
use crate::written::{SetAside, Written};

/// How often a part may be on a phone. More than once only if an outcome was unknown.
const MOST_COPIES: usize = 2;
/// Reasons of failures that the suite's faults can cause.
const REASONS: [&str; 2] = ["unconfirmed", "gateway_down"];

/// Of which events the service believes that they end processes.
const ENDS_OF_A_DEADLY_EVENT: u64 = 2;

/// The data that the checks read, and what they found.
pub struct Checks<'a> {
    simulation: &'a Simulation,
    rows: HashMap<String, Outbound>,
    /// States and timelines of customers' messages, by location and WhatsApp's id.
    inbound: HashMap<(String, String), (String, String)>,
    /// The times at which each customer's message was posted to GHL, with any answer.
    posts: HashMap<String, Vec<OffsetDateTime>>,
    set_aside: SetAside,
    pub counts: BTreeMap<&'static str, u64>,
    pub violations: Vec<String>,
}

impl<'a> Checks<'a> {
    /// Reads the database.
    pub async fn new(simulation: &'a Simulation, store: &Store, book: &Book) -> Self {
        let rows: Vec<Outbound> = store.rows(OUTBOUND).await;
        let inbound: Vec<(String, String, String, String)> = store.rows(INBOUND).await;
        let mut checks = Self {
            simulation,
            rows: rows
                .into_iter()
                .map(|row| (row.ghl_message_id.clone(), row))
                .collect(),
            inbound: inbound
                .into_iter()
                .map(|(at, id, state, timeline)| ((at, id), (state, timeline)))
                .collect(),
            posts: posts(simulation),
            set_aside: SetAside::default(),
            counts: BTreeMap::new(),
            violations: Vec::new(),
        };
        checks.events(store.rows(UNREAD).await, book);
        checks
    }

    /// Sorts the gateway's events that the service has not read: those that it set aside since two processes ended while
    /// they read them (decision 0058), and those for which there is no excuse.
    fn events(&mut self, unread: Vec<(Option<String>, Vec<u8>)>, book: &Book) {
        let (aside, wrong): (Vec<_>, Vec<_>) = unread.into_iter().partition(|(reason, _)| {
            reason.as_deref() == Some("deadly") && book.ends() >= ENDS_OF_A_DEADLY_EVENT
        });
        self.count("events set aside after two ended processes", aside.len());
        self.set_aside = SetAside::new(aside.into_iter().map(|(_, body)| body));
        let wrong = wrong.into_iter().map(|(reason, _)| reason);
        let wrong = wrong.map(|reason| format!("an event of the gateway was not read: {reason:?}"));
        self.violations.extend(wrong);
    }

    /// Checks every conversation of every shop.
    pub fn run(&mut self, shops: &[Shop]) {
        let known: BTreeSet<String> = self
            .simulation
            .ghl
            .messages()
            .into_iter()
            .map(|m| m.id)
            .collect();
        let strange = self.rows.keys().filter(|id| !known.contains(*id));
        let strange = strange.map(|id| format!("nobody sent {id}"));
        self.violations.extend(strange);
        for shop in shops {
            let phones: BTreeSet<String> =
                shop.customers.iter().map(|c| digits(&c.phone)).collect();
            for (phone, _) in shop.gateway.customers() {
                let chat = shop.gateway.chat(&phone);
                if !phones.contains(&phone) && chat.iter().any(|m| m.from_business) {
                    self.violations
                        .push(format!("a stranger of {} got a message", shop.location));
                }
            }
            for customer in &shop.customers {
                self.conversation(shop, customer);
            }
        }
    }

    fn conversation(&mut self, shop: &Shop, customer: &Customer) {
        let contacts = self.simulation.ghl.contacts(&shop.location);
        let contacts: Vec<_> = contacts
            .into_iter()
            .filter(|contact| contact.phone.as_deref() == Some(&customer.phone))
            .collect();
        if contacts.len() > 1 {
            self.violations
                .push(format!("{} contacts for one phone", contacts.len()));
        }
        let messages: Vec<Message> = contacts
            .iter()
            .flat_map(|contact| self.simulation.ghl.messages_with(&contact.id))
            .collect();
        let (sent, received): (Vec<_>, Vec<_>) = messages
            .into_iter()
            .partition(|message| message.direction == Direction::Outbound);
        let (ours, theirs): (Vec<_>, Vec<_>) = shop
            .gateway
            .chat(&customer.phone)
            .into_iter()
            .partition(|message| message.from_business);
        self.sent(customer, &sent, &ours);
        self.received(shop, &received, &theirs);
    }

    /// Compares the messages of the business with the customer's phone.
    fn sent(&mut self, customer: &Customer, sent: &[Message], phone: &[ChatMessage]) {
        let parts: Vec<Vec<Key>> = sent.iter().map(|m| expected(&customer.phone, m)).collect();
        let mut copies: BTreeMap<Place, Vec<&ChatMessage>> = BTreeMap::new();
        let mut order = Vec::new();
        let mut strange = 0;
        for bubble in phone {
            let key = (bubble.text.clone(), bubble.media_url.clone());
            let place = parts.iter().enumerate().find_map(|(message, parts)| {
                Some((message, parts.iter().position(|part| *part == key)?))
            });
            match place {
                Some(part) => {
                    copies.entry(part).or_default().push(bubble);
                    order.push(part);
                }
                None => strange += 1,
            }
        }
        if strange > 0 {
            self.violations.push(format!(
                "a phone shows {strange} messages that nobody sent to it"
            ));
        }
        for (at, message) in sent.iter().enumerate() {
            let of_part = |part| copies.get(&(at, part)).map_or(&[][..], Vec::as_slice);
            let of_parts: Vec<_> = (0..parts[at].len()).map(of_part).collect();
            self.message(message, &of_parts);
        }
        self.order(sent, order);
    }

    /// Checks one message of the business, with the copies of its parts.
    fn message(&mut self, message: &Message, parts: &[&[&ChatMessage]]) {
        let copies: usize = parts.iter().map(|part| part.len()).sum();
        let Some(row) = self.rows.get(&message.id) else {
            if message.taken.is_some() {
                self.violations
                    .push(format!("{}: accepted and lost", message.id));
            } else {
                *self
                    .counts
                    .entry("never accepted (GHL gave up)")
                    .or_default() += 1;
            }
            if copies > 0 {
                self.violations
                    .push(format!("{}: sent without a trace", message.id));
            }
            return;
        };
        let unknown = usize::try_from(row.unknown).unwrap();
        let doubles: usize = parts.iter().map(|part| part.len().saturating_sub(1)).sum();
        let mut wrong = Vec::new();
        if row.location_id != message.location_id {
            wrong.push("it is kept for another location".to_owned());
        }
        match (row.state.as_str(), row.reason.as_deref()) {
            ("sent" | "delivered" | "read", None) if parts.iter().any(|part| part.is_empty()) => {
                wrong.push("a part is on no phone".to_owned());
            }
            ("sent" | "delivered" | "read", None) => {}
            ("failed", Some(reason)) if REASONS.contains(&reason) => {}
            (state, reason) => wrong.push(format!("it is {state} ({reason:?}) in the end")),
        }
        if doubles > unknown || parts.iter().any(|part| part.len() > MOST_COPIES) {
            wrong.push(format!(
                "{doubles} copies too many, {unknown} unknown outcomes"
            ));
        }
        let all = parts.iter().flat_map(|copies| copies.iter());
        if !all.clone().any(|copy| self.set_aside.names(&copy.id)) {
            wrong.extend(wrong_state(&row.state, parts));
        }
        wrong.extend(wrong_status(&row.state, message));
        for wrong in wrong {
            let (id, timeline) = (&message.id, &row.timeline);
            self.violations
                .push(format!("{id}: {wrong}\n      {timeline}"));
        }
        for (what, count) in [
            ("messages sent", usize::from(row.state != "failed")),
            (
                "messages failed, all of them unconfirmed",
                usize::from(row.state == "failed"),
            ),
            ("unknown outcomes", unknown),
            ("doubles within unknown outcomes", doubles),
        ] {
            self.count(what, count);
        }
    }

    /// Parts are in order, no message is inside another, and none is before one that was accepted earlier.
    fn order(&mut self, sent: &[Message], bubbles: Vec<Place>) {
        let mut seen = BTreeSet::new();
        let first: Vec<Place> = bubbles
            .into_iter()
            .filter(|part| seen.insert(*part))
            .collect();
        let mut wrong = Vec::new();
        let mut ended = BTreeSet::new();
        for pair in first.windows(2) {
            let ((message, part), (next, next_part)) = (pair[0], pair[1]);
            if message == next && next_part < part {
                wrong.push((message, "its parts are out of order".to_owned()));
            }
            if message != next {
                ended.insert(message);
            }
            if ended.contains(&next) {
                wrong.push((next, "another message is inside it".to_owned()));
            }
        }
        for (at, (later, _)) in first.iter().enumerate() {
            for (earlier, _) in &first[at + 1..] {
                if sent[*earlier].taken < sent[*later].first_delivery
                    && sent[*earlier].taken.is_some()
                {
                    let text = format!(
                        "{} came after it and was accepted before",
                        sent[*earlier].id
                    );
                    wrong.push((*later, text));
                }
            }
        }
        wrong.sort();
        wrong.dedup();
        for (at, wrong) in wrong {
            let timeline = self.rows.get(&sent[at].id).map_or("", |row| &row.timeline);
            self.violations
                .push(format!("{}: {wrong}\n      {timeline}", sent[at].id));
        }
    }

    /// Compares the messages of a customer with GHL's conversation.
    fn received(&mut self, shop: &Shop, conversation: &[Message], written: &[ChatMessage]) {
        let at = |(location, _): &&(String, String)| *location == shop.location;
        let kept: Vec<_> = self.inbound.keys().filter(at).map(|(_, id)| id).collect();
        let written = Written::all(written, &kept, &self.set_aside);
        let shown = |id: &str| {
            let same = |m: &&Message| m.alt_id.as_deref() == Some(id);
            conversation.iter().filter(same).count()
        };
        for message in conversation {
            let source = written
                .iter()
                .find(|w| message.alt_id.as_deref() == Some(&w.id));
            if source.is_none_or(|source| !source.is_shown_as(&message.text)) {
                self.violations
                    .push(format!("{}: no customer wrote this here", message.id));
            }
        }
        let mut expected = Vec::new();
        for message in &written {
            let copies = shown(&message.id);
            let state = self
                .inbound
                .get(&(shop.location.clone(), message.id.clone()));
            let (state, timeline) = state.cloned().unwrap_or_default();
            if copies > 0 {
                self.count("customers' messages posted", 1);
                self.count(message.what, 1);
            }
            // The gateway gave up on one that was not heard, which may be stored later than what was written after it.
            if copies > 0 && message.heard {
                expected.push(message.id.as_str());
            }
            match (message.heard, copies) {
                (true, 0) => self.violations.push(format!(
                    "{}: lost, it is {state}\n      {timeline}",
                    message.id
                )),
                (false, 0) => {
                    self.count("customers' messages that nobody heard", 1);
                }
                (_, 1) => {}
                _ => self.posted_twice(&message.id, &timeline),
            }
            if copies > 0 && state != "posted" {
                self.violations
                    .push(format!("{}: in GHL, and {state} here", message.id));
            }
        }
        let mut seen = BTreeSet::new();
        let posted = conversation.iter().filter_map(|m| m.alt_id.as_deref());
        let posted = posted.filter(|id| expected.contains(id) && seen.insert(*id));
        let posted: Vec<&str> = posted.collect();
        if posted != expected {
            self.violations.push(format!(
                "GHL has {posted:?} in this order, written was {expected:?}"
            ));
        }
    }

    fn count(&mut self, what: &'static str, count: usize) {
        *self.counts.entry(what).or_default() += u64::try_from(count).unwrap();
    }

    /// A second post is a violation, unless nothing could prove the first one: GHL's event of it arrived only
    /// afterwards.
    fn posted_twice(&mut self, id: &str, timeline: &str) {
        let all = self.simulation.ghl.messages();
        let copies: Vec<_> = all
            .iter()
            .filter(|message| message.alt_id.as_deref() == Some(id))
            .collect();
        let came_late = |pair: &[&Message]| {
            pair[0]
                .taken
                .is_none_or(|taken| Some(taken) > pair[1].first_delivery)
        };
        if copies.windows(2).all(came_late) {
            self.count(
                "customers' messages posted twice, GHL's event came too late",
                1,
            );
            return;
        }
        let posts = self.posts.get(id).cloned().unwrap_or_default();
        self.violations.push(format!(
            "{id}: posted twice, at {posts:?}\n      {timeline}"
        ));
    }
}

/// Text and file of a part. No two parts have the same.
type Key = (String, Option<String>);
/// A message of a conversation, and one of its parts.
type Place = (usize, usize);

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

/// The parts that a phone must show for a message.
fn expected(phone: &str, message: &Message) -> Vec<Key> {
    let body = json!({
        "type": "SMS",
        "phone": phone,
        "message": message.text,
        "attachments": message.attachments,
    });
    // The files' servers do not exist, so the type follows from the address.
    let addresses = message.attachments.iter().map(|address| address.parse());
    let files: Vec<File> = addresses
        .map(|url| File::by_address(&url.unwrap()))
        .collect();
    match plan(body.to_string().as_bytes(), None, Some(&files)) {
        Plan::Send { parts, .. } => {
            let key = |part: Part| (part.text, part.media.map(|media| media.url));
            parts.into_iter().map(key).collect()
        }
        Plan::Fail(_) | Plan::Ask(_) => Vec::new(),
    }
}
