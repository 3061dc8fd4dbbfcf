//! The integration tests: one binary, so that they share one PostgreSQL server.
//!
//! `harness` and `bridge` are shared by all; each other file has one subject.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that unwraps has found its failure"
)]

mod addresses;
mod agencies;
mod agency_page;
mod agency_tokens;
mod ages;
mod alerts;
mod answers;
mod app_page;
mod attachment_sources;
mod attachments;
mod backlogs;
mod bridge;
mod caller_limits;
mod calls;
mod checked_phones;
mod checked_sql;
mod command_line;
mod commands;
mod configuration;
mod connecting;
mod contract;
mod corpus;
mod database_outages;
mod deleted_contacts;
mod deliveries;
mod doctor;
mod documents;
mod drawing;
mod early_receipts;
mod event_leases;
mod external_auth;
mod field;
mod file_servers;
mod files;
mod first_hour;
mod gateway_outages;
mod ghl_events;
mod ghl_refusals;
mod groups;
mod harness;
mod hidden_numbers;
mod hidden_posts;
mod hour_counts;
mod insert_batcher;
mod install_states;
mod installs;
mod kept_names;
mod keys;
mod killed_child;
mod languages;
mod layers;
mod lids;
mod lost;
mod marketplace;
mod messages;
mod metrics;
mod migrations;
mod monitor;
mod monitor_leases;
mod monitoring;
mod moved;
mod moved_lids;
mod odd_deliveries;
mod old_messages;
mod old_reasons;
mod openapi;
mod operator;
mod opt_outs;
mod other_phones;
mod outbound;
mod outbound_claims;
mod own_phone;
mod people;
mod poolers;
mod priority;
mod private_postgres;
#[path = "../crash/proxy.rs"]
mod proxy;
mod qr_first;
mod qr_linking;
mod quoted_contacts;
mod rate_limits;
mod reading;
mod refreshing;
mod refused_contacts;
mod refused_looks;
mod renewals;
mod replayed_events;
mod replayed_replies;
mod replaying_many;
mod replies;
mod restricted_numbers;
mod sandbox;
mod schema;
mod schema_file;
mod service;
mod shares;
mod signatures;
mod silent_database;
mod sources;
mod sso;
mod states;
mod status_updates;
mod stops;
mod strangers;
mod switched_numbers;
mod tokens;
mod traces;
mod two_forms;
mod unconfirmed_posts;
mod undecrypted;
mod uninstalls;
mod unrecorded;
mod vendors;
mod waapify_events;
mod ways_on;
mod wording;
