//! Makes WhatsApp the SMS provider of GoHighLevel (GHL), through the Waapify gateway.
//!
//! ```text
//! main → cli → app → { http, relay } → { doctor, installs, connect } → tokens → { db, clients } → plain types
//! ```
//!
//! [`http`] and [`relay`] never import each other: they meet in Postgres. A webhook is stored as the bytes it came in,
//! then answered; a worker of [`relay`] reads it, calls the other vendor, and records each step.
//!
//! | module | what lives there |
//! |---|---|
//! | [`cli`], [`app`] | commands; building, running and stopping everything |
//! | [`config`], [`telemetry`] | settings; logs |
//! | [`http`] | routes: verify → store → answer |
//! | [`relay`] | workers: claim → plan → call → record |
//! | [`installs`], [`tokens`] | where the app is installed; a valid token for each location |
//! | [`attachments`] | addresses of our own for agents' files |
//! | [`connect`], [`linking`] | connecting a WhatsApp number; linking a phone by its QR code |
//! | [`keys`] | the keys that seal what is secret |
//! | [`doctor`] | what may be wrong, and how to mend it |
//! | [`schedule`] | when what failed is tried again |
//! | [`reason`] | why messages and numbers stand where they stand, in both languages |
//! | [`tally`] | what this process has done, counted |
//! | [`marketplace`] | the guide to GHL's developer portal |
//! | [`clients`] | the two vendors' APIs, and WhatsApp's media servers |
//! | [`whatsapp`], [`json`] | webhook shapes → our message; pure |
//! | [`db`], [`cluster`] | all SQL; the private PostgreSQL where none is given |
//! | [`crypto`], [`ids`], [`language`], [`limits`], [`clock`], [`wake`] | sealing and signatures; plain types |
//! | [`sandbox`] | the simulated vendors and the page to play with |

pub mod app;
pub mod attachments;
pub mod cli;
pub mod clients;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod connect;
pub mod crypto;
pub mod db;
pub mod doctor;
pub mod http;
pub mod ids;
pub mod installs;
pub mod json;
pub mod keys;
pub mod language;
pub mod limits;
pub mod linking;
pub mod marketplace;
pub mod reason;
pub mod relay;
pub mod sandbox;
pub mod schedule;
pub mod tally;
pub mod telemetry;
pub mod tokens;
pub mod wake;
pub mod whatsapp;
