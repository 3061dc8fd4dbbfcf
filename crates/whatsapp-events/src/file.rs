//! Reads the description of a message's file from its fields, in every encoding.
//!
//! A file without a key, or without both path and address, is ignored. Which addresses may be called is not decided
//! here.

use serde_json::Value;

use crate::{MediaFile, MediaKeys, fields};

/// Longest path or address, in bytes. WhatsApp's have about 250; clients and proxies carry 2,048 everywhere.
const MAX_ADDRESS: usize = 2048;
/// Longest media type, in bytes. RFC 6838 allows 127 for each half, and parameters are short.
const MAX_MIMETYPE: usize = 256;
/// Longest file name, in characters. Most file systems allow 255 bytes.
const MAX_FILE_NAME: usize = 120;
/// Longest extension that is kept when the name is cut, including its dot.
const MAX_ENDING: usize = 12;

/// The file that `body` describes, encrypted with this set of keys.
pub(super) fn read(body: &Value, keys: MediaKeys) -> Option<MediaFile> {
    let direct_path = fields::token(body.get("directPath"), MAX_ADDRESS)
        .filter(|path| path.starts_with('/') && path.len() > 1);
    let url = fields::token(body.get("url"), MAX_ADDRESS);
    if direct_path.is_none() && url.is_none() {
        return None;
    }
    Some(MediaFile {
        keys,
        direct_path,
        url,
        media_key: fields::bytes32(body.get("mediaKey"))?,
        sha256: fields::bytes32(body.get("fileSha256")),
        encrypted_sha256: fields::bytes32(body.get("fileEncSha256")),
        length: fields::integer(body.get("fileLength"))
            .and_then(|length| u64::try_from(length).ok()),
        mimetype: fields::title(body, &["/mimetype"])
            .filter(|mimetype| mimetype.len() <= MAX_MIMETYPE),
        file_name: name(body),
    })
}

/// The name of a document, safe to show and store: one line without path separators, cut before its extension.
pub(super) fn name(body: &Value) -> Option<String> {
    let name = ["fileName", "title"].iter().find_map(|field| {
        // WhatsApp allows 255 characters, so twice that is enough to find the extension.
        fields::one_line(&fields::text(body.get(field))?, 2 * 255)
    })?;
    let name = name.replace(['/', '\\'], "_");
    if name.chars().count() <= MAX_FILE_NAME {
        return Some(name);
    }
    let (stem, ending) = match name.rfind('.') {
        Some(dot) if name.len() - dot <= MAX_ENDING => name.split_at(dot),
        _ => (name.as_str(), ""),
    };
    let stem = fields::one_line(stem, MAX_FILE_NAME - ending.chars().count())?;
    Some(format!("{stem}{ending}"))
}
