//! A message's file, read from its fields.
//!
//! Owns: which fields describe a file, in every encoding. Refuses a file that cannot be opened (no key) or
//! found (no path and no address), and to decide which addresses may be called.

use serde_json::Value;

use crate::{MediaFile, MediaKeys, fields};

/// Longest path or address taken, in bytes. WhatsApp's are about 250; 2,048 is what clients and proxies carry anywhere.
const MAX_ADDRESS: usize = 2048;
/// Longest media type taken, in bytes: RFC 6838 allows 127 for each half, parameters are short.
const MAX_MIMETYPE: usize = 256;
/// Longest file name, in characters; most file systems allow 255 bytes.
const MAX_FILE_NAME: usize = 120;
/// Longest ending of a file name that is kept when the name is cut, with its dot.
const MAX_ENDING: usize = 12;

/// The file that `body` describes, sealed with these keys.
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

/// The name of a document, fit to be shown and stored: one line without path separators, and cut before its ending.
pub(super) fn name(body: &Value) -> Option<String> {
    let name = ["fileName", "title"].iter().find_map(|field| {
        // A name cannot be longer than WhatsApp allows, so twice that is enough to find its ending.
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
