//! Makes WhatsApp the SMS provider of GoHighLevel (GHL), through the Waapify gateway.
//!
//! ```text
//! main → cli → app → { http, relay } → { doctor, installs, connect } → tokens → { db, clients } → plain types
//! ```
//!
//! [`http`] and [`workers`] never import each other: they meet in Postgres. A webhook is stored as the bytes it came in,
//! then answered; a worker of [`workers`] reads it, calls the other vendor, and records each step.
//!
//! | module | what lives there |
//! |---|---|
//! | [`cli`], [`app`] | commands; building, running and stopping everything |
//! | [`config`], [`logging`] | settings; logs |
//! | [`http`] | routes: verify → store → answer |
//! | [`workers`] | workers: claim → plan → call → record |
//! | [`installs`], [`tokens`] | where the app is installed; a valid token for each location |
//! | [`attachment_links`] | addresses of our own for agents' files |
//! | [`connect`], [`qr_linking`] | connecting a WhatsApp number; linking a phone by its QR code |
//! | [`key_rotation`] | the keys that seal what is secret |
//! | [`doctor`] | what may be wrong, and how to mend it |
//! | [`retry_schedule`] | when what failed is tried again |
//! | [`reason`] | why messages and numbers stand where they stand, in both languages |
//! | [`counters`] | what this process has done, counted |
//! | [`marketplace`] | the guide to GHL's developer portal |
//! | [`clients`] | the two vendors' APIs, and WhatsApp's media servers |
//! | [`whatsapp_events`], [`json`] | webhook shapes → our message; pure |
//! | [`db`], [`private_postgres`] | all SQL; the private PostgreSQL where none is given |
//! | [`crypto`], [`ids`], [`language`], [`rate_limits`], [`clock`], [`notify`] | sealing and signatures; plain types |
//! | [`sandbox`] | the simulated vendors and the page to play with |

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
