//! The gateway's PHP pages for a linked number. Only the query string counts, in GET and in POST. Success means only
//! that WhatsApp's server took the message.

use axum::body::Bytes;
use serde_json::{Value, json};
use url::Url;

use crate::call::{Answer, Call};
use crate::clock;
use crate::waapify::{ChatMessage, Instance, Waapify, fetch, php};

/// What PHP's `http_build_query` makes of a missing parameter.
const MISSING: &str = "0";
/// The servers of chats with people, as the gateway writes them: by phone, and by LID.
const PHONES: &str = "@c.us";
pub(super) const LIDS: &str = "@lid";
/// What the pages of a code say, too.
pub(super) const NOT_ACTIVATED: &str = "This instance ID has not been activated yet";

/// Finds the named instance and checks the token. The error texts are the gateway's.
pub(super) fn with_instance(
    gateway: &Waapify,
    call: &Call,
    act: impl FnOnce(&mut Instance) -> Answer,
) -> Answer {
    let given = |name: &str| call.query_value(name).filter(|value| !value.is_empty());
    let Some(token) = given("access_token") else {
        return php::error("Access token is required");
    };
    let Some(instance_id) = given("instance_id") else {
        return php::error("Instance ID is required");
    };
    let mut state = gateway.inner.state.lock();
    if !state.accounts.contains(token) {
        return php::error("Access token does not exist");
    }
    match state.instances.get_mut(instance_id) {
        Some(instance) if instance.access_token == token => act(instance),
        _ => php::error("Instance ID Invalidated"),
    }
}

/// A handle for the instance that a call names.
fn handle(gateway: &Waapify, call: &Call) -> Waapify {
    let instance_id = call
        .query_value("instance_id")
        .unwrap_or_default()
        .to_owned();
    Waapify {
        instance_id,
        ..gateway.clone()
    }
}

/// `type=check_phone`: whether a number is on WhatsApp, with its LID. Unlike other answers its fields begin with capitals.
fn check_phone(gateway: &Waapify, call: &Call) -> Answer {
    with_instance(gateway, call, |instance| {
        let number = call.query_value("number").unwrap_or_default();
        if number.is_empty() {
            return php::error("Phone number is required");
        }
        if !instance.linked {
            return php::error("Relogin required");
        }
        let exists = on_whatsapp(&format!("{number}{PHONES}"));
        let mut entry = json!({ "jid": format!("{number}@s.whatsapp.net"), "exists": true });
        if let Some(lid) = instance.lid_of(number) {
            entry["lid"] = json!(format!("{lid}{LIDS}"));
        }
        php::answer(&json!({
            "Status": "success",
            "Message": if exists { "available" } else { "not available" },
            "Number": number,
            "Data": if exists { vec![entry] } else { Vec::new() },
        }))
    })
}

pub(super) async fn send(gateway: &Waapify, call: &Call) -> Answer {
    if call.query_value("type") == Some("check_phone") {
        return check_phone(gateway, call);
    }
    let timings = gateway.timings();
    let mut sent = None;
    let fetched = fetch::fetch(&gateway.inner.webhooks.http, call);
    let fetched = tokio::time::timeout(fetch::FETCH_TIMEOUT, fetched).await;
    let file = fetched.unwrap_or(Err("Failed to send file"));
    let mut answer = with_instance(gateway, call, |instance| match take(instance, call, file) {
        Ok(message) => {
            let body = json!({ "status": "success", "message": "Success", "data": message.data });
            sent = Some(message);
            php::answer(&body)
        }
        Err(reason) => php::error(reason),
    });
    answer.after = timings.send_takes;
    if let Some(message) = sent {
        let (handle, underway) = (
            handle(gateway, call),
            gateway.inner.webhooks.traffic.begin(),
        );
        tokio::spawn(async move {
            handle.after_send(message).await;
            drop(underway);
        });
    }
    answer
}

/// A message that WhatsApp has accepted.
pub(super) struct Sent {
    pub(super) id: String,
    pub(super) phone: String,
    /// The message as the answer and the echo show it.
    pub(super) data: Value,
}

