//! The people of a round and what they do: agents send, customers write and read, vendors repeat themselves.
//!
//! Owns every text and file that is sent; no two are the same. Does not know what happens to them.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use simulators::{Address, ChatMessage, CustomerFile, Direction, Simulation, Waapify, seed};
use tokio::task::JoinSet;

use crate::pass;

/// Begins every text, so that a log with a text is found. Its hyphen and length make it unlikely in a random id.
pub const MARK: &str = "teks-uji";
/// Begins every customer's number, so that a log with a number is found. It is too long to be in an id by chance.
pub const CUSTOMERS: &str = "6012345000";
/// The same for those of Brazil, and the digits under which WhatsApp knows their phones.
pub const BRAZILIANS: [&str; 2] = ["551198765000", "55118765000"];
/// Words of a text for two or three parts: each word has 17 bytes, and a part has 5,500 at most.
const LONG_WORDS: std::ops::Range<usize> = 330..840;

/// A sub-account with its number.
pub struct Shop {
    pub location: String,
    pub number: String,
    pub instance: String,
    pub token: String,
    pub gateway: Waapify,
    pub customers: Vec<Customer>,
}

/// A customer of a shop. The same people write to all shops.
pub struct Customer {
    pub phone: String,
    pub name: String,
    /// None if GHL does not know the customer.
    pub contact: Option<String>,
}

/// Makes one to three shops with two to four customers each.
pub fn build(simulation: &Simulation, rng: &mut StdRng) -> Vec<Shop> {
    let shops = 0..rng.random_range(1..=3);
    shops.map(|at| shop(simulation, rng, at)).collect()
}

fn shop(simulation: &Simulation, rng: &mut StdRng, at: usize) -> Shop {
    let (mut location, mut number) = (seed::LOCATION_ID.to_owned(), seed::NUMBER.to_owned());
    let (mut instance, mut token) = (seed::INSTANCE_ID.to_owned(), seed::ACCESS_TOKEN.to_owned());
    let mut gateway = simulation.waapify.clone();
    if at > 0 {
        location = format!("CrashLocation000000{at}");
        number = format!("6011890000{at}");
        instance = format!("68C0FFEE{at}");
        token = format!("crash-waapify-token-{at}");
        let name = format!("Kedai {at}");
        simulation
            .ghl
            .add_location(seed::COMPANY_ID, &location, &name);
        gateway = simulation
            .waapify
            .add_instance(&instance, &token, &number, &name);
    }
    let customers = (1..=rng.random_range(2..=4)).map(|customer| {
        let [dialled, known] = BRAZILIANS;
        let (kind, name) = (rng.random_range(0..4), format!("Pelanggan {customer}"));
        let phone = match kind {
            0 => format!("+{dialled}{customer}"),
            _ => format!("+{CUSTOMERS}{customer}"),
        };
        let address = match kind {
            0 => Address {
                number: Some(format!("{known}{customer}")),
                receipts_lid: None,
            },
            1 => Address {
                number: None,
                receipts_lid: Some(format!("18446744000000{at}{customer}")),
            },
            _ => Address::default(),
        };
        gateway.set_address(&phone, address);
        let known = rng.random_bool(0.8);
        let contact = known.then(|| simulation.ghl.add_contact(&location, &name, &phone));
        Customer {
            phone,
            name,
            contact,
        }
    });
    Shop {
        customers: customers.collect(),
        location,
        number,
        instance,
        token,
        gateway,
    }
}

/// Lets all people act for about `length`. Returns when the last one has finished.
pub async fn run(simulation: &Simulation, shops: &[Shop], seed: u64, length: Duration) {
    let mut people = JoinSet::new();
    let conversations = shops
        .iter()
        .flat_map(|shop| shop.customers.iter().map(move |c| (shop, c)));
    for (at, (shop, customer)) in (0..).zip(conversations) {
        let talk = Talk {
            simulation: simulation.clone(),
            gateway: shop.gateway.clone(),
            phone: customer.phone.clone(),
            name: customer.name.clone(),
            contact: customer.contact.clone(),
            tag: format!("{MARK}-{at}"),
            said: 0,
        };
        let rng = StdRng::seed_from_u64(seed.wrapping_mul(1_000).wrapping_add(at));
        people.spawn(talk.run(rng, length));
    }
    people.join_all().await;
}

/// One conversation, with both of its sides.
struct Talk {
    simulation: Simulation,
    gateway: Waapify,
    phone: String,
    name: String,
    contact: Option<String>,
    tag: String,
    said: usize,
}

