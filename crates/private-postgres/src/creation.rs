//! The data of a new cluster, and its password.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::{fs, io};

use crate::durability::Durability;
use crate::error::{PrivatePostgresError, io_error};
use crate::host;
use crate::host::Place;

/// The superuser that `initdb` creates. It owns every database.
pub(crate) const SUPERUSER: &str = "waapify";
/// Enough for the server's error message and its hints.
const LOG_LINES_SHOWN: usize = 12;

/// The superuser's password.
pub(crate) fn read_password(folder: &Path) -> io::Result<String> {
    fs::read_to_string(folder.join("password"))
}

/// Runs `initdb` in a temporary folder and renames that to `data`. So `data` is either complete or absent, even
/// if the process is killed.
pub(crate) fn create_data(
    place: &Place,
    binaries: &Path,
    durability: Durability,
) -> Result<(), PrivatePostgresError> {
    let folder = &place.folder;
    let (unfinished, password_file) = (folder.join("data.new"), folder.join("password"));
    host::remove_folder(&unfinished)?;
    fs::create_dir(&unfinished).map_err(io_error("create the folder", &unfinished))?;
    write_password(&password_file).map_err(io_error("write", &password_file))?;
    place.hand_over(&unfinished)?;
    place.hand_over(&password_file)?;

    let mut command = place.command(&binaries.join("initdb"), "KILL");
    // Without a locale the data does not depend on which ones the machine has.
    command.args([
        "-E",
        "UTF8",
        "--no-locale",
        "--auth=scram-sha-256",
        "-U",
        SUPERUSER,
    ]);
    command
        .arg("-D")
        .arg(&unfinished)
        .arg("--pwfile")
        .arg(&password_file);
    if durability == Durability::ThrowAway {
        command.arg("--no-sync");
    }
    let output = command
        .output()
        .map_err(io_error("run initdb in", binaries))?;
    if !output.status.success() {
        let output = last_lines(&String::from_utf8_lossy(&output.stderr));
        return Err(PrivatePostgresError::Create {
            folder: folder.clone(),
            output,
        });
    }
    fs::rename(&unfinished, folder.join("data"))
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(io_error("rename", &unfinished))
}

/// Writes a new password to a file that only its owner can read. Letters and digits need no escaping in a URL.
fn write_password(path: &Path) -> io::Result<()> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)?;
    write!(file, "{:032x}", rand::random::<u128>())?;
    file.sync_all()
}

/// The end of what a program of PostgreSQL complained about.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
