//! stub
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that unwraps has found its failure"
)]
mod whatsapp;
