//! The integration tests, one binary so that one PostgreSQL server serves them all.
//!
//! `harness` and `bridge` are what they stand on; each other file holds one subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that unwraps has found its failure"
)]

mod agencies;
mod answers;
mod app_events;
mod app_page;
mod attachments;
mod backlogs;
mod bridge;
mod budgets;
mod calls;
mod claims;
mod cluster;
mod commands;
mod configuration;
mod connecting;
mod contract;
mod corpus;
mod deliveries;
mod doctor;
mod external_auth;
mod file_servers;
mod files;
mod gateway_events;
mod groups;
mod harness;
mod installs;
mod intake;
mod keys;
mod linking;
mod marketplace;
mod messages;
mod metrics;
mod numbers;
mod operator;
mod origins;
mod other_phones;
mod outbound;
mod own_phone;
mod plans;
mod ranks;
mod refreshing;
mod renewals;
mod replayed_replies;
mod replies;
mod schema;
mod senders;
mod service;
mod signatures;
mod sso;
mod stops;
mod store_outages;
mod stubs;
mod switched_numbers;
mod ticks;
mod tokens;
mod unclear_posts;
mod uninstalls;
mod vendors;
mod watch;
mod watch_leases;
mod whatsapp;
