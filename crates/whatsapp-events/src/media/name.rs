//! Gives a file a safe name and a type, without trusting its sender.
//!
//! The name is safe on any disk and in any header, and its extension fits the file. For the type the first bytes
//! count most, then the announced type, then the name.

use crate::media::types::{KnownType, UNKNOWN_TYPE};
use crate::media::{MediaFile, MediaKeys};

/// Longest name, in bytes. It fits every file system and stays readable in a list.
const MAX_NAME_BYTES: usize = 100;
/// Longest extension, in characters. A longer one counts as part of the name.
const MAX_EXTENSION: usize = 8;
/// Types whose first bytes count more than the announced type. Other beginnings say less than that: MP4 files hold sounds
/// or films, and raw pictures are TIFF inside.
const CERTAIN: [&str; 7] = [
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "audio/ogg",
    "application/ogg",
    "application/pdf",
];
/// Extensions that every program accepts in place of the usual one, which follows.
const SPELLINGS: [(&str, &str); 2] = [("jpeg", "jpg"), ("vcard", "vcf")];

/// The type of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileType {
    /// The extension in small letters, without the dot.
    pub extension: String,
    /// The media type; `application/octet-stream` if it is unknown.
    pub mimetype: &'static str,
}

impl MediaFile {
    /// The type of the file. `head` is its first bytes, or empty if they are not known.
    #[must_use]
    pub fn file_type(&self, head: &[u8]) -> FileType {
        let by_name = self.said_extension().map(|(_, extension)| extension);
        let known = KnownType::by_head(head)
            .filter(|known| CERTAIN.contains(&known.media_type()))
            .or_else(|| KnownType::by_media_type(self.mimetype.as_deref()?))
            .or_else(|| KnownType::by_extension(by_name.as_deref()?))
            // Of types with one ending the usual one: OGG from a phone is a sound.
            .and_then(|known| KnownType::by_extension(known.extension()));
        match known {
            Some(known) => FileType {
                extension: known.extension().to_owned(),
                mimetype: known.media_type(),
            },
            None => FileType {
                extension: by_name.unwrap_or_else(|| "bin".to_owned()),
                mimetype: UNKNOWN_TYPE,
            },
        }
    }

    /// The sender's name for the file, made safe, or a plain name. It ends with the extension of `file_type`.
    #[must_use]
    pub fn safe_name(&self, file_type: &FileType) -> String {
        let extension = &file_type.extension;
        let name = self.file_name.as_deref().map(safe).unwrap_or_default();
        let (stem, extension) = match split(&name) {
            // Keeps the sender's spelling, such as `jpeg`.
            Some((stem, said))
                if said == *extension || SPELLINGS.contains(&(said.as_str(), extension)) =>
            {
                (stem, said)
            }
            _ => (name.as_str(), extension.clone()),
        };
        let stem = if stem.is_empty() {
            self.plain_stem(&extension)
        } else {
            stem
        };
        let room = MAX_NAME_BYTES - extension.len() - 1;
        let stem = stem[..stem.floor_char_boundary(room)].trim_end();
        format!("{stem}.{extension}")
    }

    fn said_extension(&self) -> Option<(String, String)> {
        let name = safe(self.file_name.as_deref()?);
        split(&name).map(|(stem, extension)| (stem.to_owned(), extension))
    }

    fn plain_stem(&self, extension: &str) -> &'static str {
        match (self.keys, extension) {
            (MediaKeys::Image, "webp") => "sticker",
            (MediaKeys::Image, _) => "image",
            (MediaKeys::Video, _) => "video",
            (MediaKeys::Audio, "ogg") => "voice-message",
            (MediaKeys::Audio, _) => "audio",
            (MediaKeys::Document, _) => "document",
        }
    }
}

/// Stem and ending, where the name has one.
fn split(name: &str) -> Option<(&str, String)> {
    let (stem, extension) = name.rsplit_once('.')?;
    let fits = (1..=MAX_EXTENSION).contains(&extension.len())
        && extension.chars().all(|c| c.is_ascii_alphanumeric());
    (fits && !stem.is_empty()).then(|| (stem, extension.to_ascii_lowercase()))
}

