//! Controls of the simulated gateway for tests, the script and the page: customers who write and read, numbers that
//! are linked and unlinked, and what each phone shows.

use serde_json::{Value, json};
use url::Url;

use crate::waapify::events::{digits, inbound_text};
use crate::waapify::{ChatMessage, Envelope, Instance, Waapify};
use crate::{clock, seed};

impl Waapify {
    /// Adds a linked number and returns a handle for it.
    #[must_use]
    pub fn add_instance(&self, id: &str, access_token: &str, number: &str, name: &str) -> Self {
        let instance = Instance {
            access_token: access_token.to_owned(),
            number: number.to_owned(),
            name: name.to_owned(),
            linked: true,
            activated: true,
            shown_since: None,
            webhook: None,
            chats: std::collections::BTreeMap::new(),
            addresses: std::collections::BTreeMap::new(),
            held: Vec::new(),
        };
        let mut state = self.inner.state.lock();
        state.accounts.insert(access_token.to_owned());
        state.instances.insert(id.to_owned(), instance);
        drop(state);
        Self {
            instance_id: id.to_owned(),
            ..self.clone()
        }
    }

    /// Removes messages, webhook addresses and instances that were added later. The first number is linked.
    pub(crate) fn forget(&self) {
        let mut state = self.inner.state.lock();
        state.instances.retain(|id, _| id == seed::INSTANCE_ID);
        for instance in state.instances.values_mut() {
            instance.linked = true;
            instance.activated = true;
            instance.webhook = None;
            instance.held.clear();
            for chat in instance.chats.values_mut() {
                chat.messages.clear();
            }
        }
    }

    /// The instance that posts to the service, if there is one. An instance that was added later is preferred.
    #[must_use]
    pub(crate) fn heard(&self) -> Self {
        let state = self.inner.state.lock();
        let mut heard = state
            .instances
            .iter()
            .filter(|(_, instance)| instance.webhook.is_some());
        let later = heard.clone().find(|(id, _)| *id != seed::INSTANCE_ID);
        let id = later.or_else(|| heard.next()).map(|(id, _)| id.clone());
        drop(heard);
        drop(state);
        id.map_or_else(|| self.clone(), |id| self.at(&id))
    }

    /// Adds a customer who can write.
    pub fn add_customer(&self, phone: &str, name: &str) {
        self.with(|instance| {
            name.clone_into(&mut instance.chats.entry(digits(phone)).or_default().name);
        });
    }

    /// Adds the customers that every instance has at first.
    pub(crate) fn seed_customers(&self) {
        let known = [seed::AISYAH, seed::LIM_WEI].map(|(_, name, phone)| (name, phone));
        let (hidden, lid, _) = seed::HIDDEN;
        for (name, phone) in known.into_iter().chain([seed::STRANGER, (hidden, lid)]) {
            self.add_customer(phone, name);
        }
    }

    /// A customer writes to the business. Returns WhatsApp's id of the message, after the webhook has been answered
    /// or has failed.
    pub async fn customer_sends(&self, phone: &str, name: &str, text: &str) -> String {
        let phone = digits(phone);
        let id = format!("3A{}", clock::hex(18));
        self.keep_on_phone(&phone, name, ChatMessage::written(&id, text, false));
        self.post_inbound(&phone, name, &id, inbound_text(&phone, name, &id, text))
            .await;
        id
    }

    /// A customer sends something that is not plain text: `content` is WhatsApp's `message` object. Returns
    /// WhatsApp's id of the message.
    pub async fn customer_sends_content(&self, phone: &str, name: &str, content: Value) -> String {
        let shown = ("other", "[not a plain text]");
        self.customer_sends_shown(phone, name, shown, content).await
    }

