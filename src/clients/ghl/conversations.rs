//! Looks for a message in GHL's conversations, by the id that WhatsApp gave it (`altId`).

use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;

use crate::clients::ghl::types::LastMessage;
use crate::clients::ghl::{CallError, Client, V_2021_04};
use crate::model::ids::{ContactId, GhlMessageId, LocationId};

/// Messages in one page: GHL's largest.
const PAGE: &str = "100";

/// A conversation in GHL's search index, where a new message appears after about a minute.
#[derive(Clone, Debug)]
pub struct FoundConversation {
    /// Its id.
    pub id: Option<String>,
    /// Its last message, if it has one.
    pub last: Option<LastMessage>,
}

/// Some messages of a conversation, the newest first.
#[derive(Clone, Debug, Default)]
pub struct MessagePage {
    /// The messages.
    pub messages: Vec<ListedMessage>,
    /// Where the older ones begin; none after the last page.
    pub next: Option<String>,
}

/// A message in a list.
#[derive(Clone, Debug)]
pub struct ListedMessage {
    /// GHL's id.
    pub id: GhlMessageId,
    /// The id that the provider gave it; none in answers of GHL that do not tell.
    pub alt_id: Option<String>,
}

impl Client {
    /// The conversation with a contact; none if there is none.
    pub async fn find_conversation(
        &self,
        token: &SecretString,
        location: &LocationId,
        contact: &ContactId,
    ) -> Result<Option<FoundConversation>, CallError> {
        let query = [
            ("locationId", location.as_str()),
            ("contactId", contact.as_str()),
            ("limit", "1"),
        ];
        let path = ["conversations", "search"];
        let request = self.request(Method::GET, &path, V_2021_04, token);
        let answer = self.call(request.query(&query)).await?;
        let found = answer.body.get("conversations").and_then(Value::as_array);
        let found = found.ok_or_else(|| answer.incomplete("conversations"))?;
        let own = found.iter().find(|conversation| {
            conversation.get("contactId").and_then(Value::as_str) == Some(contact.as_str())
        });
        Ok(own.map(|own| FoundConversation {
            id: own.get("id").and_then(Value::as_str).map(ToOwned::to_owned),
            last: LastMessage::read(own),
        }))
    }

    /// The messages of a conversation that are older than the one with the id `before`, else the newest.
    pub async fn list_messages(
        &self,
        token: &SecretString,
        conversation: &str,
        before: Option<&str>,
    ) -> Result<MessagePage, CallError> {
        let path = ["conversations", conversation, "messages"];
        let mut request = self
            .request(Method::GET, &path, V_2021_04, token)
            .query(&[("limit", PAGE)]);
        if let Some(before) = before {
            request = request.query(&[("lastMessageId", before)]);
        }
        let answer = self.call(request).await?;
        MessagePage::read(&answer.body).ok_or_else(|| answer.incomplete("messages"))
    }
}

impl Client {
    /// A contact's messages, the newest first: those at `cursor`, which an earlier page named as its next. Those of e-mails
    /// are not among them.
    pub async fn export_messages(
        &self,
        token: &SecretString,
        location: &LocationId,
        contact: &ContactId,
        cursor: Option<&str>,
    ) -> Result<MessagePage, CallError> {
        let query = [
            ("locationId", location.as_str()),
            ("contactId", contact.as_str()),
            ("limit", PAGE),
            ("sortBy", "createdAt"),
            ("sortOrder", "desc"),
        ];
        let path = ["conversations", "messages", "export"];
        let mut request = self
            .request(Method::GET, &path, V_2021_04, token)
            .query(&query);
        if let Some(cursor) = cursor {
            request = request.query(&[("cursor", cursor)]);
        }
        let answer = self.call(request).await?;
        MessagePage::read(&answer.body).ok_or_else(|| answer.incomplete("messages"))
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    let text = value.get(name)?.as_str()?;
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

impl MessagePage {
    /// Reads a list. That of a conversation stands within another object of the same name
    /// (`docs/vendors/ghl.md#posting-a-message`); that of an export names a cursor.
    fn read(body: &Value) -> Option<Self> {
        let holder = match body.get("messages")? {
            Value::Array(_) => body,
            inner => inner,
        };
        let listed = |message: &Value| {
            Some(ListedMessage {
                id: GhlMessageId(text(message, "id")?),
                alt_id: text(message, "altId"),
            })
        };
        let messages = holder.get("messages")?.as_array()?;
        let has_next = holder.get("nextPage").and_then(Value::as_bool) == Some(true);
        Some(Self {
            messages: messages.iter().filter_map(listed).collect(),
            next: text(holder, "lastMessageId")
                .filter(|_| has_next)
                .or_else(|| text(body, "nextCursor")),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_forms_of_a_list_are_read_and_a_page_names_the_next() {
        let list = json!([{"id": "m1", "altId": "3A1"}, {"id": "m2"}, {"altId": "no id"}, 7]);
        let nested =
            json!({"messages": {"messages": list, "lastMessageId": "m2", "nextPage": true}});
        let page = MessagePage::read(&nested).unwrap();
        assert_eq!(page.next.as_deref(), Some("m2"));
        let alts: Vec<_> = page.messages.iter().map(|m| m.alt_id.as_deref()).collect();
        assert_eq!(alts, [Some("3A1"), None]);
        let flat = json!({"messages": list, "lastMessageId": "m2", "nextPage": false});
        assert_eq!(MessagePage::read(&flat).unwrap().next, None);
        let export = json!({"messages": list, "nextCursor": "c2", "total": 9});
        assert_eq!(
            MessagePage::read(&export).unwrap().next.as_deref(),
            Some("c2")
        );
        let ended = json!({"messages": list, "nextCursor": null});
        assert_eq!(MessagePage::read(&ended).unwrap().next, None);
        for no_list in [json!({}), json!({"messages": {}}), json!({"messages": 1})] {
            assert!(MessagePage::read(&no_list).is_none(), "{no_list}");
        }
    }
}
