//! What people see in a browser.

pub(super) mod connect;
pub(super) mod front_page;
pub(super) mod layout;
pub(super) mod location;
pub(super) mod oauth;
pub(super) mod operator;
pub(super) mod session;
