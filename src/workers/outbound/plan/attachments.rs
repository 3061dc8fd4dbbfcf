//! What an attachment is, and how the gateway sends it.
//!
//! Owns the tables of file types and of the gateway's extensions. It does not believe a file's name if its bytes say
//! something else.

use serde::{Deserialize, Serialize};
use url::Url;
use whatsapp_events::{KnownType, UNKNOWN_TYPE};

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
/// What servers say of files that they do not know.
const VAGUE: [&str; 2] = ["text/plain", "application/zip"];
/// An extension that the gateway has no kind for, so that the file is a document.
const NO_KIND: &str = "bin";

/// What is not shown as a document, and the extension under which the gateway takes it for that. Pictures and films are
/// those that WhatsApp's apps decode and the gateway labels rightly: it calls each picture JPEG-like, each film MP4, each
/// sound OGG. HEIC, WebP, AMR, M4A and MOV would arrive under a wrong label and may not open; as documents they arrive
/// whole. Opus in OGG is what the label of a sound means, MP3 is played all the same.
const SHOWN: [(&str, Kind, &str); 6] = [
    ("image/jpeg", Kind::Image, "jpg"),
    ("image/png", Kind::Image, "png"),
    ("image/gif", Kind::Image, "gif"),
    ("video/mp4", Kind::Video, "mp4"),
    ("audio/mpeg", Kind::Audio, "mp3"),
    ("audio/ogg", Kind::Audio, "mp3"),
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
        let signed = KnownType::by_head(&answer.head);
        let said = answer.content_type.as_deref();
        let said = said.and_then(KnownType::by_media_type);
        let named = KnownType::by_extension(names::extension(&name));
        // A picture, film or sound without its signature is none; only MP3 needs not have one.
        let credible = |found: &&KnownType| {
            let media_type = found.media_type();
            kind_of(media_type) == Kind::Document || media_type == "audio/mpeg"
        };
        let found = match signed {
            Some(found) if found.media_type() == "video/mp4" => said
                .filter(|said| said.media_type() == "audio/mp4")
                .or(signed),
            Some(_) => signed,
            // Many servers call every file plain text or a stream of bytes; its name knows better.
            None => {
                let said = said.filter(credible);
                let named = named.filter(credible);
                if said.is_some_and(|said| !VAGUE.contains(&said.media_type())) {
                    said
                } else {
                    named.or(said)
                }
            }
        };
        Self {
            name: with_extension(name, found, signed.is_some()),
            media_type: found.map_or(UNKNOWN_TYPE, KnownType::media_type).to_owned(),
        }
    }

    /// Recognises a file from its address alone, if its server does not answer.
    #[must_use]
    pub fn by_address(url: &Url) -> Self {
        let name = names::of_address(url);
        let found = KnownType::by_extension(names::extension(&name));
        Self {
            media_type: found.map_or(UNKNOWN_TYPE, KnownType::media_type).to_owned(),
            name,
        }
    }

    /// Whether WhatsApp shows a caption with it.
    pub(super) fn takes_caption(&self) -> bool {
        matches!(kind_of(&self.media_type), Kind::Image | Kind::Video)
    }

    /// The extension that the gateway needs, if that of the address would make it another kind.
    pub(super) fn alias_for(&self, url: &Url) -> Option<&'static str> {
        let last = url.path().rsplit('/').next().unwrap_or_default();
        let kind = kind_of(&self.media_type);
        (gateway_kind(names::extension(last)) != Some(kind)).then(|| self.alias())
    }

    /// The extension with which the gateway sends it as its kind.
    pub(super) fn alias(&self) -> &'static str {
        shown(&self.media_type).map_or(NO_KIND, |(_, _, alias)| alias)
    }
}

fn shown(media_type: &str) -> Option<(&'static str, Kind, &'static str)> {
    SHOWN.into_iter().find(|row| row.0 == media_type)
}

fn kind_of(media_type: &str) -> Kind {
    shown(media_type).map_or(Kind::Document, |(_, kind, _)| kind)
}

/// The kind by extension. None where the gateway's builds differ: only some of them ignore the extension's case.
fn gateway_kind(extension: &str) -> Option<Kind> {
    let found = |wanted: &str| GATEWAY.iter().find(|row| row.0 == wanted).map(|row| row.1);
    match (found(extension), found(&extension.to_lowercase())) {
        (None, Some(_)) => None,
        (found, _) => Some(found.unwrap_or(Kind::Document)),
    }
}

