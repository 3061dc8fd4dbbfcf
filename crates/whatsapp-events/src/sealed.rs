//! Changes that a phone encrypts with the secret of the message that it changes
//! (`docs/vendors/whatsapp.md#encrypted-changes`).
//!
//! Owns the keys, and the few fields of WhatsApp's protobuf messages that an edit can hold. The maker of the bytes may be
//! hostile: their size is limited, and the reader of protobuf limits the nesting.

use std::fmt;

use prost::Message as _;
use ring::{aead, hkdf};
use serde_json::{Value, json};

use crate::{Person, fields, jid};

/// Most bytes of an encrypted change. WhatsApp's apps take 65,536 characters, of at most four bytes each, and a little
/// surrounds them.
const MAX_PAYLOAD: usize = 320 * 1024;
/// Bytes of the nonce.
const NONCE: usize = 12;
/// Most addresses that are tried for a writer: each pair costs a decryption of the payload.
const MAX_ADDRESSES: usize = 6;

/// What an encrypted change changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SealedKind {
    /// The text of a message.
    Edit,
    /// An event.
    Event,
    /// A poll, or its options.
    Poll,
    /// Something else, or what a newer WhatsApp knows.
    Other,
}

/// A change that only the secret of the changed message opens. `Debug` shows its kind alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What it changes.
    pub kind: SealedKind,
    /// The encrypted change with its tag. Empty if it could not be read.
    payload: Vec<u8>,
    nonce: [u8; NONCE],
    /// The address of the changed message's writer, if the change names it.
    writer: Option<Person>,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({:?})", self.kind)
    }
}

impl Sealed {
    /// Reads a `secretEncryptedMessage`.
    pub(super) fn read(body: &Value) -> Self {
        let nonce = fields::bytes(body.get("encIv"), NONCE).and_then(|iv| iv.try_into().ok());
        let payload = fields::bytes(body.get("encPayload"), MAX_PAYLOAD);
        Self {
            kind: kind(body.get("secretEncType")),
            payload: payload.filter(|_| nonce.is_some()).unwrap_or_default(),
            nonce: nonce.unwrap_or_default(),
            writer: fields::name(body.pointer("/targetMessageKey/participant"))
                .and_then(|jid| jid::person_of(&jid)),
        }
    }

    /// The encrypted bytes, which tell one change from another.
    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The new content of an edit, as a `message` object. `writers` are the addresses that the person who wrote and
    /// edited the message is known by: which of them the phone used is not said, so all are tried.
    pub(super) fn open(
        &self,
        original: &str,
        secret: &[u8; 32],
        writers: &[Person],
    ) -> Option<Value> {
        if self.kind != SealedKind::Edit || self.payload.is_empty() {
            return None;
        }
        let writers = addresses(writers.iter().chain(&self.writer));
        let pairs = writers
            .iter()
            .flat_map(|sender| writers.iter().map(move |editor| (sender, editor)));
        let plain = pairs
            .filter_map(|(sender, editor)| key(secret, [original, sender, editor]))
            .find_map(|key| self.decrypt(key))?;
        WireMessage::decode(plain.as_slice()).ok()?.edited()
    }

    fn decrypt(&self, key: [u8; 32]) -> Option<Vec<u8>> {
        let key = aead::UnboundKey::new(&aead::AES_256_GCM, &key).ok()?;
        let nonce = aead::Nonce::assume_unique_for_key(self.nonce);
        let mut bytes = self.payload.clone();
        let plain =
            aead::LessSafeKey::new(key).open_in_place(nonce, aead::Aad::empty(), &mut bytes);
        let length = plain.ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

/// `SecretEncryptedMessage.SecretEncType`, a number or a name.
fn kind(written: Option<&Value>) -> SealedKind {
    match (
        fields::integer(written),
        fields::text(written).as_deref().map(str::trim),
    ) {
        (Some(2), _) | (_, Some("MESSAGE_EDIT")) => SealedKind::Edit,
        (Some(1), _) | (_, Some("EVENT_EDIT")) => SealedKind::Event,
        (Some(4 | 5), _) | (_, Some("POLL_EDIT" | "POLL_ADD_OPTION")) => SealedKind::Poll,
        _ => SealedKind::Other,
    }
}

/// Each person's addresses without their devices, none twice.
fn addresses<'a>(writers: impl Iterator<Item = &'a Person>) -> Vec<String> {
    let mut found = Vec::new();
    for writer in writers {
        let phone = writer
            .phone
            .as_ref()
            .map(|phone| format!("{phone}@s.whatsapp.net"));
        let lid = writer.lid.as_ref().map(|lid| format!("{lid}@lid"));
        for address in [phone, lid].into_iter().flatten() {
            if !found.contains(&address) && found.len() < MAX_ADDRESSES {
                found.push(address);
            }
        }
    }
    found
}

/// The key of an edit of the message `original` by `sender`, edited by `editor`.
fn key(secret: &[u8; 32], [original, sender, editor]: [&str; 3]) -> Option<[u8; 32]> {
    let info = [original, sender, editor, "Message Edit"].map(str::as_bytes);
    let mut key = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[0; 32])
        .extract(secret)
        .expand(&info, hkdf::HKDF_SHA256)
        .and_then(|expanded| expanded.fill(&mut key))
        .ok()?;
    Some(key)
}

