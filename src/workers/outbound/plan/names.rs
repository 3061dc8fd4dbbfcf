//! The name of a file: from its server (`Content-Disposition`, RFC 6266), or from its address.
//!
//! Reads and cleans names. A name must not be a path, or hide its end.

use url::{Url, form_urlencoded};

use crate::clients::attachment_source::Answer;

/// Longest name in characters: phones cut longer ones, and the name is a part of the request's URL to the gateway.
const MAX_CHARS: usize = 80;
/// Longest extension (such as `numbers`, `torrent`); a longer end is a part of the name.
const MAX_EXTENSION: usize = 8;
/// The name of a file without one.
const NAMELESS: &str = "file";

/// The name that the server gives, or that of the first of its addresses that ends in an extension.
pub(super) fn of_answer(url: &Url, answer: &Answer) -> String {
    let given = answer.disposition.as_deref().and_then(of_disposition);
    if let Some(name) = given.and_then(|name| clean(&name)) {
        return name;
    }
    let first = of_address(url);
    let last = of_address(&answer.url);
    if extension(&first).is_empty() && !extension(&last).is_empty() {
        last
    } else {
        first
    }
}

/// The last part of an address's path, decoded.
pub(super) fn of_address(url: &Url) -> String {
    let segments = url.path_segments();
    let last = segments
        .and_then(|mut parts| parts.next_back())
        .unwrap_or_default();
    clean(&decode(last)).unwrap_or_else(|| NAMELESS.to_owned())
}

/// The text after the last dot; empty if that is no extension.
pub(super) fn extension(name: &str) -> &str {
    let end = name
        .rsplit_once('.')
        .map(|(_, end)| end)
        .unwrap_or_default();
    let is_one = end.len() <= MAX_EXTENSION && end.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_one { end } else { "" }
}

fn decode(encoded: &str) -> String {
    // In a path, a plus sign means itself; the form decoder would read it as a space, and `&` as an end.
    let encoded = format!("={}", encoded.replace('+', "%2B").replace('&', "%26"));
    let decoded = form_urlencoded::parse(encoded.as_bytes()).next();
    decoded
        .map(|(_, name)| name.into_owned())
        .unwrap_or_default()
}

/// `filename*`, which may hold any character, otherwise `filename`.
fn of_disposition(header: &str) -> Option<String> {
    let parameter = |wanted: &str| {
        let mut rest = header;
        loop {
            rest = rest.split_once(';')?.1.trim_start();
            let (name, value) = rest.split_once('=')?;
            if name.trim().eq_ignore_ascii_case(wanted) {
                return Some(unquoted(value.trim_start()));
            }
        }
    };
    let extended = parameter("filename*").and_then(|value| {
        let (charset, rest) = value.split_once('\'')?;
        let (_, encoded) = rest.split_once('\'')?;
        charset
            .eq_ignore_ascii_case("utf-8")
            .then(|| decode(encoded))
    });
    // Many servers percent-encode here too, against the standard.
    extended.or_else(|| {
        let plain = parameter("filename")?;
        Some(if plain.contains('%') {
            decode(&plain)
        } else {
            plain
        })
    })
}

