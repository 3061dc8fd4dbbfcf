//! A person of the business who writes on the number's own phone. The gateway posts an event like an echo, but with
//! the status of a message that WhatsApp's server has.

use serde_json::{Value, json};

use crate::clock;
use crate::waapify::events::{SERVER_ACK, digits, messages};
use crate::waapify::files::announcement;
use crate::waapify::{CustomerFile, Waapify};

impl Waapify {
    /// Somebody writes to a customer on the business's phone. Returns WhatsApp's id of the message, in Android's
    /// form, after the webhook has been answered or has failed.
    pub async fn owner_writes(&self, phone: &str, text: &str) -> String {
        let content = json!({ "conversation": text });
        let jid = format!("{}@s.whatsapp.net", digits(phone));
        self.owner_sends(&jid, text, content).await
    }

    /// Somebody sends a file to a customer from the business's phone.
    pub async fn owner_sends_file(&self, phone: &str, file: &CustomerFile<'_>) -> String {
        let kept = self.keep_file(file);
        let jid = format!("{}@s.whatsapp.net", digits(phone));
        self.owner_sends(&jid, "[a file]", announcement(file, &kept))
            .await
    }

    /// Somebody sends anything into the chat `jid`. `content` is WhatsApp's `message` object, and `shown` is what the
    /// customer's phone shows.
    pub async fn owner_sends(&self, jid: &str, shown: &str, content: Value) -> String {
        let id = format!("AC{}", clock::hex(30));
        if let Some(phone) = jid.strip_suffix("@s.whatsapp.net") {
            self.keep_owners(phone, &id, shown);
        }
        let message = json!({
            "key": { "remoteJid": jid, "fromMe": true, "id": id },
            "messageTimestamp": clock::now().unix_timestamp(),
            "status": SERVER_ACK,
            "message": content,
        });
        self.post_event("messages.upsert", messages(&message, "notify"))
            .await;
        id
    }

    /// Sets whether echoes of sends look like messages of a person, as some builds may write them.
    pub fn set_hides_echoes(&self, hidden: bool) {
        self.inner.state.lock().hides_echoes = hidden;
    }

    /// Sets whether echoes of sends get lost. The acks are posted all the same.
    pub fn set_loses_echoes(&self, lost: bool) {
        self.inner.state.lock().loses_echoes = lost;
    }
}
