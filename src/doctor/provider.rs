//! Finds a location's default SMS provider in GHL's list.

use crate::clients::ghl::{SmsProvider, SmsProviders};

/// Parts of the names and ids of GHL's own providers.
const PLATFORMS: [&str; 4] = ["twilio", "leadconnector", "lc phone", "lc_phone"];
/// Parts of names that a WhatsApp provider is likely to have.
const OURS: [&str; 2] = ["waapify", "whatsapp"];

/// A location's default SMS provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Ours, by its id.
    Ours,
    /// Ours, as far as its name tells; our id is not known.
    OursByName(String),
    /// Ours or another app's: our id is not known, and the name does not tell.
    Unclear(String),
    /// Not ours.
    NotOurs {
        /// The default provider's name; none if nobody has chosen.
        name: Option<String>,
        /// Whether ours could be chosen.
        is_offered: bool,
    },
}

impl Provider {
    /// Whether messages arrive here, as far as can be told.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::Ours | Self::OursByName(_))
    }
}

/// Judges GHL's list. `ours` is our provider's id, if it is known.
pub(super) fn classify(providers: &SmsProviders, ours: Option<&str>) -> Provider {
    let is_offered = providers.listed.iter().any(|entry| match ours {
        Some(id) => entry.id == id,
        None => !is_platforms(entry),
    });
    let Some(default) = &providers.default else {
        return Provider::NotOurs {
            name: None,
            is_offered,
        };
    };
    if ours == Some(default) {
        return Provider::Ours;
    }
    let listed = providers.listed.iter().find(|entry| entry.id == *default);
    let entry = listed.cloned().unwrap_or_else(|| SmsProvider {
        id: default.clone(),
        name: default.clone(),
    });
    if ours.is_some() || is_platforms(&entry) {
        Provider::NotOurs {
            name: Some(entry.name),
            is_offered,
        }
    } else if says(&entry.name, &OURS) {
        Provider::OursByName(entry.name)
    } else {
        Provider::Unclear(entry.name)
    }
}

fn is_platforms(entry: &SmsProvider) -> bool {
    says(&entry.id, &PLATFORMS) || says(&entry.name, &PLATFORMS)
}

fn says(text: &str, parts: &[&str]) -> bool {
    let text = text.to_lowercase();
    parts.iter().any(|part| text.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn providers(default: Option<&str>, listed: &[(&str, &str)]) -> SmsProviders {
        let entry = |(id, name): &(&str, &str)| SmsProvider {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
        };
        SmsProviders {
            default: default.map(str::to_owned),
            listed: listed.iter().map(entry).collect(),
        }
    }

    fn not_ours(name: Option<&str>, is_offered: bool) -> Provider {
        Provider::NotOurs {
            name: name.map(str::to_owned),
            is_offered,
        }
    }

    const TWILIO: (&str, &str) = ("twilio_provider", "Twilio");
    const BRIDGE: (&str, &str) = ("66c0", "WhatsApp Bridge");
    const OTHER: (&str, &str) = ("77d1", "Some SMS");

    #[test]
    fn with_our_id_it_is_certain() {
        for (default, listed, expected) in [
            (Some("66c0"), &[TWILIO, BRIDGE][..], Provider::Ours),
            (Some("66c0"), &[], Provider::Ours),
            (
                Some("77d1"),
                &[OTHER, BRIDGE],
                not_ours(Some("Some SMS"), true),
            ),
            (
                Some("twilio_provider"),
                &[TWILIO],
                not_ours(Some("Twilio"), false),
            ),
            (None, &[], not_ours(None, false)),
            (None, &[BRIDGE], not_ours(None, true)),
        ] {
            assert_eq!(
                classify(&providers(default, listed), Some("66c0")),
                expected
            );
        }
    }

    #[test]
    fn without_our_id_names_tell_as_far_as_they_can() {
        for (default, listed, expected) in [
            (
                Some("66c0"),
                &[TWILIO, BRIDGE][..],
                Provider::OursByName("WhatsApp Bridge".into()),
            ),
            (
                Some("77d1"),
                &[TWILIO, OTHER],
                Provider::Unclear("Some SMS".into()),
            ),
            (
                Some("twilio_provider"),
                &[TWILIO, BRIDGE],
                not_ours(Some("Twilio"), true),
            ),
            (
                Some("twilio_provider"),
                &[TWILIO],
                not_ours(Some("Twilio"), false),
            ),
            (Some("gone"), &[], Provider::Unclear("gone".into())),
            (None, &[TWILIO], not_ours(None, false)),
        ] {
            assert_eq!(classify(&providers(default, listed), None), expected);
        }
    }
}
