//! The gateway's posts to the service: echoes, acks, inbound messages. As in reality there is one attempt, no retry
//! and no signature. While the number is unlinked nothing is posted; afterwards the missed events follow as `append`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock;
use crate::traffic_log::quoted;
use crate::waapify::send::{LIDS, Sent};
use crate::waapify::{ChatMessage, Envelope, Waapify};
use crate::webhook_sender::Parcel;

/// The status of a message that WhatsApp's server has.
pub(super) const SERVER_ACK: u8 = 2;

impl Waapify {
    /// What happens after the answer to a send: the echo, then the acks.
    pub(super) async fn after_send(self, mut sent: Sent) {
        let timings = self.timings();
        if self.inner.state.lock().hides_echoes {
            sent.data["status"] = json!(SERVER_ACK);
        }
        tokio::time::sleep(timings.echo_after).await;
        if !self.inner.state.lock().loses_echoes {
            let status = self
                .post_event("messages.upsert", messages(&sent.data, "append"))
                .await;
            self.note_heard(&sent.phone, &sent.id, status);
        }
        let Some(delivered_after) = timings.delivered_after else {
            return;
        };
        tokio::time::sleep(delivered_after).await;
        self.ack(&sent.phone, Some(&sent.id), 3).await;
        let Some(read_after) = timings.read_after else {
            return;
        };
        tokio::time::sleep(read_after).await;
        self.ack(&sent.phone, Some(&sent.id), 4).await;
    }

    /// The customer's phone receives all messages of the business. The gateway posts the delivery acks that are
    /// missing.
    pub async fn customer_receives(&self, phone: &str) {
        self.ack(&digits(phone), None, 3).await;
    }

    /// The customer opens the chat. The gateway posts the read acks that are missing.
    pub async fn customer_reads(&self, phone: &str) {
        self.ack(&digits(phone), None, 4).await;
    }

    /// Raises the acks of a chat's messages to `level` and posts them as one event. A message that already has this
    /// level is left out.
    async fn ack(&self, phone: &str, only: Option<&str>, level: u8) {
        let mut updates = Vec::new();
        self.with(|instance| {
            let messages = instance.chats.get_mut(phone).map(|chat| &mut chat.messages);
            for message in messages.into_iter().flatten() {
                let meant = only.is_none_or(|id| id == message.id);
                if meant && message.from_business && message.ack < level {
                    message.ack = level;
                    updates.push(json!({
                        "key": {
                            "remoteJid": jid_of(phone),
                            "id": message.id,
                            "fromMe": true,
                        },
                        "update": { "status": level },
                    }));
                }
            }
        });
        if updates.is_empty() {
            return;
        }
        let ids: Vec<String> = updates
            .iter()
            .filter_map(|update| Some(update.pointer("/key/id")?.as_str()?.to_owned()))
            .collect();
        let status = self
            .post_event("messages.update", Value::Array(updates))
            .await;
        self.note(phone, status, |message| {
            if ids.contains(&message.id) {
                message.ack_heard = message.ack_heard.max(level);
            }
        });
    }

    /// Posts an inbound message, then the contact's name, as the gateway does.
    pub(super) async fn post_inbound(&self, phone: &str, name: &str, id: &str, message: Value) {
        let contact = json!([{ "id": jid_of(phone), "notify": name }]);
        let status = self
            .post_event("messages.upsert", messages(&message, "notify"))
            .await;
        self.note_heard(phone, id, status);
        self.post_event("contacts.update", contact).await;
    }

    /// Records that the service has received a message, if it answered with success.
    pub(super) fn note_heard(&self, phone: &str, id: &str, status: Option<u16>) {
        self.note(phone, status, |message| message.heard |= message.id == id);
    }

    /// Changes the messages of a chat if the webhook was answered with success.
    fn note(&self, phone: &str, status: Option<u16>, change: impl FnMut(&mut ChatMessage)) {
        if status.is_some_and(|status| (200..300).contains(&status)) {
            self.with(|instance| {
                let chat = instance.chats.get_mut(phone).into_iter();
                chat.flat_map(|chat| &mut chat.messages).for_each(change);
            });
        }
    }

    /// Posts an event once in the current envelope. Returns the status of the answer, or `None` if there is no
    /// webhook address, the number is unlinked, or no answer arrived.
    pub async fn post_event(&self, event: &str, mut data: Value) -> Option<u16> {
        let held = self.with(|instance| {
            instance.addressed(event, &mut data);
            if !instance.linked && event != "state" {
                instance.held.push((event.to_owned(), data.clone()));
            }
            !instance.linked && event != "state"
        })?;
        if held {
            return None;
        }
        let summary = summary(event, &data);
        let body = self.wrapped(event, data);
        self.post_bytes(body.to_string().into_bytes(), summary)
            .await
    }