/// The fields of WhatsApp's `Message` that an edit can hold; all others are skipped.
#[derive(Clone, PartialEq, prost::Message)]
struct WireMessage {
    #[prost(string, optional, tag = "1")]
    conversation: Option<String>,
    #[prost(message, optional, tag = "3")]
    image: Option<WireImage>,
    #[prost(message, optional, tag = "6")]
    extended_text: Option<WireText>,
    #[prost(message, optional, tag = "7")]
    document: Option<WireDocument>,
    #[prost(message, optional, tag = "9")]
    video: Option<WireVideo>,
    #[prost(message, optional, boxed, tag = "12")]
    protocol: Option<Box<WireProtocol>>,
    #[prost(message, optional, boxed, tag = "40")]
    ephemeral: Option<Box<WireWrapper>>,
    #[prost(message, optional, boxed, tag = "53")]
    document_with_caption: Option<Box<WireWrapper>>,
    #[prost(message, optional, boxed, tag = "58")]
    edited: Option<Box<WireWrapper>>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireText {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireImage {
    #[prost(string, optional, tag = "3")]
    caption: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireVideo {
    #[prost(string, optional, tag = "7")]
    caption: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireDocument {
    #[prost(string, optional, tag = "8")]
    file_name: Option<String>,
    #[prost(string, optional, tag = "20")]
    caption: Option<String>,
}

/// `ProtocolMessage`: an edit has the new content here.
#[derive(Clone, PartialEq, prost::Message)]
struct WireProtocol {
    #[prost(message, optional, boxed, tag = "14")]
    edited: Option<Box<WireMessage>>,
}

/// `FutureProofMessage`: a message around another.
#[derive(Clone, PartialEq, prost::Message)]
struct WireWrapper {
    #[prost(message, optional, boxed, tag = "1")]
    message: Option<Box<WireMessage>>,
}

impl WireMessage {
    /// The new content, taken out of everything that surrounds it, in the form of a JSON `message`.
    fn edited(self) -> Option<Value> {
        let wrapper = self
            .edited
            .or(self.ephemeral)
            .or(self.document_with_caption);
        let inner = self.protocol.and_then(|protocol| protocol.edited);
        // The reader of protobuf has limited the depth.
        if let Some(inner) = inner.or_else(|| wrapper?.message) {
            return inner.edited();
        }
        if let Some(text) = self.conversation.or_else(|| self.extended_text?.text) {
            return Some(json!({ "conversation": text }));
        }
        if let Some(document) = self.document {
            return Some(
                json!({"documentMessage": {"fileName": document.file_name, "caption": document.caption}}),
            );
        }
        if let Some(image) = self.image {
            return Some(json!({"imageMessage": {"caption": image.caption}}));
        }
        self.video
            .map(|video| json!({"videoMessage": {"caption": video.caption}}))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// An edit of the message `A` by `1@lid` with this plaintext.
    fn seal(plain: &[u8]) -> Sealed {
        let key = key(&[7; 32], ["A", "1@lid", "1@lid"]).unwrap();
        let key = aead::UnboundKey::new(&aead::AES_256_GCM, &key).unwrap();
        let nonce = aead::Nonce::assume_unique_for_key([9; NONCE]);
        let mut bytes = plain.to_vec();
        aead::LessSafeKey::new(key)
            .seal_in_place_append_tag(nonce, aead::Aad::empty(), &mut bytes)
            .unwrap();
        Sealed::read(
            &json!({"secretEncType": 2, "encIv": STANDARD.encode([9; NONCE]), "encPayload": STANDARD.encode(bytes),
            "targetMessageKey": {"id": "A", "participant": "1:5@lid"}}),
        )
    }

    fn opened(plain: &[u8]) -> Option<Value> {
        seal(plain).open("A", &[7; 32], &[])
    }

    fn edit(message: WireMessage) -> Vec<u8> {
        let edited = Some(Box::new(message));
        let protocol = Some(Box::new(WireProtocol { edited }));
        let message = WireMessage {
            protocol,
            ..WireMessage::default()
        };
        message.encode_to_vec()
    }

    #[test]
    fn every_content_of_an_edit_is_found_in_what_surrounds_it() {
        let text = |text: &str| WireMessage {
            conversation: Some(text.to_owned()),
            ..WireMessage::default()
        };
        let wrapped = WireMessage {
            edited: Some(Box::new(WireWrapper {
                message: Some(Box::new(text("a"))),
            })),
            ..WireMessage::default()
        };
        let image = WireMessage {
            image: Some(WireImage {
                caption: Some("b".to_owned()),
            }),
            ..WireMessage::default()
        };
        assert_eq!(opened(&edit(text("a"))), Some(json!({"conversation": "a"})));
        assert_eq!(opened(&edit(wrapped)), Some(json!({"conversation": "a"})));
        assert_eq!(
            opened(&text("a").encode_to_vec()),
            Some(json!({"conversation": "a"}))
        );
        assert_eq!(
            opened(&edit(image)),
            Some(json!({"imageMessage": {"caption": "b"}}))
        );
        assert_eq!(opened(&edit(WireMessage::default())), None);
        assert_eq!(opened(b"\x0a\x02\xff\xff"), None, "no UTF-8");
        let mut deep = text("a").encode_to_vec();
        for _ in 0..10_000 {
            let mut around = vec![0x62];
            prost::encoding::encode_varint(deep.len() as u64, &mut around);
            around.extend(deep);
            deep = around;
            if deep.len() > MAX_PAYLOAD / 2 {
                break;
            }
        }
        assert_eq!(opened(&deep), None, "nested too deeply");
    }

    proptest::proptest! {
        #[test]
        fn no_plaintext_makes_it_panic(plain: Vec<u8>) {
            let _ = opened(&plain);
        }
    }
}
