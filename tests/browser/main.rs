//! The pages as a person sees them: a real Chromium, the real service over a real PostgreSQL, and simulated vendors.
//! Needs Chromium and `chromedriver`, and says so if they are missing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that unwraps has found its failure"
)]

mod agency;
mod axe;
mod back;
#[path = "../it/bridge.rs"]
#[allow(dead_code, reason = "only the databases are needed here")]
mod bridge;
mod checks;
#[path = "../it/drawing.rs"]
mod drawing;
mod driver;
mod every_page;
mod frame;
#[path = "../it/harness.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "only the databases are needed here"
)]
mod harness;
mod inspect;
mod opt_out;
mod outside_text;
mod pages;
mod people;
mod picture;
mod sandbox;
mod setup;
mod stage;
mod tab;
