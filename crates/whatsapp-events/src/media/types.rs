//! The types of files that people send.
//!
//! Owns: what each type is called, how names of such files end, and how their bytes begin. Refuses: to decide which of
//! the three counts where they differ; that depends on who says it.

/// What a file of an unknown type is: bytes.
pub const UNKNOWN_TYPE: &str = "application/octet-stream";

/// A type of files.
#[derive(Debug)]
pub struct KnownType {
    /// The registered media type, then others that programs use for it.
    media_types: &'static str,
    /// How names end, the usual ending first; small letters without a dot.
    extensions: &'static str,
    /// From which byte on such files hold which bytes; a dot is any byte. One of these is enough.
    beginnings: &'static [(usize, &'static [u8])],
}

/// Where two types share an ending or a beginning, the first one is meant. Office files begin as archives do.
///
/// Why no crate: `docs/decisions/0014-attachments.md`.
static KNOWN: [KnownType; 39] = [
    known("image/jpeg image/jpg", "jpg jpeg", &[(0, b"\xff\xd8\xff")]),
    known("image/png", "png", &[(0, b"\x89PNG\r\n\x1a\n")]),
    known("image/gif", "gif", &[(0, b"GIF8")]),
    known("image/webp", "webp", &[(0, b"RIFF....WEBP")]),
    // Brands of the ISO base media format (ISO/IEC 14496-12); all others are MP4.
    known("image/heic image/heif", "heic heif", &HEIC),
    known("image/avif", "avif", &[(4, b"ftypavi")]),
    known("video/quicktime", "mov", &[(4, b"ftypqt")]),
    known("video/3gpp audio/3gpp", "3gp 3g2", &[(4, b"ftyp3g")]),
    known("audio/mp4 audio/x-m4a audio/m4a", "m4a", &M4A),
    known("video/mp4", "mp4 m4v", &[(4, b"ftyp")]),
    known("audio/ogg", "ogg oga opus", &[(28, b"OpusHead")]),
    known("application/ogg", "ogg ogv oga", &[(0, b"OggS")]),
    known("audio/mpeg audio/mp3", "mp3", &MP3),
    known("audio/aac", "aac", &[(0, b"\xff\xf1"), (0, b"\xff\xf9")]),
    known("audio/amr", "amr", &[(0, b"#!AMR")]),
    known(
        "audio/wav audio/x-wav audio/wave",
        "wav",
        &[(0, b"RIFF....WAVE")],
    ),
    known("image/bmp", "bmp", &[]),
    known("image/tiff", "tif tiff", &[(0, b"II*\0"), (0, b"MM\0*")]),
    known("video/mpeg", "mpeg mpg", &[]),
    known("video/webm", "webm", &[]),
    known("video/x-matroska", "mkv", &[]),
    known("video/x-msvideo", "avi", &[(0, b"RIFF....AVI ")]),
    known("application/pdf", "pdf", &[(0, b"%PDF-")]),
    known("application/zip application/x-zip-compressed", "zip", &[]),
    known(
        "application/vnd.rar application/x-rar-compressed application/x-rar",
        "rar",
        &[(0, b"Rar!")],
    ),
    known(
        "application/x-7z-compressed",
        "7z",
        &[(0, b"7z\xbc\xaf\x27\x1c")],
    ),
    known("application/gzip", "gz", &[(0, b"\x1f\x8b")]),
    known("application/msword", "doc", &[]),
    known(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
        &[],
    ),
    known("application/vnd.ms-excel", "xls", &[]),
    known(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
        &[],
    ),
    known("application/vnd.ms-powerpoint", "ppt", &[]),
    known(
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "pptx",
        &[],
    ),
    known("application/rtf", "rtf", &[]),
    known("application/json", "json", &[]),
    known("text/plain", "txt", &[]),
    known("text/csv text/comma-separated-values", "csv", &[]),
    known("text/vcard text/x-vcard", "vcf vcard", &[]),
    known("text/calendar", "ics", &[]),
];
const HEIC: [(usize, &[u8]); 4] = [
    (4, b"ftyphei"),
    (4, b"ftyphev"),
    (4, b"ftypmif1"),
    (4, b"ftypmsf1"),
];
const M4A: [(usize, &[u8]); 3] = [(4, b"ftypM4A"), (4, b"ftypM4B"), (4, b"ftypM4P")];
const MP3: [(usize, &[u8]); 4] = [
    (0, b"ID3"),
    (0, b"\xff\xfb"),
    (0, b"\xff\xf3"),
    (0, b"\xff\xf2"),
];

