//! A customer's messages as GHL must show them: an edit is one more message, and a photo that came twice is one.

use simulators::ChatMessage;
use whatsapp_events::edit_ids;

/// What GHL must show of a customer's message.
pub struct Written {
    /// The id under which the service keeps it.
    pub id: String,
    /// Whether the service has accepted it, and not set it aside.
    pub heard: bool,
    /// What it is, for the summary.
    pub what: &'static str,
    text: String,
    is_photo: bool,
    /// An edit whose original was set aside: it stands alone, and one that is sealed cannot be opened.
    lacks_original: bool,
}

/// The bodies of the gateway's events that were set aside: what they tell is kept, and known to nobody.
#[derive(Default)]
pub struct SetAside(Vec<String>);

impl SetAside {
    pub fn new(bodies: impl Iterator<Item = Vec<u8>>) -> Self {
        let text = |body: Vec<u8>| String::from_utf8_lossy(&body).into_owned();
        Self(bodies.map(text).collect())
    }

    /// Whether one of them tells of this message.
    pub fn names(&self, id: &str) -> bool {
        self.0.iter().any(|body| body.contains(id))
    }
}

impl Written {
    /// The customer's messages of a `chat`. `kept` are the ids that the service keeps.
    pub fn all(chat: &[ChatMessage], kept: &[&String], set_aside: &SetAside) -> Vec<Self> {
        let is_lost = |id: &String| set_aside.names(id);
        let written = chat.iter().map(|m| Self {
            heard: m.heard && !is_lost(&m.id),
            lacks_original: m.edits.as_ref().is_some_and(is_lost),
            ..Self::new(m, chat, kept)
        });
        written.collect()
    }

    fn new(message: &ChatMessage, chat: &[ChatMessage], kept: &[&String]) -> Self {
        let is_photo = message.kind == "image";
        let written = |id: &str, what, text| Self {
            id: id.to_owned(),
            what,
            heard: message.heard,
            text,
            is_photo,
            lacks_original: false,
        };
        let original = chat.iter().find(|m| message.edits.as_ref() == Some(&m.id));
        let Some(original) = original else {
            let what = if is_photo {
                "customers' photos that came twice, posted"
            } else {
                "customers' texts posted"
            };
            // If only the better form of a photo was heard, it is a photo of its own.
            let is_better = |id: &&&String| message.better.as_ref() == Some(**id);
            let alone = kept.iter().find(is_better);
            let alone = alone.filter(|_| !kept.contains(&&message.id));
            let id = alone.map_or(&message.id, |id| id);
            return written(id, what, message.text.clone());
        };
        // The suite's customers edit a message once.
        let (opened, sealed) = edit_ids(&original.id);
        let is_it = |id: &&&String| id.starts_with(&opened) || id.starts_with(&sealed);
        let id = kept.iter().find(is_it);
        let text = format!("> {}\n[Edited] {}", original.text, message.text);
        written(
            id.map_or(&message.id, |id| id),
            "customers' edits posted",
            text,
        )
    }

    /// Whether this is how GHL shows it. A file that could not be attached is told beside its caption.
    pub fn is_shown_as(&self, text: &str) -> bool {
        text == self.text || self.lacks_original || self.is_photo && text.contains(&self.text)
    }
}