    /// Posts any bytes to the webhook address, once.
    pub async fn post_bytes(&self, body: Vec<u8>, summary: String) -> Option<u16> {
        let url = self.with(|instance| instance.webhook.clone())??;
        let headers = vec![("user-agent", "axios/1.7.9".to_owned())];
        let patience = self.timings().delivery_patience;
        self.inner
            .webhooks
            .post(Parcel {
                url,
                headers,
                body,
                summary,
                patience,
            })
            .await
    }

    fn wrapped(&self, event: &str, data: Value) -> Value {
        let envelope = self.inner.state.lock().envelope;
        let id = &self.instance_id;
        match envelope {
            Envelope::Flat => {
                // The legacy build uses another name.
                let event = if event == "contacts.update" {
                    "contact.update"
                } else {
                    event
                };
                json!({ "instance_id": id, "event": event, "data": data })
            }
            Envelope::Nested => {
                json!({ "instance_id": id, "data": { "event": event, "data": data } })
            }
            Envelope::NestedArray => {
                let data = data.get("messages").cloned().unwrap_or(data);
                json!({ "instance_id": id, "data": { "event": event, "data": data } })
            }
        }
    }

    /// Posts the events that were held back while the number was unlinked, in their order.
    pub(super) async fn post_held(&self) {
        let held = self
            .with(|instance| std::mem::take(&mut instance.held))
            .unwrap_or_default();
        for (event, mut data) in held {
            if let Some(kind) = data.get_mut("type") {
                *kind = json!("append");
            }
            self.post_event(&event, data).await;
        }
    }
}

/// An inbound text as the gateway posts it.
pub(super) fn inbound_text(phone: &str, name: &str, id: &str, text: &str) -> Value {
    json!({
        "key": { "remoteJid": jid_of(phone), "fromMe": false, "id": id },
        "messageTimestamp": clock::now().unix_timestamp(),
        "pushName": name,
        "broadcast": false,
        "message": {
            "conversation": text,
            "messageContextInfo": {
                "deviceListMetadataVersion": 2,
                "messageSecret": STANDARD.encode(secret_of(id)),
            },
        },
    })
}

/// The secret that a message brings for its later changes. It is made from the id, so that a message which is posted
/// again brings the same one.
pub(super) fn secret_of(id: &str) -> [u8; 32] {
    Sha256::digest(format!("secret of {id}")).into()
}

/// The address of a chat.
pub(super) fn jid_of(chat: &str) -> String {
    match chat.strip_suffix(LIDS) {
        Some(_) => chat.to_owned(),
        None => format!("{chat}@s.whatsapp.net"),
    }
}

/// The chat of a phone that is written in any way. A LID's is its address.
pub(super) fn digits(phone: &str) -> String {
    if phone.ends_with(LIDS) {
        return phone.to_owned();
    }
    phone.chars().filter(char::is_ascii_digit).collect()
}

pub(super) fn messages(message: &Value, kind: &str) -> Value {
    json!({ "messages": [message], "type": kind })
}

fn summary(event: &str, data: &Value) -> String {
    let text = |path: &str| data.pointer(path).and_then(Value::as_str);
    match event {
        "messages.upsert" if data.pointer("/messages/0/status") == Some(&json!(SERVER_ACK)) => {
            "Message written on the business's phone".to_owned()
        }
        "messages.upsert" if data.pointer("/messages/0/key/fromMe") == Some(&json!(true)) => {
            "Echo of the message just sent".to_owned()
        }
        "messages.upsert" => {
            let who = text("/messages/0/pushName").unwrap_or("Somebody");
            let said = text("/messages/0/message/conversation");
            match said {
                Some(said) => format!("{who} writes: {}", quoted(said)),
                None => format!("{who} sends something"),
            }
        }
        "messages.update" => {
            let acks = data.as_array().map_or(0, Vec::len);
            let what = match data.pointer("/0/update/status").and_then(Value::as_u64) {
                Some(3) => "Delivered to the customer's phone",
                Some(4) => "Read by the customer",
                _ => "News about a message",
            };
            if acks > 1 {
                format!("{what} ({acks} messages)")
            } else {
                what.to_owned()
            }
        }
        "contacts.update" => {
            format!(
                "The customer's name is {}",
                text("/0/notify").unwrap_or("unknown")
            )
        }
        "ready" => "The number is linked".to_owned(),
        "state" => "The number is not linked any more".to_owned(),
        other => format!("Event {other}"),
    }
}