const fn known(
    media_types: &'static str,
    extensions: &'static str,
    beginnings: &'static [(usize, &'static [u8])],
) -> KnownType {
    KnownType {
        media_types,
        extensions,
        beginnings,
    }
}

impl KnownType {
    /// The type of a file that begins with `head`, where that tells.
    #[must_use]
    pub fn by_head(head: &[u8]) -> Option<&'static Self> {
        let holds = |(from, wanted): &(usize, &[u8])| {
            let there = head.get(*from..from + wanted.len());
            there.is_some_and(|there| {
                let mut pairs = wanted.iter().zip(there);
                pairs.all(|(wanted, byte)| *wanted == b'.' || wanted == byte)
            })
        };
        KNOWN
            .iter()
            .find(|known| known.beginnings.iter().any(holds))
    }

    /// The type that a media type means, whatever stands behind its `;`.
    #[must_use]
    pub fn by_media_type(written: &str) -> Option<&'static Self> {
        let wanted = written.split(';').next().unwrap_or_default().trim();
        KNOWN.iter().find(|known| {
            let mut names = known.media_types.split_whitespace();
            names.any(|name| name.eq_ignore_ascii_case(wanted))
        })
    }

    /// The type of files whose names end so.
    #[must_use]
    pub fn by_extension(extension: &str) -> Option<&'static Self> {
        KNOWN.iter().find(|known| known.has_extension(extension))
    }

    /// The registered media type.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        first(self.media_types)
    }

    /// The usual ending.
    #[must_use]
    pub fn extension(&self) -> &'static str {
        first(self.extensions)
    }

    /// Whether names of such files end so, in any case.
    #[must_use]
    pub fn has_extension(&self, extension: &str) -> bool {
        let mut own = self.extensions.split_whitespace();
        own.any(|own| own.eq_ignore_ascii_case(extension))
    }
}

fn first(words: &'static str) -> &'static str {
    words.split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn media_type(known: Option<&KnownType>) -> &str {
        known.map_or(UNKNOWN_TYPE, KnownType::media_type)
    }

    #[test]
    fn a_media_type_means_one_type_and_its_usual_ending_one_before_others() {
        let mut seen = std::collections::BTreeSet::new();
        for known in &KNOWN {
            for name in known.media_types.split_whitespace() {
                assert!(seen.insert(name), "{name} stands twice");
                let written = format!(" {}; x=1", name.to_uppercase());
                let found = KnownType::by_media_type(&written);
                assert_eq!(media_type(found), known.media_type());
            }
            let found = KnownType::by_extension(&known.extension().to_uppercase());
            assert_eq!(found.map(KnownType::extension), Some(known.extension()));
        }
        assert!(KnownType::by_media_type("").is_none());
        assert!(KnownType::by_extension("").is_none());
    }

    #[test]
    fn of_beginnings_the_closest_one_counts() {
        for (head, wanted) in [
            (b"\0\0\0\x18ftypheic".as_slice(), "image/heic"),
            (b"\0\0\0\x18ftyp3gp5", "video/3gpp"),
            (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
            (b"\0\0\0\x18ftypXAVC", "video/mp4"),
            (
                b"OggS...........................\x01vorbis",
                "application/ogg",
            ),
            (b"OggS........................OpusHead", "audio/ogg"),
            (b"RIFF\x10\0\0\0WEBP", "image/webp"),
            (b"RIFF\x10\0\0\0WEB", UNKNOWN_TYPE),
            (b"Greatest WEBP", UNKNOWN_TYPE),
            (b"", UNKNOWN_TYPE),
        ] {
            assert_eq!(media_type(KnownType::by_head(head)), wanted);
        }
    }
}
