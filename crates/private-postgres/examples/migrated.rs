//! Starts a temporary PostgreSQL, applies the service's migrations, and runs a command with `CHECK_DATABASE_URL` set
//! to it.
//!
//! ```sh
//! cargo run -p private-postgres --example migrated -- cargo check
//! ```
//!
//! With this the SQL of the service is checked: `sqlx.toml` makes the compiler read that variable.

use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use private_postgres::PrivatePostgres;
use sqlx::migrate::Migrator;
use sqlx::{Connection as _, PgConnection};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let program = arguments.next().context("name a command to run")?;
    let postgres = PrivatePostgres::throw_away()?;
    let url = postgres.url("postgres");
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut connection = PgConnection::connect(&url).await?;
    Migrator::new(migrations)
        .await?
        .run(&mut connection)
        .await?;
    connection.close().await?;
    let mut command = Command::new(program);
    command.args(arguments).env("CHECK_DATABASE_URL", url);
    // What `cargo run` says of this package would make a cargo below it build packages again that read it (ring).
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|of| name.to_string_lossy().starts_with(of))
        {
            command.env_remove(name);
        }
    }
    let status = command.status().context("the command does not start")?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
