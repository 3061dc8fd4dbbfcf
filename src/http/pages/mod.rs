//! The pages that people see in a browser. `audited`, `layout`, `message_charts` and `session` are shared by the others.

pub(super) mod audited;
pub(super) mod connect;
pub(super) mod front_page;
pub(super) mod ghl_links;
pub(super) mod install_codes;
pub(super) mod installed;
pub(super) mod layout;
pub(super) mod location;
pub(super) mod message_charts;
pub(super) mod number_cards;
pub(super) mod oauth;
pub(super) mod operator;
pub(super) mod session;
