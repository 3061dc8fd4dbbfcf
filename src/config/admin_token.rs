//! Whether an `ADMIN_TOKEN` is one that nobody guesses.
//!
//! It opens every location's page, to anyone on the Internet. A long random text is safe however fast somebody guesses;
//! what people make up is tried first. The crate for this, `zxcvbn`, is not used: after one check it keeps its dictionaries
//! in memory for good, some 10 MB, half of what an idle service needs.

use secrecy::SecretString;

/// Shortest token: sixteen random letters and digits have 95 bits.
const MIN_BYTES: usize = 16;
/// Fewest letters and digits beside well-known words and rows.
const MIN_UNCOMMON: usize = 10;
/// Fewest different ones among them: a random text of sixteen has twelve or more.
const MIN_DIFFERENT: usize = 6;
/// Shortest piece of a row that counts as one.
const ROW: usize = 4;
/// Rows of keys and of the alphabet.
const ROWS: [&str; 5] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
];
/// Words that people put into tokens.
const WORDS: [&str; 20] = [
    "password",
    "passwort",
    "passw0rd",
    "kata",
    "laluan",
    "rahsia",
    "secret",
    "token",
    "admin",
    "administrator",
    "changeme",
    "change",
    "letmein",
    "welcome",
    "default",
    "waapify",
    "ghl",
    "gohighlevel",
    "highlevel",
    "whatsapp",
];

/// The token, if it is not weak.
pub(super) fn parse_admin_token(text: &str) -> Result<SecretString, String> {
    let is_strong = text.len() >= MIN_BYTES && !is_common(text);
    if is_strong {
        return Ok(SecretString::from(text));
    }
    Err(format!(
        "is easy to guess: it must have {MIN_BYTES} characters or more, without well-known words, rows of keys and repetitions (make one with `openssl rand -hex 32`)"
    ))
}

/// Whether little is left of a text without what is tried first.
fn is_common(text: &str) -> bool {
    let mut plain: String = text
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    for word in WORDS {
        plain = plain.replace(word, " ");
    }
    for row in ROWS {
        plain = without_row(&plain, row);
        let back: String = row.chars().rev().collect();
        plain = without_row(&plain, &back);
    }
    let rest: Vec<char> = plain.chars().filter(|c| *c != ' ').collect();
    let mut different = rest.clone();
    different.sort_unstable();
    different.dedup();
    rest.len() < MIN_UNCOMMON || different.len() < MIN_DIFFERENT || is_repeated(&rest)
}

/// The text without pieces of a row.
fn without_row(text: &str, row: &str) -> String {
    let mut text = text.to_owned();
    for length in (ROW..=row.len()).rev() {
        for start in 0..=row.len() - length {
            text = text.replace(&row[start..start + length], " ");
        }
    }
    text
}

/// Whether a text is one piece again and again.
fn is_repeated(text: &[char]) -> bool {
    (1..=text.len() / 2).any(|piece| {
        text.iter()
            .zip(&text[piece..])
            .all(|(one, next)| one == next)
    })
}
