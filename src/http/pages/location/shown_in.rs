//! Which site shows a page, as the addresses of that page bring it back.

/// The domain of the site that shows a page, sealed, for the addresses of that page: a click on it comes with our own
/// address only.
#[derive(Clone, Debug)]
pub(super) struct ShownIn(pub(super) Option<String>);

/// The query that brings it back to `POST /app/session`.
pub(super) const SHOWN_IN: &str = "in";
