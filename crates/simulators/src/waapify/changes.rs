//! What a customer's phone sends about a message that it has sent: an encrypted edit of a text, the better form of a
//! picture.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{aead, hkdf};
use serde_json::{Value, json};

use crate::clock;
use crate::waapify::events::{digits, inbound_text, jid_of, secret_of};
use crate::waapify::{ChatMessage, CustomerFile, Waapify};

/// `MessageAssociation.AssociationType` of a picture in high definition.
const HD_IMAGE: u8 = 10;
/// Keys of protobuf fields, from the inner to the outer one: `Message.conversation`, `ProtocolMessage.editedMessage`,
/// `Message.protocolMessage`.
const EDIT_FIELDS: [u8; 3] = [0x0a, 0x72, 0x62];

impl Waapify {
    /// A customer changes the text of a message that [`Waapify::customer_sends`] sent. The phone encrypts the change
    /// with the original's secret. Returns WhatsApp's id of the edit, after the webhook has been answered or has
    /// failed.
    pub async fn customer_edits(
        &self,
        phone: &str,
        name: &str,
        original: &str,
        text: &str,
    ) -> String {
        let phone = digits(phone);
        let id = format!("3A{}", clock::hex(18));
        let mut edit = ChatMessage::written(&id, text, false);
        edit.edits = Some(original.to_owned());
        self.keep_on_phone(&phone, name, edit);
        let mut message = inbound_text(&phone, name, &id, "");
        message["message"] = self.sealed_edit(&phone, original, text);
        self.post_inbound(&phone, name, &id, message).await;
        id
    }

    /// A customer sends a photo in high definition: first a small one, then the better one, which names the first.
    /// Both are one message on the phone. Returns WhatsApp's id of the first, after both webhooks have been answered
    /// or have failed.
    pub async fn customer_sends_hd_photo(
        &self,
        phone: &str,
        name: &str,
        [small, better]: [&CustomerFile<'_>; 2],
    ) -> String {
        let phone = digits(phone);
        let [id, child_id] = [(); 2].map(|()| format!("3A{}", clock::hex(18)));
        let mut photo = ChatMessage::written(&id, better.caption.unwrap_or_default(), false);
        photo.kind = "image";
        photo.better = Some(child_id.clone());
        self.keep_on_phone(&phone, name, photo);
        let child = json!({
            "associatedChildMessage": { "message": self.announce(better) },
            "messageContextInfo": { "messageAssociation": {
                "associationType": HD_IMAGE,
                "parentMessageKey": self.own_key(&id),
            } },
        });
        for (event_id, content) in [(&id, self.announce(small)), (&child_id, child)] {
            let mut message = inbound_text(&phone, name, event_id, "");
            message["message"] = content;
            self.post_inbound(&phone, name, &id, message).await;
        }
        id
    }

    /// The key of a message as its writer's phone gives it: the chat is the business's number.
    fn own_key(&self, id: &str) -> Value {
        let jid = format!("{}@s.whatsapp.net", self.owner().0);
        json!({ "remoteJid": jid, "fromMe": true, "id": id })
    }

    /// WhatsApp's `message` object of an edit.
    fn sealed_edit(&self, phone: &str, original: &str, text: &str) -> Value {
        let number = self.with(|instance| {
            let address = instance.addresses.get(phone);
            address.and_then(|address| address.number.clone())
        });
        let number = number.flatten().unwrap_or_else(|| phone.to_owned());
        let nonce: [u8; aead::NONCE_LEN] = rand::random();
        let jid = jid_of(&number);
        json!({ "secretEncryptedMessage": {
            "targetMessageKey": self.own_key(original),
            "encPayload": STANDARD.encode(seal(original, &jid, nonce, plaintext(text))),
            "encIv": STANDARD.encode(nonce),
            "secretEncType": "MESSAGE_EDIT",
        } })
    }
}

/// The edit as WhatsApp's `Message` in protobuf.
fn plaintext(text: &str) -> Vec<u8> {
    EDIT_FIELDS
        .into_iter()
        .fold(text.as_bytes().to_vec(), |inner, key| field(key, &inner))
}

/// A protobuf field: its key, the length of its bytes in groups of seven bits, and the bytes.
fn field(key: u8, bytes: &[u8]) -> Vec<u8> {
    let mut field = vec![key];
    let mut length = bytes.len();
    while length >= 0x80 {
        field.push(0x80 | u8::try_from(length & 0x7f).unwrap_or_default());
        length >>= 7;
    }
    field.push(u8::try_from(length).unwrap_or_default());
    field.extend_from_slice(bytes);
    field
}

/// The encrypted bytes and their tag; `jid` has written and edited the message. Empty if the library refuses the keys,
/// which does not happen.
fn seal(original: &str, jid: &str, nonce: [u8; aead::NONCE_LEN], mut bytes: Vec<u8>) -> Vec<u8> {
    let info = [original, jid, jid, "Message Edit"].map(str::as_bytes);
    let key = hkdf::Salt::new(hkdf::HKDF_SHA256, &[0; 32])
        .extract(&secret_of(original))
        .expand(&info, &aead::AES_256_GCM)
        .map(aead::UnboundKey::from);
    let sealed = key.and_then(|key| {
        let nonce = aead::Nonce::assume_unique_for_key(nonce);
        let key = aead::LessSafeKey::new(key);
        key.seal_in_place_append_tag(nonce, aead::Aad::empty(), &mut bytes)
    });
    sealed.map_or_else(|_| Vec::new(), |()| bytes)
}
