//! GHL's file upload: a multipart body in, addresses out. Limits and file types are the documented ones. The
//! addresses lead nowhere; the files are kept for tests.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use crate::call::{Answer, Call};
use crate::clock;
use crate::ghl::Ghl;
use crate::ghl::gate::{WRONG_LOCATION, invalid, refuse};
use crate::ghl::state::{UPLOADS_KEPT, Upload};

/// Documented: 5 MB for each file.
const FILE_BYTES: usize = 5 * 1024 * 1024;
/// Documented: five files for each call.
const FILES: usize = 5;
/// Documented file types; WEBP is not among them.
const EXTENSIONS: [&str; 27] = [
    "jpg", "jpeg", "png", "gif", "heic", "mp4", "mpeg", "mov", "3gp", "zip", "rar", "pdf", "doc",
    "docx", "xls", "xlsx", "ppt", "pptx", "csv", "txt", "mp3", "m4a", "wav", "ogg", "amr", "vcf",
    "vcard",
];

struct Part {
    name: String,
    file_name: Option<String>,
    content_type: String,
    bytes: Bytes,
}

/// `POST /conversations/messages/upload`.
pub(super) fn upload(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let parts = parts(call).ok_or_else(|| failed(400, "Multipart: Boundary not found"))?;
    let field = |name: &str| {
        let part = parts
            .iter()
            .find(|part| part.name == name && part.file_name.is_none())?;
        Some(String::from_utf8_lossy(&part.bytes).into_owned())
    };
    let given_location = field("locationId");
    let (contact, conversation) = (field("contactId"), field("conversationId"));
    let mut wrong = Vec::new();
    if given_location.is_none() {
        wrong.push("locationId must be a string".to_owned());
    }
    if contact.is_none() && conversation.is_none() {
        wrong.push("contactId or conversationId should not be empty".to_owned());
    }
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    let mut state = ghl.inner.state.lock();
    let foreign = contact
        .as_deref()
        .and_then(|id| state.contact(id))
        .is_some_and(|contact| contact.location_id != location_id);
    if given_location.as_deref() != Some(location_id) || foreign {
        return Err(refuse(403, WRONG_LOCATION));
    }
    if let Some(id) = conversation
        && !state.conversations.iter().any(|known| known.id == id)
    {
        return Err(refuse(500, &format!("Conversation with id {id} not found")));
    }
    let uploads = check_files(parts, location_id)?;
    let files: Map<String, Value> = uploads
        .iter()
        .map(|file| (file.file_name.clone(), json!(file.url)))
        .collect();
    state.uploads.extend(uploads);
    let spare = state.uploads.len().saturating_sub(UPLOADS_KEPT);
    state.uploads.drain(..spare);
    Ok(Answer::json(201, &json!({ "uploadedFiles": files })))
}

fn check_files(parts: Vec<Part>, location_id: &str) -> Result<Vec<Upload>, Answer> {
    let files: Vec<Part> = parts
        .into_iter()
        .filter(|part| part.name == "fileAttachment")
        .collect();
    if files.is_empty() || files.len() > FILES {
        return Err(failed(400, "Failed to upload the files"));
    }
    if files.iter().any(|file| file.bytes.len() > FILE_BYTES) {
        return Err(failed(413, "Failed to upload the files"));
    }
    files
        .into_iter()
        .map(|file| {
            let file_name = file.file_name.unwrap_or_default();
            let extension = file_name
                .rsplit_once('.')
                .map(|(_, end)| end.to_lowercase());
            if !extension.is_some_and(|end| EXTENSIONS.contains(&end.as_str())) {
                return Err(failed(415, "Failed to upload the files"));
            }
            let id = clock::letters(12);
            Ok(Upload {
                location_id: location_id.to_owned(),
                url: format!(
                    "https://storage.googleapis.com/msgsndr/{location_id}/media/{id}/{file_name}"
                ),
                file_name,
                content_type: file.content_type,
                bytes: file.bytes,
            })
        })
        .collect()
}

/// A refusal in this route's own shape.
fn failed(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "status": status, "message": message }))
}

/// The parts of a multipart body (RFC 7578), or `None` if it is not one.
fn parts(call: &Call) -> Option<Vec<Part>> {
    if !call.is("multipart/form-data") {
        return None;
    }
    let boundary = parameter(call.header("content-type")?, "boundary")?;
    let mut delimiter = b"\r\n--".to_vec();
    delimiter.extend_from_slice(boundary.as_bytes());
    // The first delimiter has no line end before it.
    let mut body = b"\r\n".to_vec();
    body.extend_from_slice(&call.body);
    let body = Bytes::from(body);
    let mut found = Vec::new();
    let mut rest = body.slice(position(&body, &delimiter)? + delimiter.len()..);
    while !rest.starts_with(b"--") {
        let end = position(&rest, &delimiter)?;
        found.push(part(&rest.slice(..end))?);
        rest = rest.slice(end + delimiter.len()..);
    }
    Some(found)
}

/// One part, beginning at the end of its boundary line.
fn part(raw: &Bytes) -> Option<Part> {
    let blank = position(raw, b"\r\n\r\n")?;
    let head = std::str::from_utf8(raw.get(..blank)?).ok()?;
    let header = |wanted: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim()
                .eq_ignore_ascii_case(wanted)
                .then(|| value.trim())
        })
    };
    let disposition = header("content-disposition")?;
    Some(Part {
        name: parameter(disposition, "name")?,
        file_name: parameter(disposition, "filename"),
        content_type: header("content-type").unwrap_or("text/plain").to_owned(),
        bytes: raw.slice(blank + 4..),
    })
}

/// `value` of `; name=value` or `; name="value"` in a header.
fn parameter(header: &str, name: &str) -> Option<String> {
    header.split(';').skip(1).find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let wanted = key.trim().eq_ignore_ascii_case(name);
        wanted.then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