/// A token, or a quoted string with its escapes undone.
fn unquoted(value: &str) -> String {
    let Some(quoted) = value.strip_prefix('"') else {
        return value
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
    };
    let mut text = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

/// Removes folders, control characters and marks that change the reading direction (`gpj.exe` would read `exe.jpg`).
fn clean(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let kept: String = last.chars().filter(|c| !is_hidden(*c)).collect();
    let kept = kept.trim().trim_matches('.');
    if kept.is_empty() {
        return None;
    }
    if kept.chars().count() <= MAX_CHARS {
        return Some(kept.to_owned());
    }
    let end = extension(kept);
    let stem: String = kept.chars().take(MAX_CHARS - MAX_EXTENSION - 1).collect();
    Some(if end.is_empty() {
        stem
    } else {
        format!("{stem}.{end}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_names_a_file_in_any_of_the_usual_ways() {
        for (header, name) in [
            (
                "attachment; filename=\"Sebut Harga.pdf\"",
                Some("Sebut Harga.pdf"),
            ),
            ("inline;filename=a.png", Some("a.png")),
            (
                "attachment; filename=\"x.pdf\"; filename*=UTF-8''%E5%A0%B1%E5%83%B9%201.pdf",
                Some("報價 1.pdf"),
            ),
            (
                "attachment; filename*=utf-8'ms'a+b%26c.txt; filename=z",
                Some("a+b&c.txt"),
            ),
            ("attachment; filename=\"a;b\\\"c.txt\"", Some("a;b\"c.txt")),
            (
                "attachment; filename=Harga%20baru.pdf",
                Some("Harga baru.pdf"),
            ),
            ("ATTACHMENT; FILENAME=A.PDF", Some("A.PDF")),
            ("attachment", None),
            ("attachment; size=3", None),
            ("", None),
        ] {
            assert_eq!(of_disposition(header).as_deref(), name, "{header}");
        }
    }

    #[test]
    fn a_name_is_no_path_hides_nothing_and_is_not_endless() {
        assert_eq!(clean("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(clean("C:\\x\\a.pdf").as_deref(), Some("a.pdf"));
        assert_eq!(clean("a\u{202e}gpj.exe\r\n").as_deref(), Some("agpj.exe"));
        assert_eq!(clean(" ... "), None);
        let long = clean(&format!("{}.docx", "中".repeat(500))).unwrap();
        assert!(
            long.chars().count() <= MAX_CHARS && long.ends_with("中.docx"),
            "{long}"
        );
    }

    #[test]
    fn a_name_of_more_than_eighty_characters_is_cut_before_its_extension() {
        let cleaned = |name: &str| clean(name).unwrap();
        for fits in ["中".repeat(80), format!("{}.docx", "中".repeat(75))] {
            assert_eq!(cleaned(&fits), fits);
        }
        assert_eq!(cleaned(&"中".repeat(81)), "中".repeat(71));
        let long = format!("{}.docx", "中".repeat(76));
        assert_eq!(cleaned(&long), format!("{}.docx", "中".repeat(71)));
        assert_eq!(extension("a.abcd5678"), "abcd5678");
        assert_eq!(extension("a.abcd56789"), "");
    }

    #[test]
    fn a_file_is_called_as_its_server_says_else_by_the_address_that_has_an_extension() {
        let of = |asked: &str, at: &str, disposition: Option<&str>| {
            let url = |path: &str| Url::parse("https://x.example").unwrap().join(path).unwrap();
            let answer = Answer {
                url: url(at),
                content_type: None,
                disposition: disposition.map(str::to_owned),
                head: Vec::new(),
            };
            of_answer(&url(asked), &answer)
        };
        let named = Some("attachment; filename=c.pdf");
        assert_eq!(of("a.jpg", "b.jpg", named), "c.pdf");
        let nameless = Some("attachment; filename=\"..\"");
        assert_eq!(of("a.jpg", "b.jpg", nameless), "a.jpg");
        assert_eq!(of("a", "b.jpg", None), "b.jpg");
        assert_eq!(of("a", "b", None), "a");
        assert_eq!(of("a.jpg", "b", None), "a.jpg");
    }

    #[test]
    fn an_address_names_a_file_by_its_end() {
        for (url, name) in [
            ("https://x.example/a/b%20c.mp4?name=z.pdf", "b c.mp4"),
            ("https://x.example/a+b&c.txt", "a+b&c.txt"),
            ("https://x.example/", "file"),
            ("https://x.example/a%2Fb%5Cc.pdf", "c.pdf"),
        ] {
            assert_eq!(of_address(&Url::parse(url).unwrap()), name, "{url}");
        }
        assert_eq!(extension("a.b c"), "");
        assert_eq!(extension("Dr. Lim"), "");
    }

    proptest::proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(header: String) {
            let _ = of_disposition(&header).and_then(|name| clean(&name));
        }
    }
}
