//! Makes a sentence from a code with its arguments.

use std::borrow::Cow;

use serde_json::Value;

use crate::model::language::Language;
use crate::model::reason::Reason;

/// The sentence of a reason; the code itself if this version does not know it.
pub(super) fn text(reason: &Reason, language: Language) -> String {
    let Some((english, malay)) = reason.sentences() else {
        return reason.code().to_owned();
    };
    let args = serde_json::to_value(reason).unwrap_or_default();
    fill(language.pick(english, malay), &args["args"], language)
}

/// Fills in the arguments of a sentence. Braces within an argument are not replaced again.
fn fill(sentence: &str, args: &Value, language: Language) -> String {
    let mut filled = String::new();
    let mut rest = sentence;
    while let Some((before, (name, after))) = rest
        .split_once('{')
        .and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        filled.push_str(&worded(before, language));
        filled.push_str(&shown(&args[name], language));
        rest = after;
    }
    filled.push_str(&worded(rest, language));
    filled
}

/// An argument: a text or number unchanged, or a reason in the reader's language.
fn shown(arg: &Value, language: Language) -> String {
    match arg {
        Value::String(text) => text.clone(),
        Value::Object(_) => Reason::from_json(arg).text(language),
        other => other.to_string(),
    }
}

/// Our words; or changed ones, in the build that proves that nothing depends on the wording.
fn worded(words: &str, language: Language) -> Cow<'_, str> {
    if cfg!(feature = "changed-wording") && language == Language::English {
        Cow::Owned(words.to_uppercase())
    } else {
        Cow::Borrowed(words)
    }
}
