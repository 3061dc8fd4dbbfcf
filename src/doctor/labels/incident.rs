//! What is said of a trouble that the watch noticed.

use crate::db::history::incidents::{Kind, Trouble};
use crate::doctor::labels::{Said, location, number, told};
use crate::doctor::number::LinkFault;

/// Detail of a silence that the watch has answered by registering the webhook again.
pub const REGISTERED: &str = "registered";
/// Detail of a silence that lasted beyond that.
pub const PERSISTS: &str = "persists";

/// A trouble in the words of its check.
pub(in crate::doctor) fn incident(trouble: &Trouble) -> Said {
    let detail = trouble.detail.as_deref();
    match trouble.kind {
        Kind::Provider => location::provider_not_chosen(detail),
        Kind::Reinstall => location::needs_reinstall(&told(trouble.reason.as_ref())),
        Kind::Silence => number::webhook_silent(trouble.since),
        Kind::Link => match detail.and_then(LinkFault::from_code) {
            Some(LinkFault::Credentials) => number::credentials_refused(None),
            Some(LinkFault::OtherNumber) => number::other_number_somewhere(),
            Some(LinkFault::Unlinked) | None => number::unlinked(),
        },
    }
}
