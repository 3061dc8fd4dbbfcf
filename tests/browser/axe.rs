//! axe-core, the rules that accessibility is usually checked with, on the page or frame as it is shown.
//!
//! npm brings it into `AXE_HOME`, or a folder below the build's. Without npm the check is skipped, with a message.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::tab::Tab;

/// Pinned, so that a new rule reddens no build that changed nothing.
const PACKAGE: &str = "axe-core@4.14.1";
const SCRIPT: &str = "node_modules/axe-core/axe.min.js";
/// One sentence for each rule that is broken: its name, what it asks for, and the first element.
const RUN: &str = "
    const done = arguments[0];
    axe.run(document, { resultTypes: ['violations'] }).then(
        (found) => done(found.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes[0].html.slice(0, 160)}`)),
        (error) => done([`axe fails: ${error}`]));";

/// The script; none where it cannot be had. Installs it at the first call.
fn script() -> Option<&'static str> {
    static READ: OnceLock<Option<String>> = OnceLock::new();
    READ.get_or_init(read).as_deref()
}

fn read() -> Option<String> {
    let home = std::env::var_os("AXE_HOME").map_or_else(
        || PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(PACKAGE),
        PathBuf::from,
    );
    let file = home.join(SCRIPT);
    if !file.is_file() {
        let installed = Command::new("npm")
            .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
            .arg(&home)
            .arg(PACKAGE)
            .stdin(Stdio::null())
            .output();
        if !installed.is_ok_and(|output| output.status.success()) {
            // Written directly to the terminal, because the test runner hides the output of tests that pass.
            let said = "\naxe check SKIPPED: npm cannot bring";
            let _ = writeln!(std::io::stderr(), "{said} {PACKAGE}");
            return None;
        }
    }
    Some(std::fs::read_to_string(file).unwrap())
}

impl Tab {
    /// What axe finds in the page or frame, in the scheme and size that it is shown in.
    pub async fn axe_findings(&self) -> Vec<String> {
        let Some(script) = script() else {
            return Vec::new();
        };
        self.run(script, vec![]).await;
        let found = self.browser.client.execute_async(RUN, vec![]).await;
        match found {
            Ok(Value::Array(found)) => found.iter().map(Value::to_string).collect(),
            other => vec![format!("axe says nothing: {other:?}")],
        }
    }
}
