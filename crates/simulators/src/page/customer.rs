//! What the customer's phone on the page sends: text, picture, voice, place, reaction, edit.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refused;
use crate::seed;
use crate::simulation::Simulation;
use crate::waapify::{ChatMessage, CustomerFile, Waapify};

const PICTURE: &[u8] = include_bytes!("picture.png");
/// A second of silence.
const VOICE: &[u8] = include_bytes!("voice.ogg");
const THUMB: &str = "👍";

#[derive(Deserialize)]
pub(super) struct Says {
    phone: String,
    #[serde(default)]
    kind: Kind,
    /// The text; of a picture the caption, of an edit the new text.
    #[serde(default)]
    text: String,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Text,
    Picture,
    Voice,
    Location,
    /// To the business's last message.
    Reaction,
    /// Of the customer's last text.
    Edit,
    /// The business's address book learns the number of the customer who hides it.
    Number,
}

/// A message that is ready to be sent.
enum Ready {
    Text(String),
    /// The kind and text that the phone shows, and WhatsApp's `message` object.
    Content(&'static str, String, Value),
    Edit(String, String),
    Number,
}

/// The message leaves in the background.
pub(super) async fn sends(
    State(simulation): State<Simulation>,
    Json(says): Json<Says>,
) -> Response {
    let line = simulation.waapify.heard();
    let known = line.customers();
    let name = known.into_iter().find(|(phone, _)| *phone == says.phone);
    let name = name.map_or_else(|| "Someone".to_owned(), |(_, name)| name);
    match ready(&line, &says) {
        Ok(message) => {
            tokio::spawn(async move { send(&line, &says.phone, &name, message).await });
            StatusCode::ACCEPTED.into_response()
        }
        Err(reason) => refused(StatusCode::UNPROCESSABLE_ENTITY, reason),
    }
}

fn ready(line: &Waapify, says: &Says) -> Result<Ready, &'static str> {
    let text = says.text.trim();
    let given = (!text.is_empty()).then_some(text);
    match says.kind {
        Kind::Text => {
            let text = given.ok_or("There is nothing to send.")?;
            Ok(Ready::Text(text.to_owned()))
        }
        Kind::Picture => Ok(picture(line, given)),
        Kind::Voice => Ok(voice(line)),
        Kind::Location => Ok(place()),
        Kind::Reaction => reaction(line, &says.phone),
        Kind::Edit => edit(line, &says.phone, given),
        Kind::Number => Ok(Ready::Number),
    }
}

async fn send(line: &Waapify, phone: &str, name: &str, message: Ready) {
    match message {
        Ready::Text(text) => {
            line.customer_sends(phone, name, &text).await;
        }
        Ready::Content(kind, shown, content) => {
            let shown = (kind, shown.as_str());
            line.customer_sends_shown(phone, name, shown, content).await;
        }
        Ready::Edit(original, text) => {
            line.customer_edits(phone, name, &original, &text).await;
        }
        Ready::Number => {
            let (_, lid, number) = seed::HIDDEN;
            let jid = format!("{}@s.whatsapp.net", number.trim_start_matches('+'));
            let book = json!([{ "id": jid, "lid": lid }]);
            line.post_event("contacts.upsert", book).await;
        }
    }
}

fn picture(line: &Waapify, caption: Option<&str>) -> Ready {
    let file = CustomerFile {
        kind: "image",
        bytes: PICTURE,
        mimetype: "image/png",
        name: None,
        caption,
    };
    let shown = ["📷 Picture", caption.unwrap_or_default()].join(" ");
    Ready::Content("image", shown.trim().to_owned(), line.announce(&file))
}

fn voice(line: &Waapify) -> Ready {
    let file = CustomerFile {
        kind: "audio",
        bytes: VOICE,
        mimetype: "audio/ogg; codecs=opus",
        name: None,
        caption: None,
    };
    let content = line.announce(&file);
    Ready::Content("audio", "🎤 Voice message".to_owned(), content)
}

fn place() -> Ready {
    let content = json!({ "locationMessage": {
        "degreesLatitude": 3.1578,
        "degreesLongitude": 101.7117,
        "name": "Menara Contoh",
        "address": "Jalan Contoh, 50088 Kuala Lumpur",
    } });
    Ready::Content("other", "📍 Menara Contoh".to_owned(), content)
}

fn reaction(line: &Waapify, phone: &str) -> Result<Ready, &'static str> {
    let chat = line.chat(phone);
    let last = chat.iter().rfind(|message| message.from_business);
    let last = last.ok_or("The business has written nothing to react to.")?;
    let key =
        json!({ "remoteJid": format!("{phone}@s.whatsapp.net"), "fromMe": true, "id": last.id });
    let content = json!({ "reactionMessage": { "key": key, "text": THUMB } });
    let shown = format!("{THUMB} to “{}”", last.text);
    Ok(Ready::Content("other", shown, content))
}

fn edit(line: &Waapify, phone: &str, text: Option<&str>) -> Result<Ready, &'static str> {
    let is_own_text = |message: &&ChatMessage| {
        !message.from_business && message.kind == "text" && message.edits.is_none()
    };
    let chat = line.chat(phone);
    let last = chat.iter().rfind(is_own_text);
    let last = last.ok_or("The customer has written nothing to edit.")?;
    let text = text.map_or_else(|| format!("{} (edited)", last.text), str::to_owned);
    Ok(Ready::Edit(last.id.clone(), text))
}

#[derive(Deserialize)]
pub(super) struct Reads {
    phone: String,
}

pub(super) async fn reads(
    State(simulation): State<Simulation>,
    Json(who): Json<Reads>,
) -> StatusCode {
    tokio::spawn(async move { simulation.waapify.heard().customer_reads(&who.phone).await });
    StatusCode::ACCEPTED
}
