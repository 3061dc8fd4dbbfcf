//! Times, as the pages show them: in the sub-account's zone.

use maud::Markup;
use time::OffsetDateTime;

use crate::http::pages::layout::times;
use crate::http::pages::location::location_user::LocationUser;
use crate::model::language::Language;

/// How long ago something was. The time itself is shown on hover.
pub(super) fn ago(
    language: Language,
    visitor: &LocationUser,
    at: OffsetDateTime,
    now: OffsetDateTime,
) -> Markup {
    times::ago(language, &visitor.names.zone, at, now)
}

/// A time to the second.
pub(super) fn exactly(visitor: &LocationUser, at: OffsetDateTime) -> Markup {
    times::seconds(&visitor.names.zone, at)
}
