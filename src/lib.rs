//! Makes WhatsApp the SMS provider of GoHighLevel (GHL), through the Waapify gateway.
//!
//! A webhook is stored byte for byte and then answered. A worker reads it later, calls the other vendor and records
//! each step. Routes and workers never import each other; they meet in Postgres. `docs/ARCHITECTURE.md` walks through a
//! delivery, a reply and an install.
//!
//! | layer | module | contents |
//! |---|---|---|
//! | 1 | [`cli`] | commands, and the sandbox |
//! | 2 | [`app`] | builds, runs and stops the service |
//! | 3 | [`http`] | routes: verify → store → answer |
//! | 3 | [`workers`] | claim → plan → call → record |
//! | 4 | [`doctor`] | checks: what is wrong, and how to fix it |
//! | 5 | [`accounts`] | installs, tokens, connecting numbers, keys |
//! | 6 | [`clients`] | both vendors' APIs, and file servers |
//! | 6 | [`db`] | all SQL |
//! | 7 | [`config`] | settings, and the guide to GHL's developer portal |
//! | 8 | [`crypto`] | sealing, signatures, single sign-on |
//! | 9 | [`model`] | plain types: ids, states, reasons, retry schedules, languages |
//! | 9 | [`runtime`] | the process's clock, signals, counters and logs |
//!
//! A module imports only from lower layers; `tests/it/layers.rs` checks this. Three crates import nothing from this
//! one: `private_postgres`, `simulators` (both vendors, for the sandbox and tests) and `whatsapp_events` (webhook
//! shapes → our message).

pub mod accounts;
pub mod app;
pub mod cli;
pub mod clients;
pub mod config;
pub mod crypto;
pub mod db;
pub mod doctor;
pub mod http;
pub mod model;
pub mod runtime;
pub mod workers;
