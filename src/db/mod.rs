//! All SQL of the service: free functions, verb first, one file a subject.
//!
//! Owns: the connection pool, migrations, and what a row means. Refuses: calling anyone; no vendor is reached from
//! here, and no transaction is held open while one is.
//!
//! Whatever gives a `sqlx::Result` fails when the database does; [`is_disconnect`] and [`is_row_error`] say what that means.
//! What is in a transaction then is rolled back.
//!
//! Moments (`now`) are passed in, so that tests can drive them. `claim_` takes work under a lease, `finish_` or
//! `record_` ends it and changes nothing for a stale owner.
//!
//! # Claims
//!
//! A claim names the rows that it changes by their key. It finds them, locks them with `for update skip locked`, and only
//! then changes them, and whatever else depends on them (a number's next send):
//!
//! * Locking reads the newest version of a row and compares the conditions of its own `where` again. So what was locked
//!   is still as found, nobody else can claim it, and a row that somebody else is changing is left to the next claim.
//! * Where conditions, order and limit are too much for one step, the first step finds keys without locking, and the
//!   second locks each row by its key alone and compares again (`outbound/claim_sendable.sql`).
//! * Rows are never named by their place (`ctid`): a row that is changed moves, and Postgres then passes over a change
//!   that was meant for it; in a partitioned table, two rows can have the same place.
//!
//! Plans must hold also where Postgres does not know yet that rows wait. A step of its own keeps its order and limit, and
//! few keys are joined to their table by its primary key (`tests/it/backlogs.rs` counts what is read).

pub mod accounts;
pub mod contacts;
pub mod history;
pub mod inbound;
pub mod numbers;
pub mod outbound;
pub mod own_database;
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
