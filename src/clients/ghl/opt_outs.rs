//! Calls for customers who want no more messages: "do not disturb" of a contact, an answer to it, and who wrote a message.

use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::clients::ghl::{CallError, Client, V_2021_04, V_2021_07};
use crate::model::ids::{ContactId, GhlMessageId};
use crate::model::opt_out::{OptOutWord, START_CODE, STOP_CODE};
use crate::model::states::Source;

/// The message type of GHL's campaigns, which may come without a source.
const CAMPAIGN_SMS: &str = "TYPE_CAMPAIGN_SMS";

impl Client {
    /// Switches "do not disturb" for SMS on (STOP) or off (START), with our code. Other channels stay as they are.
    ///
    /// # Errors
    /// [`CallError`]; it can be repeated.
    pub async fn put_dnd(
        &self,
        token: &SecretString,
        contact: &ContactId,
        word: OptOutWord,
    ) -> Result<(), CallError> {
        let (status, code) = match word {
            OptOutWord::Stop => ("active", STOP_CODE),
            OptOutWord::Start => ("inactive", START_CODE),
        };
        let message = match word {
            OptOutWord::Stop => "Customer replied STOP on WhatsApp",
            OptOutWord::Start => "Customer replied START on WhatsApp",
        };
        let body =
            json!({"dndSettings": {"SMS": {"status": status, "message": message, "code": code}}});
        let path = ["contacts", contact.as_str()];
        let request = self
            .request(Method::PUT, &path, V_2021_07, token)
            .json(&body);
        self.call(request).await?.expect_json()
    }

    /// Has GHL send a text to a contact through its SMS provider, which is the service: it comes back as a delivery.
    ///
    /// # Errors
    /// [`CallError`], which says whether GHL may have taken it nevertheless.
    pub async fn send_sms(
        &self,
        token: &SecretString,
        contact: &ContactId,
        text: &str,
    ) -> Result<(), CallError> {
        let body = json!({"type": "SMS", "contactId": contact, "message": text});
        let path = ["conversations", "messages"];
        let request = self
            .request(Method::POST, &path, V_2021_04, token)
            .json(&body);
        self.call(request).await?.expect_json()
    }

    /// Who wrote a message that GHL stored.
    ///
    /// # Errors
    /// [`CallError`]; a message that GHL does not know yet is a refusal.
    pub async fn find_source(
        &self,
        token: &SecretString,
        message: &GhlMessageId,
    ) -> Result<Source, CallError> {
        let path = ["conversations", "messages", message.as_str()];
        let request = self.request(Method::GET, &path, V_2021_04, token);
        let answer = self.call(request).await?;
        // Some routes wrap what they show.
        let shown = answer.body.get("message").filter(|shown| shown.is_object());
        Ok(source_of(shown.unwrap_or(&answer.body)))
    }
}

fn source_of(message: &Value) -> Source {
    let text = |name: &str| message.get(name).and_then(Value::as_str);
    match text("source").and_then(Source::find) {
        Some(source) => source,
        None if text("messageType") == Some(CAMPAIGN_SMS) => Source::Campaign,
        None => Source::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_nobody_knows_is_unknown_and_a_campaign_shows_by_its_type() {
        for source in Source::ALL {
            assert_eq!(source_of(&json!({"source": source.as_str()})), *source);
        }
        for unknown in [
            json!({}),
            json!({"source": "robot"}),
            json!({"source": null, "messageType": "TYPE_SMS"}),
        ] {
            assert_eq!(source_of(&unknown), Source::Unknown, "{unknown}");
        }
        let campaign = json!({"messageType": "TYPE_CAMPAIGN_SMS"});
        assert_eq!(source_of(&campaign), Source::Campaign);
    }
}
