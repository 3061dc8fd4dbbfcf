//! Where the app is installed, and what it may do there: installs, tokens, links and credentials.

pub mod account_names;
pub mod client_credentials;
pub mod companies;
pub mod connect_links;
pub mod ended_sessions;
pub mod gateway_tokens;
pub mod installs;
pub mod linking;
pub mod locations;
pub mod pending_connections;
pub mod rate_limits;
pub mod sealed_values;
pub mod sso_payloads;
pub mod token_requests;
pub mod tokens;
pub mod uninstalls;
pub mod user_names;
pub mod vendor_outages;
pub mod white_label_domains;
