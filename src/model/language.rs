//! The languages of the pages, and texts in both of them.
//!
//! Chooses the language for a browser. The texts themselves are where they are used.

use std::borrow::Cow;

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, the default.
    #[default]
    English,
    /// Malay, Bahasa Melayu.
    Malay,
}

impl Language {
    /// The browser's favourite among our languages; `header` is the value of `Accept-Language`.
    #[must_use]
    pub fn preferred(header: &str) -> Self {
        // `ms-MY` counts as `ms`; Indonesian readers understand Malay better than English.
        let spoken = accept_language::parse(header);
        let known = spoken.iter().find_map(|tag| match tag.split('-').next()? {
            "ms" | "id" => Some(Self::Malay),
            "en" => Some(Self::English),
            _ => None,
        });
        known.unwrap_or_default()
    }

    /// The language with this tag, if it is ours.
    #[must_use]
    pub fn find(tag: &str) -> Option<Self> {
        [Self::English, Self::Malay]
            .into_iter()
            .find(|language| language.tag() == tag)
    }

    /// What its speakers call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.pick("English", "Bahasa Melayu")
    }

    /// Its tag, for the `lang` of a page.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        self.pick("en", "ms")
    }

    /// The value for this language.
    #[must_use]
    pub const fn pick<T: Copy>(self, english: T, malay: T) -> T {
        match self {
            Self::English => english,
            Self::Malay => malay,
        }
    }
}

/// A text in both languages.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Text {
    /// In English.
    #[serde(rename = "en")]
    pub english: Cow<'static, str>,
    /// In Malay.
    #[serde(rename = "ms")]
    pub malay: Cow<'static, str>,
}

impl Text {
    /// A text from its two versions.
    pub fn new(english: impl Into<Cow<'static, str>>, malay: impl Into<Cow<'static, str>>) -> Self {
        Self {
            english: english.into(),
            malay: malay.into(),
        }
    }

    /// The text in one language.
    #[must_use]
    pub fn of(&self, language: Language) -> &str {
        language.pick(&self.english, &self.malay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_what_it_likes_best_of_ours() {
        for (header, language) in [
            ("", Language::English),
            ("ms-MY,ms;q=0.9,en;q=0.8", Language::Malay),
            ("en-GB,en;q=0.9,ms;q=0.8", Language::English),
            ("zh-CN,zh;q=0.9,ms;q=0.5,en;q=0.4", Language::Malay),
            ("en;q=0.2,ms;q=0.7", Language::Malay),
            ("id-ID", Language::Malay),
            ("fr", Language::English),
            ("\u{0}nonsense;;q=,,", Language::English),
        ] {
            assert_eq!(Language::preferred(header), language, "{header}");
        }
    }
}
