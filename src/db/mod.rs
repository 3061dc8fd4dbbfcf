//! All SQL of the service, as free functions whose names begin with a verb.
//!
//! One folder holds one subject (`outbound`, `inbound`, `accounts` …); `pool.rs` owns the connections, `schema.rs` and
//! `own_schema.rs` the schema. No function here calls a vendor, and no transaction stays open during such a call.
//!
//! Functions that return `sqlx::Result` fail when the database does, and roll back their transaction; [`is_disconnect`]
//! and [`is_row_error`] classify the error.
//!
//! The current time (`now`) is passed in, so that tests can set it. A `claim_` function takes work under a lease; a
//! `finish_` or `record_` function ends the claim, and changes nothing for a caller that has lost it.
//!
//! # Claims
//!
//! A claim finds its rows and locks them with `for update skip locked`. Only then it changes them, by their key, with
//! what depends on them (a number's next send):
//!
//! * Locking reads the newest version of a row and checks the conditions of its own `where` again. So a locked row
//!   still meets them, nobody else can claim it, and a row that another process is changing is left for the next claim.
//! * Where conditions, order and limit are too much for one step, the first step finds keys without locking. The second
//!   locks each row by its key alone and checks the conditions again (`outbound/claim_sendable.sql`).
//! * Rows are never identified by position (`ctid`): a changed row moves, and Postgres then skips a change that was
//!   meant for it; in a partitioned table, two rows can have the same position.
//!
//! Plans must stay good while Postgres's statistics do not count the waiting rows yet. So order and limit are in a step
//! of their own, and the few keys that it finds are joined to their table by primary key (`tests/it/backlogs.rs` counts
//! the rows that are read). A statement that names a row by its key and checks its state says `is not distinct from`: with
//! `=`, the planner could read an index of all rows in that state, which it takes for empty.

pub mod accounts;
pub mod alerts;
pub mod clock;
pub mod connection;
pub mod contacts;
mod errors;
pub mod history;
pub mod inbound;
pub mod numbers;
pub mod opt_outs;
pub mod outbound;
pub mod own_database;
pub mod own_schema;
mod pool;
pub mod queue;
pub mod replays;
mod schema;
pub mod views;
pub mod webhooks;

pub use self::errors::{is_disconnect, is_row_error};
pub use self::pool::{
    PoolerBetween, connect_options, is_writable, keeps_options, open_patient_pool, open_pool,
    open_pool_with,
};
pub use self::schema::{SchemaGap, find_schema_gap, migrate};
