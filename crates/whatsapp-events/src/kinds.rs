//! The kinds of messages that are more than text: [`Kind`] and the table [`KINDS`].
//!
//! A new kind needs a name in the enum, a row of the table with its reader from `details`, and its label in
//! `wording`.

use serde_json::Value;

use crate::details::{
    Detail, call_log, contact, contacts, document, event, location, named, order, payment, poll,
    product, recording, scheduled_call,
};
use crate::{Content, MediaFile, MediaKeys, fields, file};

/// What a message is when it is more than text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Kind {
    Image,
    Video,
    Gif,
    VideoNote,
    VoiceNote,
    Audio,
    Document,
    Sticker,
    Location,
    LiveLocation,
    Contact,
    Poll,
    /// Encrypted for the phones of the chat; a gateway cannot read the choice.
    PollVote,
    Order,
    Product,
    GroupInvite,
    ChannelInvite,
    /// Without a caption, it removes an earlier reaction.
    Reaction,
    Call,
    Event,
    /// Encrypted, as a vote is.
    EventReply,
    /// The answers that a customer gave in a form.
    Form,
    Payment,
    PhoneRequest,
    /// Announces pictures, each of which follows as a message of its own.
    Album,
    Other,
}

/// One field that means more than text.
struct Row {
    field: &'static str,
    /// The row matches only if this flag of the field is set. Rows are tried in order.
    flag: Option<&'static str>,
    kind: Kind,
    /// The set of keys that decrypts its file.
    keys: Option<MediaKeys>,
    read: fn(&Value) -> Detail,
}

const fn row(field: &'static str, kind: Kind, read: fn(&Value) -> Detail) -> Row {
    Row {
        field,
        flag: None,
        kind,
        keys: None,
        read,
    }
}

const fn media(field: &'static str, kind: Kind, keys: MediaKeys) -> Row {
    Row {
        keys: Some(keys),
        ..row(field, kind, recording)
    }
}

impl Row {
    const fn if_set(self, flag: &'static str) -> Self {
        Self {
            flag: Some(flag),
            ..self
        }
    }

    const fn reading(self, read: fn(&Value) -> Detail) -> Self {
        Self { read, ..self }
    }
}

/// Fields that mean more than text. The first row that matches wins.
const KINDS: &[Row] = &[
    media("imageMessage", Kind::Image, MediaKeys::Image),
    media("videoMessage", Kind::Gif, MediaKeys::Video).if_set("gifPlayback"),
    media("videoMessage", Kind::Video, MediaKeys::Video),
    media("ptvMessage", Kind::VideoNote, MediaKeys::Video),
    media("audioMessage", Kind::VoiceNote, MediaKeys::Audio).if_set("ptt"),
    media("audioMessage", Kind::Audio, MediaKeys::Audio),
    media("documentMessage", Kind::Document, MediaKeys::Document).reading(document),
    media("stickerMessage", Kind::Sticker, MediaKeys::Image),
    row("stickerPackMessage", Kind::Sticker, named),
    row("locationMessage", Kind::LiveLocation, location).if_set("isLive"),
    row("locationMessage", Kind::Location, location),
    row("liveLocationMessage", Kind::LiveLocation, location),
    row("contactMessage", Kind::Contact, contact),
    row("contactsArrayMessage", Kind::Contact, contacts),
    row("pollCreationMessage", Kind::Poll, poll),
    row("pollCreationMessageV2", Kind::Poll, poll),
    row("pollCreationMessageV3", Kind::Poll, poll),
    row("pollCreationMessageV5", Kind::Poll, poll),
    row("pollCreationMessageV6", Kind::Poll, poll),
    row("pollResultSnapshotMessage", Kind::Poll, poll),
    row("pollResultSnapshotMessageV3", Kind::Poll, poll),
    row("pollUpdateMessage", Kind::PollVote, named),
    row("orderMessage", Kind::Order, order),
    row("productMessage", Kind::Product, product),
    row("groupInviteMessage", Kind::GroupInvite, named),
    row("newsletterAdminInviteMessage", Kind::ChannelInvite, named),
    row(
        "newsletterFollowerInviteMessageV2",
        Kind::ChannelInvite,
        named,
    ),
    row("reactionMessage", Kind::Reaction, named),
    row("call", Kind::Call, named),
    // WhatsApp itself misspells this name.
    row("callLogMesssage", Kind::Call, call_log),
    row("scheduledCallCreationMessage", Kind::Call, scheduled_call),
    row("scheduledCallEditMessage", Kind::Call, named),
    row("eventMessage", Kind::Event, event),
    row("encEventResponseMessage", Kind::EventReply, named),
    row("sendPaymentMessage", Kind::Payment, payment),
    row("requestPaymentMessage", Kind::Payment, payment),
    row("paymentInviteMessage", Kind::Payment, named),
    row("declinePaymentRequestMessage", Kind::Payment, named),
    row("cancelPaymentRequestMessage", Kind::Payment, named),
    row("invoiceMessage", Kind::Payment, named),
    row("requestPhoneNumberMessage", Kind::PhoneRequest, named),
    row("albumMessage", Kind::Album, named),
];

/// The content, the file and the field of a message that is more than text.
pub(super) fn find(message: &Value) -> Option<(Content, Option<MediaFile>, &Value)> {
    KINDS.iter().find_map(|row| {
        let body = message.get(row.field).filter(|body| !body.is_null())?;
        let holds = row.flag.is_none_or(|flag| fields::flag(body.get(flag)));
        holds.then(|| {
            let Detail {
                title,
                caption,
                lines,
            } = (row.read)(body);
            let content = Content::NotText {
                kind: row.kind,
                title,
                caption,
                lines,
            };
            let file = row.keys.and_then(|keys| file::read(body, keys));
            (content, file, body)
        })
    })
}
