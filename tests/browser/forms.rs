//! Forms: what was entered wrongly is said at its field.
