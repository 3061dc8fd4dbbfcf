//! What an attachment is, and how the gateway sends it.
//!
//! Owns the tables of file types and of the gateway's extensions. It does not believe a file's name if its bytes say
//! something else.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::clients::attachment_source::Answer;
use crate::workers::outbound::plan::names;

/// How WhatsApp shows a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A voice message or music.
    Audio,
    /// Anything, under its name.
    Document,
}

/// How the gateway's legacy build sends an address by the extension of its path, in lower case; all others are
/// documents (`docs/vendors/waapify.md#attachments`). `ogg` is a mistake of that build: WhatsApp plays no such video.
const GATEWAY: [(&str, Kind); 7] = [
    ("jpg", Kind::Image),
    ("jpeg", Kind::Image),
    ("png", Kind::Image),
    ("gif", Kind::Image),
    ("mp4", Kind::Video),
    ("ogg", Kind::Video),
    ("mp3", Kind::Audio),
];
/// An extension that is not in [`GATEWAY`], so that the file is a document.
const NO_KIND: &str = "bin";

/// A type of files.
struct FileType {
    media_type: &'static str,
    kind: Kind,
    /// The extension with which the gateway sends it as that kind.
    alias: &'static str,
    /// Its own extensions, the usual one first.
    extensions: &'static [&'static str],
}

const fn file_type(
    media_type: &'static str,
    kind: Kind,
    alias: &'static str,
    extensions: &'static [&'static str],
) -> FileType {
    FileType {
        media_type,
        kind,
        alias,
        extensions,
    }
}

const fn document(media_type: &'static str, extensions: &'static [&'static str]) -> FileType {
    file_type(media_type, Kind::Document, NO_KIND, extensions)
}

/// The types we know. A picture, film or sound is sent as such if WhatsApp's apps decode it and the gateway labels it
/// correctly: it labels each picture like JPEG, each film MP4, each sound OGG. HEIC, WebP, AMR, M4A and MOV would get a
/// wrong label and may not open, so they are sent as documents. The label of a sound means Opus in OGG; MP3 is played
/// nevertheless.
const TYPES: [FileType; 40] = [
    file_type("image/jpeg", Kind::Image, "jpg", &["jpg", "jpeg"]),
    file_type("image/png", Kind::Image, "png", &["png"]),
    file_type("image/gif", Kind::Image, "gif", &["gif"]),
    file_type("video/mp4", Kind::Video, "mp4", &["mp4", "m4v"]),
    file_type("audio/mpeg", Kind::Audio, "mp3", &["mp3"]),
    file_type("audio/ogg", Kind::Audio, "mp3", &["ogg", "oga", "opus"]),
    document("application/ogg", &["ogg", "ogv", "oga"]),
    document("image/webp", &["webp"]),
    document("image/heic", &["heic", "heif"]),
    document("image/avif", &["avif"]),
    document("image/bmp", &["bmp"]),
    document("image/tiff", &["tif", "tiff"]),
    document("video/quicktime", &["mov"]),
    document("video/3gpp", &["3gp", "3g2"]),
    document("video/mpeg", &["mpeg", "mpg"]),
    document("video/webm", &["webm"]),
    document("video/x-matroska", &["mkv"]),
    document("video/x-msvideo", &["avi"]),
    document("audio/mp4", &["m4a"]),
    document("audio/aac", &["aac"]),
    document("audio/amr", &["amr"]),
    document("audio/wav", &["wav"]),
    document("application/pdf", &["pdf"]),
    document("application/zip", &["zip"]),
    document("application/vnd.rar", &["rar"]),
    document("application/x-7z-compressed", &["7z"]),
    document("application/gzip", &["gz"]),
    document("application/msword", &["doc"]),
    document(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        &["docx"],
    ),
    document("application/vnd.ms-excel", &["xls"]),
    document(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        &["xlsx"],
    ),
    document("application/vnd.ms-powerpoint", &["ppt"]),
    document(
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        &["pptx"],
    ),
    document("application/rtf", &["rtf"]),
    document("application/json", &["json"]),
    document("text/plain", &["txt"]),
    document("text/csv", &["csv"]),
    document("text/vcard", &["vcf", "vcard"]),
    document("text/calendar", &["ics"]),
    document(UNKNOWN, &[]),
];
/// The type of an unknown file.
const UNKNOWN: &str = "application/octet-stream";

/// Beginnings of files: position, bytes, type.
const SIGNATURES: [(usize, &[u8], &str); 21] = [
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (28, b"OpusHead", "audio/ogg"),
    (0, b"OggS", "application/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"\xff\xf9", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"Rar!", "application/vnd.rar"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"\x1f\x8b", "application/gzip"),
];
/// Brands of the ISO base media format, `ftyp` at byte 4 (ISO/IEC 14496-12); others are MP4.
const BRANDS: [(&[u8], &str); 10] = [
    (b"qt", "video/quicktime"),
    (b"3g", "video/3gpp"),
    (b"hei", "image/heic"),
    (b"hev", "image/heic"),
    (b"mif1", "image/heic"),
    (b"msf1", "image/heic"),
    (b"avi", "image/avif"),
    (b"M4A", "audio/mp4"),
    (b"M4B", "audio/mp4"),
    (b"M4P", "audio/mp4"),
];

/// What is known about an attachment. It is stored with its message, so that every attempt makes the same plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The name that the customer sees.
    pub name: String,
    /// The media type, one of our types.
    #[serde(rename = "type")]
    pub media_type: String,
}

/// Reads what a message's row holds about its files. None if it cannot be read, so that the servers are asked again.
#[must_use]
pub fn known(json: Option<&str>) -> Option<Vec<File>> {
    serde_json::from_str(json?).ok()
}

impl File {
    /// Recognises a file from its server's answer.
    #[must_use]
    pub fn recognise(url: &Url, answer: &Answer) -> Self {
        let name = names::of_answer(url, answer);
        let signed = by_signature(&answer.head);
        let said = answer.content_type.as_deref().and_then(by_media_type);
        let named = by_extension(names::extension(&name));
        // A picture, film or sound must have its signature; only MP3 may have none.
        let credible = |found: &&FileType| {
            found.kind == Kind::Document && found.media_type != UNKNOWN
                || found.media_type == "audio/mpeg"
        };
        let found = match signed {
            Some(found) if found.media_type == "video/mp4" => said
                .filter(|said| said.media_type == "audio/mp4")
                .unwrap_or(found),
            Some(found) => found,
            None => said
                .filter(credible)
                .or_else(|| named.filter(credible))
                .unwrap_or_else(unknown),
        };
        // Many servers call every file plain text or a stream of bytes; its name is more reliable.
        let found = match named {
            Some(named) if signed.is_none() && is_vague(found) && credible(&named) => named,
            _ => found,
        };
        Self {
            name: with_extension(name, found, signed.is_some()),
            media_type: found.media_type.to_owned(),
        }
    }

    /// Recognises a file from its address alone, if its server does not answer.
    #[must_use]
    pub fn by_address(url: &Url) -> Self {
        let name = names::of_address(url);
        let found = by_extension(names::extension(&name)).unwrap_or_else(unknown);
        Self {
            media_type: found.media_type.to_owned(),
            name,
        }
    }

    /// Whether WhatsApp shows a caption with it.
    pub(super) fn takes_caption(&self) -> bool {
        matches!(self.file_type().kind, Kind::Image | Kind::Video)
    }

    /// The extension that the gateway needs, if that of the address would make it another kind.
    pub(super) fn alias_for(&self, url: &Url) -> Option<&'static str> {
        let found = self.file_type();
        let last = url.path().rsplit('/').next().unwrap_or_default();
        (gateway_kind(names::extension(last)) != Some(found.kind)).then_some(found.alias)
    }

    /// The extension with which the gateway sends it as its kind.
    pub(super) fn alias(&self) -> &'static str {
        self.file_type().alias
    }

    fn file_type(&self) -> &'static FileType {
        by_media_type(&self.media_type).unwrap_or_else(unknown)
    }
}

