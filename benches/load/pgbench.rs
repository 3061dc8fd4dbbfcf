//! PostgreSQL's own load generator with a script of one insert: it shows what the machine can do.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use crate::Controls;
use crate::client::{FIRST_ID, LAST_CONTACT, LAST_ID, LOCATION, ROUND_SECONDS, delivery};

/// Finds it on `PATH`, else where Debian's packages install it.
pub fn find() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let packaged = versions.flatten().map(|version| version.path().join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(packaged)
        .map(|folder| folder.join("pgbench"))
        .find(|program| program.is_file())
}

/// A script that inserts what a delivery stores: the same table, columns and body size, new ids, prepared statements.
pub struct Pgbench {
    program: PathBuf,
    script: PathBuf,
    url: String,
    body: String,
}

impl Pgbench {
    /// None if pgbench is not installed.
    pub fn new(stage: &Controls, url: &str) -> Option<Self> {
        let program = stage.pgbench.clone()?;
        let script = stage.folder.join("insert.sql");
        let insert = format!(
            "\\set message random({FIRST_ID}, {LAST_ID})\n\
             \\set contact random({FIRST_ID}, {LAST_CONTACT})\n\
             insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at) \
             values ('{LOCATION}', :message, :contact, :body, now(), now()) \
             on conflict (location_id, ghl_message_id) do nothing;\n"
        );
        fs::write(&script, insert).unwrap();
        Some(Self {
            program,
            script,
            url: url.to_owned(),
            // The body has no backslash, so it needs no escaping as a bytea.
            body: format!("body={}", delivery()),
        })
    }

    /// Inserts per second, without the time to connect.
    pub fn round(&self, connections: u32) -> f64 {
        let (clients, threads) = (connections.to_string(), connections.min(2).to_string());
        let seconds = ROUND_SECONDS.to_string();
        let mut command = Command::new(&self.program);
        command.args(["-n", "-M", "prepared", "-T", &seconds, "-c", &clients]);
        command.args(["-j", &threads, "-D", &self.body, "-f"]);
        command.arg(&self.script).arg(&self.url);
        let output = command.output().unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        let tps = report.lines().rev().find_map(|line| {
            let (number, _) = line.strip_prefix("tps = ")?.split_once(' ')?;
            number.parse().ok().filter(|_| output.status.success())
        });
        tps.unwrap_or_else(|| panic!("{report}{}", String::from_utf8_lossy(&output.stderr)))
    }
}
