//! How fast the service is, measured over a private, durable PostgreSQL on this machine:
//!
//! * [`accept`]: signed deliveries, verified, committed and answered, compared with pgbench and the bare insert
//! * [`relay`]: messages through claim, send, receipt and status, with vendors that answer at once
//! * [`flat`]: both again, with a backlog of ten thousand and of a million messages
//! * [`neighbours`]: one tenant's messages beside others that have much waiting
//! * [`memory`]: resident memory, start-up
//! * [`files`]: resident memory while ten large files are read at once
//! * [`pages`]: every page for people, with 300 sub-accounts and a million messages
//! * [`strangers`]: resident memory and `/healthz` while a thousand strangers post what is expensive
//!
//! `cargo bench --bench load` runs all of them, `cargo bench --bench load -- accept flat` two. The real program runs
//! in its own process. Load, vendors, service and database share the machine, so only ratios can be compared.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and its table belongs to the terminal"
)]

mod accept;
mod client;
mod figures;
mod files;
mod flat;
mod memory;
mod neighbours;
mod pages;
mod pgbench;
mod relay;
mod service;
mod strangers;
mod vendors;

use std::path::{Path, PathBuf};
use std::{env, fs};

use private_postgres::{self, Durability, PrivatePostgres};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

const SETTINGS: &str =
    "select 'PostgreSQL ' || string_agg(name || ' ' || setting, ', ' order by name)
    from pg_settings where name in ('server_version', 'fsync', 'synchronous_commit')";
const PARTS: [&str; 8] = [
    "accept",
    "relay",
    "flat",
    "neighbours",
    "memory",
    "files",
    "strangers",
    "pages",
];

/// What every part needs.
pub(crate) struct Controls {
    /// The server, on which each part has its own database.
    server: String,
    /// In cargo's folder, because the system's temporary folder is often in memory, where a sync costs nothing.
    pub(crate) folder: PathBuf,
    /// The program, if it is installed.
    pub(crate) pgbench: Option<PathBuf>,
}

impl Controls {
    /// Creates a database and returns its URL.
    pub(crate) async fn database(&self, name: &str) -> String {
        let mut server = PgConnection::connect(&self.server).await.unwrap();
        execute(&mut server, &format!("create database {name}")).await;
        self.server.replace("/postgres", &format!("/{name}"))
    }
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    // `cargo test --all-targets` runs this file too, without the flag and without optimisation.
    if !arguments.iter().any(|argument| argument == "--bench") {
        println!("measures only when started with `cargo bench --bench load`");
        return;
    }
    let asked: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let chosen: Vec<&str> = PARTS
        .into_iter()
        .filter(|part| asked.contains(part))
        .collect();
    let parts = if chosen.is_empty() {
        PARTS.to_vec()
    } else {
        chosen
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("load");
    fs::create_dir_all(&folder).unwrap();
    // Data that a failed run left behind.
    private_postgres::remove_data(&folder).unwrap();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().unwrap();
    let cluster = PrivatePostgres::start(&folder, Durability::Durable).unwrap();
    runtime.block_on(count_statements(&cluster.url("postgres")));
    cluster.stop().unwrap();
    let cluster = PrivatePostgres::start(&folder, Durability::Durable).unwrap();
    let stage = Controls {
        server: cluster.url("postgres"),
        folder: folder.clone(),
        pgbench: pgbench::find(),
    };
    runtime.block_on(run(&stage, &parts));
    cluster.stop().unwrap();
    private_postgres::remove_data(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
}

/// Makes the next start of the server count statements, if it can.
async fn count_statements(url: &str) {
    let mut server = PgConnection::connect(url).await.unwrap();
    let can = "select count(*) from pg_available_extensions where name = 'pg_stat_statements'";
    if number(&mut server, can).await > 0 {
        let load = "alter system set shared_preload_libraries = 'pg_stat_statements'";
        execute(&mut server, load).await;
    }
}

async fn run(stage: &Controls, parts: &[&str]) {
    let mut server = PgConnection::connect(&stage.server).await.unwrap();
    let settings: String = sqlx::query_scalar(SETTINGS)
        .fetch_one(&mut server)
        .await
        .unwrap();
    println!("{settings}");
    if stage.pgbench.is_none() {
        println!("pgbench was not found, so there is nothing to compare with");
    }
    for part in parts {
        match *part {
            "accept" => accept::run(stage).await,
            "relay" => relay::run(stage).await,
            "flat" => flat::run(stage).await,
            "neighbours" => neighbours::run(stage).await,
            "files" => files::run(stage).await,
            "strangers" => strangers::run(stage).await,
            "pages" => pages::run(stage).await,
            _ => memory::run(stage).await,
        }
    }
}

pub(crate) async fn execute(connection: &mut PgConnection, sql: &str) {
    let sql = AssertSqlSafe(sql.to_owned());
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

/// The one number that a query returns.
pub(crate) async fn number(connection: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}