/// The last part of a path, without characters that mean something to a disk, a header or a shell.
fn safe(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = last.chars().filter(|c| !is_hidden(*c));
    let shown: String = shown
        .map(|c| if ":*?\"<>|;%`$".contains(c) { '_' } else { c })
        .collect();
    shown
        .trim_matches(|c: char| c == '.' || c.is_whitespace())
        .to_owned()
}

/// Control characters, and invisible ones that reverse or hide the text beside them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(keys: MediaKeys, mimetype: &str, name: Option<&str>) -> MediaFile {
        MediaFile {
            keys,
            direct_path: None,
            url: None,
            media_key: [0; 32],
            sha256: None,
            encrypted_sha256: None,
            length: None,
            mimetype: Some(mimetype.to_owned()),
            file_name: name.map(str::to_owned),
        }
    }

    #[test]
    fn a_file_is_called_as_its_sender_says_as_far_as_that_is_safe() {
        let pdf = "application/pdf";
        for (mimetype, said, name) in [
            (pdf, "Invois 123.pdf", "Invois 123.pdf"),
            (pdf, "INVOIS.PDF", "INVOIS.pdf"),
            (pdf, "../../etc/passwd", "passwd.pdf"),
            (pdf, "C:\\temp\\a.pdf", "a.pdf"),
            (pdf, "a\u{202e}fdp.exe", "afdp.exe.pdf"),
            (pdf, "a\r\nb\0.pdf", "ab.pdf"),
            (pdf, "say \"hi\"; x=1.pdf", "say _hi__ x=1.pdf"),
            (pdf, "...", "document.pdf"),
            (pdf, " .pdf", "pdf.pdf"),
            ("text/plain", "page.html", "page.html.txt"),
            ("image/jpeg", "foto.JPEG", "foto.jpeg"),
            ("application/x-msdownload", "setup.exe", "setup.exe"),
            ("application/x-unknown", "blob", "blob.bin"),
            ("application/x-unknown", "blob.abcd5678", "blob.abcd5678"),
            (
                "application/x-unknown",
                "blob.abcd56789",
                "blob.abcd56789.bin",
            ),
            ("application/x-unknown", "Dr. Lim", "Dr. Lim.bin"),
            ("", "Resume.docx", "Resume.docx"),
        ] {
            let file = file(MediaKeys::Document, mimetype, Some(said));
            assert_eq!(file.safe_name(&file.file_type(&[])), name, "{said:?}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters_and_keeps_its_ending() {
        let long = format!("{}.pdf", "é".repeat(300));
        let file = file(MediaKeys::Document, "application/pdf", Some(&long));
        let name = file.safe_name(&file.file_type(&[]));
        assert_eq!(name, format!("{}.pdf", "é".repeat(48)));
    }

    #[test]
    fn without_a_name_a_plain_one_says_what_it_is() {
        for (keys, mimetype, name) in [
            (MediaKeys::Image, "image/jpeg", "image.jpg"),
            (MediaKeys::Image, "image/webp", "sticker.webp"),
            (
                MediaKeys::Audio,
                "audio/ogg; codecs=opus",
                "voice-message.ogg",
            ),
            (MediaKeys::Audio, "audio/mp4", "audio.m4a"),
            (MediaKeys::Video, "video/mp4", "video.mp4"),
            (MediaKeys::Document, "application/zip", "document.zip"),
            (MediaKeys::Document, "nonsense", "document.bin"),
        ] {
            let file = file(keys, mimetype, None);
            assert_eq!(file.safe_name(&file.file_type(&[])), name);
        }
    }

    #[test]
    fn the_first_bytes_count_more_than_what_is_said() {
        let file = file(MediaKeys::Image, "image/jpeg", Some("x.jpg"));
        let webp = file.file_type(b"RIFF\x10\0\0\0WEBPVP8 ");
        assert_eq!(webp.extension, "webp");
        assert_eq!(file.safe_name(&webp), "x.jpg.webp");
        assert_eq!(file.file_type(b"RIFF").extension, "jpg");
        assert_eq!(file.file_type(b"%PDF-1.4").mimetype, "application/pdf");
    }
}
