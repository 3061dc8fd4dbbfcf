//! A location's SMS provider, as GHL reports it (`docs/vendors/ghl.md#sms-provider`). Only a person can change it.

use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;

use crate::clients::ghl::{CallError, Client};
use crate::clients::scrub;
use crate::model::ids::LocationId;

/// Version header of this route; other versions do not have the route.
const V3: &str = "v3";

/// A provider that a location offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsProvider {
    /// GHL's id; its own providers have names for ids, such as `twilio_provider`.
    pub id: String,
    /// What people read, on one line.
    pub name: String,
}

/// A location's SMS providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsProviders {
    /// The id of the one that sends SMS; none if nobody has chosen.
    pub default: Option<String>,
    /// All that can be chosen.
    pub listed: Vec<SmsProvider>,
}

impl Client {
    /// Asks which SMS provider a location has, and which it can choose.
    pub async fn sms_providers(
        &self,
        token: &SecretString,
        location: &LocationId,
    ) -> Result<SmsProviders, CallError> {
        // `sms` in small letters has been answered with an empty list.
        let path = [
            "locations",
            location.as_str(),
            "conversationChannels",
            "SMS",
        ];
        let answer = self
            .call(self.request(Method::GET, &path, V3, token))
            .await?;
        read(&answer.body).ok_or_else(|| answer.incomplete("conversationChannel"))
    }
}

fn read(body: &Value) -> Option<SmsProviders> {
    let channel = body.get("conversationChannel")?.as_object()?;
    let entries = channel.get("SMS").and_then(Value::as_array);
    let entries = entries.into_iter().flatten();
    let providers: Vec<_> = entries
        .filter_map(|entry| entry.get("conversationProvider"))
        .collect();
    let id = |provider: &Value| {
        provider
            .get("_id")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let chosen = channel
        .get("defaults")
        .and_then(|by_type| by_type.get("SMS"));
    let marked = || {
        let is_default = |provider: &&&Value| provider.get("default") == Some(&Value::Bool(true));
        providers
            .iter()
            .find(is_default)
            .and_then(|provider| id(provider))
    };
    Some(SmsProviders {
        default: chosen
            .and_then(Value::as_str)
            .map(str::to_owned)
            .or_else(marked),
        listed: providers
            .iter()
            .filter_map(|provider| {
                let id = id(provider)?;
                let name = provider.get("name").and_then(Value::as_str);
                Some(SmsProvider {
                    name: scrub(name.unwrap_or(&id)),
                    id,
                })
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payload(text: &str) -> SmsProviders {
        read(&serde_json::from_str(text).unwrap()).unwrap()
    }

    #[test]
    fn the_platforms_answers_are_read() {
        let ours = payload(include_str!(
            "../../../tests/payloads/ghl/responses/conversation_channel_default_ours.json"
        ));
        assert_eq!(ours.default.as_deref(), Some("66c0ffee0ddba11000000001"));
        let names: Vec<_> = ours.listed.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["WhatsApp Bridge", "Twilio"]);
        let nobody = payload(include_str!(
            "../../../tests/payloads/ghl/responses/conversation_channel_not_configured.json"
        ));
        assert_eq!((nobody.default, nobody.listed), (None, vec![]));
    }

    #[test]
    fn what_an_answer_leaves_out_is_made_up_for_where_it_can_be() {
        let marked = json!({"conversationChannel": {"defaults": null, "SMS": [
            {"conversationProvider": {"_id": "a"}}, {"x": 1}, 7,
            {"conversationProvider": {"_id": "b", "name": "B\n+60123456789", "default": true}},
        ]}});
        let read_marked = read(&marked).unwrap();
        assert_eq!(read_marked.default.as_deref(), Some("b"));
        assert_eq!(read_marked.listed[0].name, "a");
        assert_eq!(read_marked.listed[1].name, "B +#");
        for body in [json!(null), json!({}), json!({"conversationChannel": []})] {
            assert_eq!(read(&body), None, "{body}");
        }
    }
}
