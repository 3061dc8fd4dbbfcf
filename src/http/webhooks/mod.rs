//! Webhooks of both vendors: verify the caller, store the bytes, answer.

pub(super) mod addresses;
mod body;
pub(super) mod body_budgets;
pub(super) mod external_auth;
pub(super) mod ghl_delivery;
pub(super) mod ghl_event;
pub(super) mod insert_batcher;
pub(super) mod known_secrets;
pub(super) mod misdirected_notes;
pub(super) mod signature_batcher;
mod verified;
pub(super) mod waapify_event;
