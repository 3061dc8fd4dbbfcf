//! Opens encrypted edits (`secretEncryptedMessage`), which all phones send since May 2026
//! (`docs/vendors/whatsapp.md#encrypted-edits`).
//!
//! The key follows from the secret of the message that is edited, and from the addresses of both writers. Which form of
//! an address the phone used is not known, so all are tried; the cipher proves the right one.

use prost::Message as _;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;
use serde_json::{Value, json};

use crate::{Content, content, fields};

/// What the key is for.
const PURPOSE: &[u8] = b"Message Edit";
/// Longest encrypted edit that is opened: WhatsApp's texts have 65,536 characters at most.
const MAX_BYTES: usize = 512 * 1024;

/// The encrypted new content of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretEdit {
    payload: Vec<u8>,
    nonce: [u8; NONCE_LEN],
}

impl std::fmt::Debug for SecretEdit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretEdit").finish_non_exhaustive()
    }
}

/// The message that an edit changes.
#[derive(Clone, Copy)]
pub struct Original<'a> {
    /// WhatsApp's id of it.
    pub id: &'a str,
    /// Its `messageSecret`.
    pub secret: &'a [u8],
    /// The addresses that its writer, who is also the editor, may have: `60123456789@s.whatsapp.net`, `…@lid`.
    pub writer: &'a [String],
}

impl SecretEdit {
    /// Reads a `secretEncryptedMessage`; none if it is no edit.
    pub(crate) fn read(body: &Value) -> Option<Self> {
        let kind = body.get("secretEncType");
        let is_edit = fields::integer(kind) == Some(2)
            || fields::text(kind).as_deref() == Some("MESSAGE_EDIT");
        let payload = fields::bytes(body.get("encPayload"))?;
        let nonce = fields::bytes(body.get("encIv"))?.try_into().ok()?;
        (is_edit && payload.len() <= MAX_BYTES).then_some(Self { payload, nonce })
    }

    /// The new content; none if `original` is not the message that it changes, or its new content is unknown.
    #[must_use]
    pub fn open(&self, original: Original<'_>) -> Option<Content> {
        let pairs = original
            .writer
            .iter()
            .flat_map(|sender| original.writer.iter().map(move |editor| (sender, editor)));
        let plain = pairs
            .filter_map(|(sender, editor)| self.decrypt(original, sender, editor))
            .next()?;
        edited(&plain)
    }

    fn decrypt(&self, original: Original<'_>, sender: &str, editor: &str) -> Option<Vec<u8>> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, &[0; 32]);
        let info = [
            original.id.as_bytes(),
            sender.as_bytes(),
            editor.as_bytes(),
            PURPOSE,
        ];
        let secret = salt.extract(original.secret);
        let key = UnboundKey::from(secret.expand(&info, &AES_256_GCM).ok()?);
        let mut sealed = self.payload.clone();
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let plain = LessSafeKey::new(key)
            .open_in_place(nonce, Aad::empty(), &mut sealed)
            .ok()?;
        Some(plain.to_vec())
    }
}

/// The new content in WhatsApp's own encoding.
fn edited(plain: &[u8]) -> Option<Content> {
    let message = wire::Message::decode(plain).ok()?;
    let message = match message.protocol {
        Some(protocol) => *protocol.edited?,
        None => message,
    };
    Some(content::edited(Some(&as_json(message))))
}

/// The parts of a message that an edit can change, as Baileys shows them.
fn as_json(message: wire::Message) -> Value {
    let caption = |name: &str, caption: Option<String>| json!({ name: {"caption": caption} });
    if let Some(inner) = message
        .document_with_caption
        .and_then(|outer| outer.message)
    {
        return as_json(*inner);
    }
    if let Some(text) = message.extended_text.and_then(|extended| extended.text) {
        return json!({"extendedTextMessage": {"text": text}});
    }
    if let Some(image) = message.image {
        return caption("imageMessage", image.caption);
    }
    if let Some(video) = message.video {
        return caption("videoMessage", video.caption);
    }
    if let Some(document) = message.document {
        return caption("documentMessage", document.caption);
    }
    json!({"conversation": message.conversation})
}

/// The few fields of WhatsApp's protobuf that are read. Unknown fields are passed over.
mod wire {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Message {
        #[prost(string, optional, tag = "1")]
        pub(super) conversation: Option<String>,
        #[prost(message, optional, tag = "3")]
        pub(super) image: Option<Image>,
        #[prost(message, optional, tag = "6")]
        pub(super) extended_text: Option<ExtendedText>,
        #[prost(message, optional, tag = "7")]
        pub(super) document: Option<Document>,
        #[prost(message, optional, tag = "9")]
        pub(super) video: Option<Video>,
        #[prost(message, optional, boxed, tag = "12")]
        pub(super) protocol: Option<Box<Protocol>>,
        #[prost(message, optional, boxed, tag = "53")]
        pub(super) document_with_caption: Option<Box<FutureProof>>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct FutureProof {
        #[prost(message, optional, boxed, tag = "1")]
        pub(super) message: Option<Box<Message>>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Protocol {
        #[prost(message, optional, boxed, tag = "14")]
        pub(super) edited: Option<Box<Message>>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct ExtendedText {
        #[prost(string, optional, tag = "1")]
        pub(super) text: Option<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Image {
        #[prost(string, optional, tag = "3")]
        pub(super) caption: Option<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Video {
        #[prost(string, optional, tag = "7")]
        pub(super) caption: Option<String>,
    }

    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Document {
        #[prost(string, optional, tag = "20")]
        pub(super) caption: Option<String>,
    }
}