impl Talk {
    async fn run(mut self, mut rng: StdRng, length: Duration) {
        let steps = rng.random_range(8..=16);
        for _ in 0..steps {
            let share = rng.random_range(0.3..1.7) / f64::from(steps);
            pass(length.mul_f64(share)).await;
            match rng.random_range(0..100) {
                0..22 => self.send_text(1),
                22..28 => self.send_text(rng.random_range(LONG_WORDS)),
                // Few: their server does not exist, so each is tried for a while before its address goes alone.
                28..31 => self.send_files(rng.random_range(1..=3)),
                // A campaign does not wait for the answers.
                31..45 => (0..3).for_each(|_| self.send_text(2)),
                45..74 => self.write().await,
                74..79 => self.edit(&mut rng).await,
                79..82 => self.send_photo().await,
                82..90 => self.gateway.customer_reads(&self.phone).await,
                90..95 => self.deliver_again(&mut rng).await,
                _ => self.write_again(&mut rng).await,
            }
        }
    }

    /// `words` words that no other text has.
    fn words(&mut self, words: usize) -> String {
        self.said += 1;
        let word = |at| format!("{}-{}-{at:04}", self.tag, self.said);
        (0..words).map(word).collect::<Vec<_>>().join(" ")
    }

    fn send_text(&mut self, words: usize) {
        let text = self.words(words);
        self.send(&text, &[]);
    }

    /// Sends files, sometimes with a text, which becomes the caption of a picture that is first.
    fn send_files(&mut self, files: usize) {
        let text = self.words(1);
        let address = |at| {
            let extension = ["jpg", "pdf", "mp3"][at % 3];
            format!("https://files.example/{text}-{at}.{extension}")
        };
        let first = self.said % 3;
        let files: Vec<String> = (first..first + files).map(address).collect();
        let text = if self.said.is_multiple_of(2) {
            text
        } else {
            String::new()
        };
        self.send(&text, &files);
    }

    fn send(&self, text: &str, files: &[String]) {
        if let Some(contact) = &self.contact {
            self.simulation.ghl.agent_sends(contact, text, files);
        }
    }

    async fn write(&mut self) {
        let text = self.words(1);
        self.gateway
            .customer_sends(&self.phone, &self.name, &text)
            .await;
    }

    /// GHL delivers a message again.
    async fn deliver_again(&self, rng: &mut StdRng) {
        let contact = self.contact.as_deref().unwrap_or_default();
        let mut sent = self.simulation.ghl.messages_with(contact);
        sent.retain(|message| message.direction == Direction::Outbound);
        if let Some(last) = sent.len().checked_sub(1) {
            let message = &sent[rng.random_range(0..=last)];
            self.simulation.ghl.redeliver(&message.id).await;
        }
    }

    /// The gateway posts a message again that the service has received.
    async fn write_again(&self, rng: &mut StdRng) {
        if let Some(message) = self.heard_text(rng) {
            self.gateway.posts_again(&self.phone, &message.id).await;
        }
    }

    /// The customer edits a message that the service has received. Without its original an edit could not be opened.
    async fn edit(&mut self, rng: &mut StdRng) {
        let text = self.words(1);
        let written = self.gateway.chat(&self.phone);
        if let Some(message) = self.heard_text(rng)
            && !written
                .iter()
                .any(|edit| edit.edits.as_ref() == Some(&message.id))
        {
            self.gateway
                .customer_edits(&self.phone, &self.name, &message.id, &text)
                .await;
        }
    }

    /// The customer sends a photo in high definition.
    async fn send_photo(&mut self) {
        let caption = self.words(1);
        let photo = |bytes| CustomerFile {
            kind: "image",
            bytes,
            mimetype: "image/jpeg",
            name: None,
            caption: Some(&caption),
        };
        let forms = [
            &photo(b"\xff\xd8\xff\xe0small"),
            &photo(b"\xff\xd8\xff\xe0better"),
        ];
        self.gateway
            .customer_sends_hd_photo(&self.phone, &self.name, forms)
            .await;
    }

    /// A text of the customer that the service has received.
    fn heard_text(&self, rng: &mut StdRng) -> Option<ChatMessage> {
        let mut written = self.gateway.chat(&self.phone);
        written.retain(|message| {
            let is_text = message.kind == "text" && message.edits.is_none();
            is_text && !message.from_business && message.heard
        });
        let last = written.len().checked_sub(1)?;
        Some(written.swap_remove(rng.random_range(0..=last)))
    }
}
