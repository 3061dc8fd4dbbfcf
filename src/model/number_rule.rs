//! What decides from which of its numbers a location's message leaves.

use crate::model::stored_enum::stored_enum;

stored_enum! {
    /// What a rule goes by.
    RuleKind {
        /// The user of GHL who writes.
        User = "user", "user", "pengguna";
        /// A tag of the contact.
        Tag = "tag", "tag", "tag";
        /// A share of new contacts.
        Share = "share", "share of new contacts", "bahagian kenalan baharu";
    }
}

stored_enum! {
    /// What happens to messages whose number is on hold.
    WhenHeld {
        /// A conversation waits a day; what nobody waits for leaves from the default number at once.
        Mixed = "mixed",
            "Conversations wait for a day, then leave from the default number; campaigns leave from it at once",
            "Perbualan menunggu sehari, kemudian dihantar dari nombor lalai; kempen dihantar daripadanya serta-merta";
        /// All wait.
        Wait = "wait", "All messages wait for their number", "Semua mesej menunggu nombornya";
        /// All leave from the default number.
        Leave = "leave",
            "All messages leave from the default number at once",
            "Semua mesej dihantar dari nombor lalai serta-merta";
    }
}

/// Longest tag, in characters: longer than any that GHL's page takes.
pub const MAX_TAG: usize = 100;
/// Users and tags of one number: what fits into a form.
pub const MAX_SUBJECTS: usize = 100;
/// Largest share.
pub const MAX_WEIGHT: i32 = 100;
