//! Finds texts in two languages in a source.

/// A text in both languages.
#[derive(Debug, PartialEq, Eq)]
pub struct Pair {
    pub english: String,
    pub malay: String,
}

/// What comes before the two texts.
const CALLS: [&str; 2] = [".pick(", "Text::new("];

/// All pairs of a source, in its order, without those of its tests.
pub fn pairs(source: &str) -> Vec<Pair> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = Vec::new();
    for (at, _) in source.char_indices() {
        let rest = &source[at..];
        if let Some(call) = CALLS.iter().find(|call| rest.starts_with(**call)) {
            found.extend(of_arguments(&arguments(&rest[call.len()..])));
        } else if rest.starts_with("= \"") {
            found.extend(of_table(&rest[2..]));
        }
    }
    found
}

/// The pairs of a call: each argument is a text, or several of them.
fn of_arguments(arguments: &[Vec<String>]) -> Vec<Pair> {
    let with_texts: Vec<_> = arguments.iter().filter(|texts| !texts.is_empty()).collect();
    match &with_texts[..] {
        [english, malay] if english.len() == malay.len() => {
            let both = english.iter().zip(malay.iter());
            let is_text = |(english, _): &(&String, &String)| english.contains(char::is_alphabetic);
            both.filter(is_text)
                .map(|(english, malay)| Pair {
                    english: english.clone(),
                    malay: malay.clone(),
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The pair of a row `= "code", "english", "malay";`.
fn of_table(rest: &str) -> Option<Pair> {
    let end = rest.find(';')?;
    let mut texts = Vec::new();
    let mut rest = rest;
    while let Some((text, after)) = literal(rest.trim_start()) {
        texts.push(text);
        rest = after.trim_start().strip_prefix(',').unwrap_or("");
    }
    match &mut texts[..] {
        [_, english, malay] if end > 0 => Some(Pair {
            english: std::mem::take(english),
            malay: std::mem::take(malay),
        }),
        _ => None,
    }
}

/// The texts of each argument of a call, up to its closing parenthesis.
fn arguments(source: &str) -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let (mut depth, mut rest) = (0, source);
    while let Some(next) = rest.chars().next() {
        if let Some((text, after)) = literal(rest) {
            found.last_mut().unwrap().push(text);
            rest = after;
            continue;
        }
        match next {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => found.push(Vec::new()),
            _ => {}
        }
        rest = &rest[next.len_utf8()..];
    }
    found
}

/// A literal at the beginning of a source, and what follows it.
fn literal(source: &str) -> Option<(String, &str)> {
    let inner = source.strip_prefix('"')?;
    let mut text = String::new();
    let mut chars = inner.char_indices().peekable();
    while let Some((at, next)) = chars.next() {
        match next {
            '"' => return Some((text, &inner[at + 1..])),
            '\\' => match chars.next()?.1 {
                '\n' => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                'n' => text.push('\n'),
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
    None
}

#[test]
fn pairs_are_found_where_sources_have_them() {
    let source = r#"
        (language.pick("One", "Satu"))
        language.pick(["A", "B"], ["C", "D"])
        Text::new(format!("It is \"{x}\"."), format!("Ia \"{x}\"."))
        Sent = "sent", "Sent", "Dihantar";
        let x = "no pair", y; f("a", "b");
        language.pick(one, two)
    "#;
    let found: Vec<_> = pairs(source)
        .into_iter()
        .map(|pair| (pair.english, pair.malay))
        .collect();
    let expected = [
        ("One", "Satu"),
        ("A", "C"),
        ("B", "D"),
        ("It is \"{x}\".", "Ia \"{x}\"."),
        ("Sent", "Dihantar"),
    ];
    assert_eq!(
        found,
        expected.map(|(english, malay)| (english.to_owned(), malay.to_owned()))
    );
}
