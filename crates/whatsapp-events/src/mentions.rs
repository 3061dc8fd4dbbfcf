//! The names of the people whom a text mentions. WhatsApp writes `@` and the digits of an address, and shows a name.

use crate::{Content, Message, Person};

impl Message {
    /// This message with the names of the people whom its text mentions. `name` gives what is known of a person.
    #[must_use]
    pub fn with_names(self, name: impl Fn(&Person) -> Option<String>) -> Self {
        let mut names: Vec<(String, String)> = self
            .mentions
            .iter()
            .filter_map(|person| {
                Some((
                    format!("@{}", digits(person)?),
                    format!("@{}", name(person)?),
                ))
            })
            .collect();
        // The longest first, because one may be the beginning of another.
        names.sort_by_key(|(digits, _)| std::cmp::Reverse(digits.len()));
        Self {
            content: named(self.content, &names),
            ..self
        }
    }
}

/// The digits that stand for a person in a text.
fn digits(person: &Person) -> Option<&str> {
    person.lid.as_deref().or(person.phone.as_deref())
}

fn named(content: Content, names: &[(String, String)]) -> Content {
    match content {
        Content::Text(text) => Content::Text(replaced(&text, names)),
        Content::NotText {
            kind,
            title,
            caption,
            lines,
        } => Content::NotText {
            kind,
            title,
            caption: caption.map(|caption| replaced(&caption, names)),
            lines,
        },
        content => content,
    }
}

/// The text with names in place of digits. The digits of a name are never read again.
fn replaced(text: &str, names: &[(String, String)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, mention) = rest.split_at(at);
        out.push_str(before);
        let found = names.iter().find(|(digits, _)| {
            mention
                .strip_prefix(digits.as_str())
                .is_some_and(|behind| !behind.starts_with(|c: char| c.is_ascii_digit()))
        });
        let (written, taken) = found.map_or(("@", 1), |(digits, name)| (name, digits.len()));
        out.push_str(written);
        rest = &mention[taken..];
    }
    out.push_str(rest);
    out
}
