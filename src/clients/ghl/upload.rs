//! Uploads a file for a contact's conversation: GHL stores it and gives its address (`docs/vendors/ghl.md#uploads`).

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use secrecy::SecretString;
use serde_json::Value;

use crate::clients::ghl::{Advice, CallError, Client, NewFile, V_2021_04};
use crate::model::ids::{ContactId, LocationId};
use crate::model::reason::Answer;

/// Largest file that GHL accepts (`docs/vendors/ghl.md#uploads`).
pub const MAX_UPLOAD_BYTES: usize = 5 * 1024 * 1024;

/// Extensions of the files that GHL accepts (`docs/vendors/ghl.md#uploads`). It answers 415 to others.
const EXTENSIONS: [&str; 25] = [
    "jpg", "png", "gif", "heic", "mp4", "mpeg", "mov", "3gp", "zip", "rar", "pdf", "doc", "docx",
    "xls", "xlsx", "ppt", "pptx", "csv", "txt", "mp3", "m4a", "wav", "ogg", "amr", "vcf",
];

/// Whether GHL accepts files with this extension.
#[must_use]
pub fn takes(extension: &str) -> bool {
    EXTENSIONS.contains(&extension)
}

impl Client {
    /// Uploads a file. Returns the address to attach to a message.
    ///
    /// # Errors
    /// [`CallError`]; `Reject` for a type or size that GHL does not accept.
    pub async fn upload(
        &self,
        token: &SecretString,
        location: &LocationId,
        contact: &ContactId,
        file: &NewFile,
    ) -> Result<String, CallError> {
        let length = file.bytes.len() as u64;
        let part = Part::stream_with_length(file.bytes.clone(), length)
            .file_name(file.name.clone())
            .mime_str(file.mimetype)
            .map_err(|_| no_type())?;
        let form = Form::new()
            .text("locationId", location.0.clone())
            .text("contactId", contact.0.clone())
            .part("fileAttachment", part);
        let path = ["conversations", "messages", "upload"];
        let request = self.request(Method::POST, &path, V_2021_04, token);
        let answer = self.call(request.multipart(form)).await?;
        let files = answer.body.get("uploadedFiles").and_then(Value::as_object);
        // GHL may change the name; there is only one.
        let address = files.and_then(|files| files.values().find_map(Value::as_str));
        let address = address.filter(|address| address.starts_with("https://"));
        address
            .map(str::to_owned)
            .ok_or_else(|| answer.incomplete("uploadedFiles"))
    }
}

/// The error for a type that cannot be written into a request, which ours all can.
fn no_type() -> CallError {
    CallError {
        advice: Advice::Reject,
        status: None,
        may_have_arrived: false,
        is_outage: false,
        is_final: true,
        detail: Answer::NoFileType.into(),
    }
}
