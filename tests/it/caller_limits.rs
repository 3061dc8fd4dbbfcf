//! What strangers may cost: connections, signatures, codes, downloads, links and sessions, each with its bound.

mod connect_links;
mod connections;
mod floods;
mod roles;
mod sessions;
mod stale_uninstalls;
mod webhook_secrets;