/// The name with an extension that says what the file is: the phone chooses the app that opens it by that. A document
/// keeps an extension that we do not know; many formats are a PDF or a TIFF inside.
fn with_extension(name: String, found: Option<&KnownType>, is_certain: bool) -> String {
    let Some(found) = found else {
        return name;
    };
    let own = names::extension(&name);
    let misleads =
        kind_of(found.media_type()) != Kind::Document || KnownType::by_extension(own).is_some();
    if !found.has_extension(own) && (own.is_empty() || is_certain && misleads) {
        format!("{name}.{}", found.extension())
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0 a picture";
    const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0 a film";
    const PDF: &[u8] = b"%PDF-1.7 a document";

    fn url(path: &str) -> Url {
        Url::parse("https://x.example").unwrap().join(path).unwrap()
    }

    fn recognised(path: &str, content_type: Option<&str>, head: &[u8]) -> (String, String) {
        let answer = Answer {
            url: url(path),
            content_type: content_type.map(str::to_owned),
            disposition: None,
            head: head.to_vec(),
        };
        let file = File::recognise(&url(path), &answer);
        (file.name, file.media_type)
    }

    #[test]
    fn bytes_count_more_than_a_header_and_a_header_more_than_a_name() {
        for (path, said, head, name, media_type) in [
            ("a.pdf", Some("text/csv"), JPEG, "a.pdf.jpg", "image/jpeg"),
            ("a.m4a", Some("audio/mp4"), JPEG, "a.m4a.jpg", "image/jpeg"),
            ("a.mp4", Some("audio/mp4"), MP4, "a.mp4.m4a", "audio/mp4"),
            ("a", Some("audio/mpeg"), MP4, "a.mp4", "video/mp4"),
            ("a.mp4", None, MP4, "a.mp4", "video/mp4"),
            ("a.txt", Some("text/csv"), b"a,b", "a.txt", "text/csv"),
            ("a.csv", Some("text/plain"), b"a,b", "a.csv", "text/csv"),
            ("a.x", Some("text/plain"), b"a", "a.x", "text/plain"),
            ("a", Some("text/plain"), b"a", "a.txt", "text/plain"),
            ("a.doc", Some("x/y"), b"a", "a.doc", "application/msword"),
            ("a", None, b"a", "a", UNKNOWN_TYPE),
        ] {
            let expected = (name.to_owned(), media_type.to_owned());
            assert_eq!(recognised(path, said, head), expected, "{path} {said:?}");
        }
    }

    #[test]
    fn a_picture_a_film_or_a_sound_without_its_first_bytes_is_none_but_for_mp3() {
        for (path, said, media_type) in [
            ("a.jpg", Some("image/jpeg"), UNKNOWN_TYPE),
            ("a.mp4", Some("video/mp4"), UNKNOWN_TYPE),
            ("a.ogg", Some("audio/ogg"), UNKNOWN_TYPE),
            ("a", Some("audio/mpeg"), "audio/mpeg"),
            ("a.mp3", None, "audio/mpeg"),
            ("a.pdf", Some("image/jpeg"), "application/pdf"),
        ] {
            assert_eq!(
                recognised(path, said, b"?").1,
                media_type,
                "{path} {said:?}"
            );
        }
    }

    #[test]
    fn a_name_gets_an_ending_where_it_has_none_or_a_misleading_one() {
        for (path, said, head, name) in [
            ("logo.ai", None, PDF, "logo.ai"),
            ("logo.docx", None, PDF, "logo.docx.pdf"),
            ("logo.ai", None, JPEG, "logo.ai.jpg"),
            ("foto.JPEG", None, JPEG, "foto.JPEG"),
            ("logo", None, PDF, "logo.pdf"),
            (
                "logo.zip",
                Some("application/pdf"),
                b"?".as_slice(),
                "logo.zip",
            ),
        ] {
            assert_eq!(recognised(path, said, head).0, name, "{path}");
        }
    }

    fn file(media_type: &str) -> File {
        File {
            name: "a".to_owned(),
            media_type: media_type.to_owned(),
        }
    }

    #[test]
    fn the_gateway_gets_another_ending_only_where_the_addresss_own_misleads_it() {
        for (media_type, path, alias) in [
            ("image/jpeg", "a.jpg", None),
            ("image/jpeg", "a.png", None),
            ("image/jpeg", "a.JPG", Some("jpg")),
            ("image/png", "a", Some("png")),
            ("audio/ogg", "a.ogg", Some("mp3")),
            ("audio/ogg", "a.mp3", None),
            ("application/pdf", "a.pdf", None),
            ("application/pdf", "a.PDF", None),
            ("application/pdf", "a", None),
            ("application/pdf", "a.jpg", Some("bin")),
            ("application/pdf", "a.jpg/b", None),
        ] {
            let found = file(media_type).alias_for(&url(path));
            assert_eq!(found, alias, "{media_type} {path}");
        }
    }

    #[test]
    fn a_message_stands_below_a_picture_or_a_film_alone() {
        for (media_type, takes) in [
            ("image/jpeg", true),
            ("video/mp4", true),
            ("audio/mpeg", false),
            ("image/webp", false),
            ("application/pdf", false),
        ] {
            assert_eq!(file(media_type).takes_caption(), takes, "{media_type}");
        }
    }

    #[test]
    fn what_is_kept_about_files_is_read_again_or_found_out_anew() {
        let files = vec![file("image/jpeg"), file("text/csv")];
        let kept = serde_json::to_string(&files).unwrap();
        assert_eq!(known(Some(&kept)), Some(files));
        assert_eq!(known(Some("[7]")), None);
        assert_eq!(known(None), None);
    }
}
