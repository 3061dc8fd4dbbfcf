//! Gives a file a safe name and a type, without trusting its sender.
//!
//! The name is safe on any disk and in any header, and its extension fits the file. For the type the first bytes
//! count most, then the announced type, then the name.

use crate::media::{MediaFile, MediaKeys};

/// Longest name, in bytes. It fits every file system and stays readable in a list.
const MAX_NAME_BYTES: usize = 100;
/// Longest extension, in characters. A longer one counts as part of the name.
const MAX_EXTENSION: usize = 8;
/// Extensions and media types of one kind of file. The first of each is the usual one.
type Row = (&'static [&'static str], &'static [&'static str]);

/// Types that people send. Any other file keeps its extension and is passed on as `application/octet-stream`.
const TYPES: [Row; 27] = [
    (&["jpg", "jpeg"], &["image/jpeg", "image/jpg"]),
    (&["png"], &["image/png"]),
    (&["gif"], &["image/gif"]),
    (&["webp"], &["image/webp"]),
    (&["heic"], &["image/heic", "image/heif"]),
    (&["mp4"], &["video/mp4"]),
    (&["mpeg"], &["video/mpeg"]),
    (&["mov"], &["video/quicktime"]),
    (&["3gp"], &["video/3gpp", "audio/3gpp"]),
    (&["ogg"], &["audio/ogg", "application/ogg"]),
    (&["mp3"], &["audio/mpeg", "audio/mp3"]),
    (&["m4a"], &["audio/mp4", "audio/x-m4a", "audio/m4a"]),
    (&["wav"], &["audio/wav", "audio/x-wav", "audio/wave"]),
    (&["amr"], &["audio/amr"]),
    (&["aac"], &["audio/aac"]),
    (&["pdf"], &["application/pdf"]),
    (&["doc"], &["application/msword"]),
    (
        &["docx"],
        &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
    ),
    (&["xls"], &["application/vnd.ms-excel"]),
    (
        &["xlsx"],
        &["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"],
    ),
    (&["ppt"], &["application/vnd.ms-powerpoint"]),
    (
        &["pptx"],
        &["application/vnd.openxmlformats-officedocument.presentationml.presentation"],
    ),
    (&["csv"], &["text/csv", "text/comma-separated-values"]),
    (&["txt"], &["text/plain"]),
    (&["vcf", "vcard"], &["text/vcard", "text/x-vcard"]),
    (
        &["zip"],
        &["application/zip", "application/x-zip-compressed"],
    ),
    (
        &["rar"],
        &[
            "application/vnd.rar",
            "application/x-rar-compressed",
            "application/x-rar",
        ],
    ),
];

/// First bytes that prove a type. Office files are missing, because they begin like archives.
const BEGINNINGS: [(&[u8], &str); 6] = [
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"%PDF-", "pdf"),
    (b"OggS", "ogg"),
    (b"RIFF....WEBP", "webp"),
];

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
        let row = row_of_head(head)
            .or_else(|| row_of_mimetype(self.mimetype.as_deref()?))
            .or_else(|| row_of_extension(by_name.as_deref()?));
        match row {
            Some((extensions, mimetypes)) => FileType {
                extension: extensions[0].to_owned(),
                mimetype: mimetypes[0],
            },
            None => FileType {
                extension: by_name.unwrap_or_else(|| "bin".to_owned()),
                mimetype: "application/octet-stream",
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
            Some((stem, said)) if said == *extension || same_type(&said, extension) => (stem, said),
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

fn row_of_head(head: &[u8]) -> Option<&'static Row> {
    let begins = |pattern: &[u8]| {
        head.len() >= pattern.len()
            && pattern
                .iter()
                .zip(head)
                .all(|(wanted, byte)| *wanted == b'.' || wanted == byte)
    };
    let (_, extension) = BEGINNINGS.iter().find(|(pattern, _)| begins(pattern))?;
    row_of_extension(extension)
}

fn row_of_mimetype(mimetype: &str) -> Option<&'static Row> {
    let essence = mimetype.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    TYPES
        .iter()
        .find(|(_, types)| types.contains(&essence.as_str()))
}

fn row_of_extension(extension: &str) -> Option<&'static Row> {
    TYPES
        .iter()
        .find(|(extensions, _)| extensions.contains(&extension))
}

fn same_type(one: &str, other: &str) -> bool {
    row_of_extension(one).is_some_and(|(extensions, _)| extensions.contains(&other))
}

/// Splits a name into stem and extension, if it has one.
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
        assert!(
            name.len() <= MAX_NAME_BYTES && name.ends_with("é.pdf"),
            "{name}"
        );
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