fn take(
    instance: &mut Instance,
    call: &Call,
    file: Result<Option<Bytes>, &'static str>,
) -> Result<Sent, &'static str> {
    let address = address(call)?;
    let text = php::unspun(call.query_value("message").unwrap_or(MISSING));
    let (kind, media_url, content) = content(call, &text)?;
    if !instance.linked {
        return Err("Relogin required");
    }
    if !on_whatsapp(&address) {
        return Err("Failed to send the message");
    }
    let file = file?;
    let id = format!("3EB0{}", clock::hex(18));
    let data = json!({
        "key": { "remoteJid": address, "fromMe": true, "id": id },
        "message": content,
        "messageTimestamp": clock::now().unix_timestamp().to_string(),
        "status": "PENDING",
    });
    let phone = match address.strip_suffix(PHONES) {
        Some(number) => instance.phone_of(number),
        None => address,
    };
    instance
        .chats
        .entry(phone.clone())
        .or_default()
        .messages
        .push(ChatMessage {
            ack: 1,
            file_name: media_url
                .as_ref()
                .and(call.query_value("filename"))
                .map(str::to_owned),
            media_url,
            kind,
            file,
            ..ChatMessage::written(&id, &text, true)
        });
    Ok(Sent { id, phone, data })
}

/// The kind, the file's address and WhatsApp's `message` object of a call.
fn content(call: &Call, text: &str) -> Result<(&'static str, Option<String>, Value), &'static str> {
    match call.query_value("type") {
        Some("text") => {
            let content = json!({ "extendedTextMessage": { "text": text } });
            Ok(("text", None, content))
        }
        Some("media") => {
            let address = call.query_value("media_url").unwrap_or(MISSING);
            let url = Url::parse(address)
                .ok()
                .filter(|url| url.scheme().starts_with("http"));
            let url = url.ok_or("Failed to send file")?;
            let file_name = call.query_value("filename").unwrap_or(MISSING);
            let (kind, content) = fetch::message(&url, text, file_name);
            Ok((kind, Some(address.to_owned()), content))
        }
        _ => Err("Message type not supported"),
    }
}

/// The chat that a call is for. The page for groups takes a whole address, unchanged.
fn address(call: &Call) -> Result<String, &'static str> {
    let given = |name: &str| call.query_value(name).unwrap_or_default();
    if call.segments() == ["sendgroupmsg.php"] {
        return Ok(given("group_id").to_owned());
    }
    match given("number") {
        "" => Err("Phone number is required"),
        number => Ok(format!("{number}{PHONES}")),
    }
}

/// Digits with a country code. In this simulation every number is on WhatsApp except those ending in 0000, and every LID.
fn on_whatsapp(address: &str) -> bool {
    let number = address
        .strip_suffix(PHONES)
        .or_else(|| address.strip_suffix(LIDS));
    let number = number.unwrap_or_default();
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !number.starts_with('0')
        && !number.ends_with("0000")
}

/// `setwebhook.php`: stores one address for each instance.
pub(super) fn set_webhook(gateway: &Waapify, call: &Call) -> Answer {
    with_instance(gateway, call, |instance| {
        let given = call.query_value("webhook_url").unwrap_or_default();
        let url = Url::parse(given)
            .ok()
            .filter(|url| url.scheme().starts_with("http"));
        let Some(url) = url else {
            return php::error("Webhook is not a valid URL");
        };
        let enabled = call.query_value("enable") == Some("true");
        instance.webhook = enabled.then_some(url);
        php::answer(&json!({ "status": "success", "message": "Webhook URI Saved" }))
    })
}

/// `reconnect.php`: names the linked number, or says that none is linked.
pub(super) fn reconnect(gateway: &Waapify, call: &Call) -> Answer {
    with_instance(gateway, call, |instance| {
        let body = if !instance.activated {
            json!({ "status": "error", "message": NOT_ACTIVATED })
        } else if instance.linked {
            let id = format!("{}:12@s.whatsapp.net", instance.number);
            json!({ "status": "success", "data": { "id": id, "name": instance.name } })
        } else {
            json!({ "status": "error", "message": "Login required", "relogin": true })
        };
        php::answer(&body)
    })
}
