//! Every sentence of the checks in both languages, grouped like the checks. Decides nothing.
//!
//! GHL's own menu names stay English. Times are given as texts, in the zone of the sub-account or of this machine.

pub(super) mod address;
pub(super) mod addresses;
pub(super) mod incident;
pub(super) mod location;
pub(super) mod number;
pub(super) mod service;

use crate::model::language::Text;
use crate::model::reason::Reason;

/// The sentences of a finding.
#[derive(Clone)]
pub(super) struct Said {
    /// What was found.
    pub what: Text,
    /// Why it matters.
    pub why: Option<Text>,
    /// What to do.
    pub todo: Option<Text>,
}

impl Said {
    /// All is well, or there is nothing to do.
    fn only(what: Text) -> Self {
        Self {
            what,
            why: None,
            todo: None,
        }
    }

    fn wrong(what: Text, why: Text, todo: Text) -> Self {
        Self {
            what,
            why: Some(why),
            todo: Some(todo),
        }
    }
}

/// A check that needs a faulty setting; the setting's name.
pub(super) fn not_checked(setting: &str) -> Said {
    not_checked_until(setting, setting)
}

/// The same for something that has a name in each language.
pub(super) fn not_checked_until(english: &str, malay: &str) -> Said {
    Said::only(Text::new(
        format!("Not checked, because of what is wrong with {english}."),
        format!("Tidak disemak, kerana masalah pada {malay}."),
    ))
}

pub(super) fn database_failed() -> Said {
    Said::wrong(
        Text::new(
            "The database did not answer a question of this check.",
            "Pangkalan data tidak menjawab soalan semakan ini.",
        ),
        Text::new(
            "Everything that is stored is safe, but nothing moves while the database is away.",
            "Semua yang disimpan selamat, tetapi tiada mesej dihantar atau diterima selagi pangkalan data tidak menjawab.",
        ),
        Text::new(
            "Look again in a minute. If it stays so, the service's operator has to look after its database.",
            "Semak semula dalam seminit. Jika masih sama, pengendali perkhidmatan perlu memeriksa pangkalan datanya.",
        ),
    )
}

/// A reason in both languages; empty if none is known.
pub(super) fn told(reason: Option<&Reason>) -> Text {
    reason.map_or_else(|| Text::new("", ""), Reason::texts)
}