    /// Like [`Self::customer_sends_content`]; the customer's phone shows a message of this kind and text.
    pub async fn customer_sends_shown(
        &self,
        phone: &str,
        name: &str,
        (kind, text): (&'static str, &str),
        content: Value,
    ) -> String {
        let phone = digits(phone);
        let id = format!("3A{}", clock::hex(18));
        let mut kept = ChatMessage::written(&id, text, false);
        kept.kind = kind;
        self.keep_on_phone(&phone, name, kept);
        let mut message = inbound_text(&phone, name, &id, "");
        message["message"] = content;
        self.post_inbound(&phone, name, &id, message).await;
        id
    }

    /// The gateway posts a customer's message again with the same id, as it does when WhatsApp resends it. Returns
    /// the status of the answer.
    pub async fn posts_again(&self, phone: &str, message_id: &str) -> Option<u16> {
        let phone = digits(phone);
        let (name, text) = self.with(|instance| {
            let chat = instance.chats.get(&phone)?;
            let message = chat
                .messages
                .iter()
                .find(|message| message.id == message_id)?;
            Some((chat.name.clone(), message.text.clone()))
        })??;
        let message = inbound_text(&phone, &name, message_id, &text);
        let data = json!({ "messages": [message], "type": "notify" });
        let status = self.post_event("messages.upsert", data).await;
        self.note_heard(&phone, message_id, status);
        status
    }

    /// Adds a message of a customer to the chat.
    pub(super) fn keep_on_phone(&self, phone: &str, name: &str, message: ChatMessage) {
        self.with(|instance| {
            let chat = instance.chats.entry(phone.to_owned()).or_default();
            name.clone_into(&mut chat.name);
            chat.messages.push(message);
        });
    }

    /// Adds a text that somebody wrote on the business's phone to the chat.
    pub(super) fn keep_owners(&self, phone: &str, id: &str, text: &str) {
        self.with(|instance| {
            let chat = instance.chats.entry(phone.to_owned()).or_default();
            chat.messages.push(ChatMessage::written(id, text, true));
        });
    }

    /// The owner links the number again. Then the gateway posts the events that it had held back.
    pub async fn link(&self) {
        let linked = self.with(|instance| {
            let before = std::mem::replace(&mut instance.linked, true);
            instance.activated = true;
            let user = json!({
                "id": format!("{}:12@s.whatsapp.net", instance.number),
                "name": instance.name,
                "avatar": "",
                "jid": format!("{}@s.whatsapp.net", instance.number),
            });
            (!before).then_some(user)
        });
        if let Some(Some(user)) = linked {
            self.post_event("ready", user).await;
            self.post_held().await;
        }
    }

    /// The owner unlinks the number: the gateway refuses sends and holds back events.
    pub async fn unlink(&self) {
        let was = self.with(|instance| std::mem::replace(&mut instance.linked, false));
        if was == Some(true) {
            self.post_event("state", json!("logout")).await;
        }
    }

    /// Whether the number is linked.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.with(|instance| instance.linked).unwrap_or(false)
    }

    /// Sets the address for webhooks, as `setwebhook.php` does.
    pub fn set_webhook(&self, url: Option<Url>) {
        self.with(|instance| instance.webhook = url);
    }

    /// The address for webhooks.
    #[must_use]
    pub fn webhook(&self) -> Option<Url> {
        self.with(|instance| instance.webhook.clone()).flatten()
    }

    /// Sets the envelope of the webhooks of all instances.
    pub fn set_envelope(&self, envelope: Envelope) {
        self.inner.state.lock().envelope = envelope;
    }

    /// The messages that the customer's phone shows, oldest first.
    #[must_use]
    pub fn chat(&self, phone: &str) -> Vec<ChatMessage> {
        let phone = digits(phone);
        self.with(|instance| instance.chats.get(&phone).map(|chat| chat.messages.clone()))
            .flatten()
            .unwrap_or_default()
    }

    /// Number and name of each customer who has a chat with the business.
    #[must_use]
    pub fn customers(&self) -> Vec<(String, String)> {
        self.with(|instance| {
            let chats = instance.chats.iter();
            chats
                .map(|(phone, chat)| (phone.clone(), chat.name.clone()))
                .collect()
        })
        .unwrap_or_default()
    }

    /// The texts that the business has sent from this number. The order between customers is not defined.
    #[must_use]
    pub fn sent_texts(&self) -> Vec<String> {
        self.with(|instance| {
            let messages = instance.chats.values().flat_map(|chat| &chat.messages);
            messages
                .filter(|m| m.from_business)
                .map(|m| m.text.clone())
                .collect()
        })
        .unwrap_or_default()
    }

    /// The number's digits, and its name on WhatsApp.
    #[must_use]
    pub fn owner(&self) -> (String, String) {
        self.with(|instance| (instance.number.clone(), instance.name.clone()))
            .unwrap_or_default()
    }
}
