//! Messages that are the second form of another one: a phone sends a picture in high definition, the moving part of a
//! live photo, or a video in a newer encoding as a message of its own, which names the first
//! (`docs/vendors/whatsapp.md#pictures-that-come-twice`).

use serde_json::Value;

use crate::fields;

/// How a message belongs to another one that shows the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// The `key.id` of the message that it belongs to, if it is named. The sender chose it, so look it up in this chat
    /// only.
    pub of: Option<String>,
    /// Whether its file is the better one. Otherwise it adds nothing to the message that it belongs to.
    pub is_better: bool,
}

/// Reads what a message says of its pair: `companion` is its `messageContextInfo`, `around` its `contextInfo`.
pub(super) fn read(companion: &Value, around: &Value) -> Option<Twin> {
    let association = companion.get("messageAssociation").unwrap_or(&Value::Null);
    if let Some(is_better) = by_association(association.get("associationType")) {
        let of = fields::name(association.pointer("/parentMessageKey/id"));
        // Without a name the better form cannot be told from a message of its own.
        return (of.is_some() || !is_better).then_some(Twin { of, is_better });
    }
    let is_part = is_second_part(around.get("pairedMediaType"));
    is_part.then_some(Twin {
        of: None,
        is_better: false,
    })
}

/// `MessageAssociation.AssociationType`. Others, such as the pictures of an album, are messages of their own.
fn by_association(kind: Option<&Value>) -> Option<bool> {
    match (fields::integer(kind), fields::text(kind).as_deref()) {
        (Some(5 | 10), _) | (_, Some("HD_VIDEO_DUAL_UPLOAD" | "HD_IMAGE_DUAL_UPLOAD")) => {
            Some(true)
        }
        (Some(12 | 19), _) | (_, Some("MOTION_PHOTO" | "HEVC_VIDEO_DUAL_UPLOAD")) => Some(false),
        _ => None,
    }
}

/// Whether `ContextInfo.PairedMediaType` says that it is the moving part of a photo, or a video in a newer encoding.
fn is_second_part(kind: Option<&Value>) -> bool {
    matches!(fields::integer(kind), Some(6 | 8))
        || matches!(
            fields::text(kind).as_deref(),
            Some("MOTION_PHOTO_CHILD" | "HEVC_VIDEO_CHILD")
        )
}