/// The kind by extension. None where the gateway's builds differ: only some of them ignore the extension's case.
fn gateway_kind(extension: &str) -> Option<Kind> {
    let found = |wanted: &str| GATEWAY.iter().find(|row| row.0 == wanted).map(|row| row.1);
    match (found(extension), found(&extension.to_lowercase())) {
        (None, Some(_)) => None,
        (found, _) => Some(found.unwrap_or(Kind::Document)),
    }
}

fn by_signature(head: &[u8]) -> Option<&'static FileType> {
    if head.get(4..8) == Some(b"ftyp") {
        let brand = head.get(8..).unwrap_or_default();
        let known = BRANDS.iter().find(|row| brand.starts_with(row.0));
        return by_media_type(known.map_or("video/mp4", |row| row.1));
    }
    let here = |row: &&(usize, &[u8], &str)| {
        head.get(row.0..)
            .is_some_and(|rest| rest.starts_with(row.1))
    };
    SIGNATURES
        .iter()
        .find(here)
        .and_then(|row| by_media_type(row.2))
}

/// Finds a media type, without its parameters after `;`.
fn by_media_type(written: &str) -> Option<&'static FileType> {
    let wanted = written.split(';').next().unwrap_or_default().trim();
    TYPES
        .iter()
        .find(|row| row.media_type.eq_ignore_ascii_case(wanted))
}

fn by_extension(extension: &str) -> Option<&'static FileType> {
    let wanted = extension.to_lowercase();
    TYPES
        .iter()
        .find(|row| row.extensions.contains(&wanted.as_str()))
}

fn unknown() -> &'static FileType {
    &TYPES[TYPES.len() - 1]
}

fn is_vague(found: &FileType) -> bool {
    ["text/plain", "application/zip", UNKNOWN].contains(&found.media_type)
}

/// The name with an extension for the file's type, by which the phone chooses an app to open it. A document keeps an
/// extension that we do not know, because many formats are a PDF or a TIFF inside.
fn with_extension(name: String, found: &FileType, is_certain: bool) -> String {
    let own = names::extension(&name).to_lowercase();
    let is_right = found.extensions.contains(&own.as_str());
    let misleads = found.kind != Kind::Document || by_extension(&own).is_some();
    match found.extensions.first() {
        Some(usual) if !is_right && (own.is_empty() || is_certain && misleads) => {
            format!("{name}.{usual}")
        }
        _ => name,
    }
}
