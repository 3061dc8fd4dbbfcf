//! All SQL of the service: free functions, verb first, one file a subject.
//!
//! Owns: the connection pool, migrations, and what a row means. Refuses: calling anyone; no vendor is reached from
//! here, and no transaction is held open while one is.
//!
//! Whatever gives a `sqlx::Result` fails when the database does; [`is_disconnect`] and [`is_row_error`] say what that means.
//! What is in a transaction then is rolled back.
//!
//! Moments (`now`) are passed in, so that tests can drive them. `claim_` takes work under a lease, `finish_` or
//! `record_` ends it and changes nothing for a stale owner. Claims change the rows that they found by the place where
//! those lie (`ctid`), which leaves the planner no choice: joined by key, it may read all that waits instead. Such rows
//! are locked, or what was found of them (`claims`, `state`) is compared again: Postgres goes on with the newest version of
//! a row that somebody changed meanwhile, wherever that lies.

pub mod accounts;
pub mod contacts;
pub mod history;
pub mod inbound;
pub mod numbers;
pub mod outbound;
pub mod own_schema;
mod pool;
pub mod replays;
mod schema;
pub mod views;
pub mod webhooks;

pub use self::pool::{
    connect_options, is_disconnect, is_row_error, open_pool, open_pool_with, ping,
};
pub use self::schema::{SchemaGap, find_schema_gap, migrate};
