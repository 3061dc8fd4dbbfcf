//! Everything that depends on the machine: where the Postgres binaries are, which user runs them, and which
//! folder that user can reach.
//!
//! Installs and configures nothing. Two processes that ask about the same folder get the same answer.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io, process};

use rustix::process::geteuid;

use crate::error::{PrivatePostgresError, io_error};
use crate::folders::NewFolders;

/// Holds the data when the server's user cannot reach the folder that was asked for.
const FALLBACK_FOLDER: &str = "/var/lib/waapify-ghl";
/// Lets other users pass through the folder, but not list it.
const PASS_THROUGH_MODE: u32 = 0o711;
/// Runs its arguments if its parent is still the process `$0`. Without this check, a server would outlive a
/// parent that was killed before `setpriv` had asked for the death signal.
const EXEC_UNLESS_ORPHANED: &str = r#"[ "$PPID" = "$0" ] && exec "$@""#;
/// Where packages install the binaries: a folder, and the prefix of its version folders. Each version has a `bin`.
const INSTALL_FOLDERS: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
    ("/Applications/Postgres.app/Contents/Versions", ""),
];

/// The user that the server runs as when this process is root.
#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

/// The folder that really holds the data, and the user that runs the server.
pub(super) struct Place {
    /// Absolute, without symbolic links.
    pub(super) folder: PathBuf,
    /// None when the server runs as the user of this process.
    user: Option<User>,
}

impl Place {
    /// Chooses the place for the data of `folder`, which must exist. Every process chooses the same place.
    pub(super) fn of_cluster(folder: &Path) -> Result<Self, PrivatePostgresError> {
        Self::choose(folder, find_owner(&folder.join("data")))
    }

    /// Chooses a place in which new data folders will be created.
    pub(super) fn of_parent(folder: &Path) -> Result<Self, PrivatePostgresError> {
        Self::choose(folder, None)
    }

    fn choose(folder: &Path, owner: Option<User>) -> Result<Self, PrivatePostgresError> {
        let folder = fs::canonicalize(folder).map_err(io_error("find the folder", folder))?;
        if !geteuid().is_root() {
            return Ok(Self { folder, user: None });
        }
        let user = match owner {
            Some(owner) => owner,
            None => find_user("postgres")
                .or_else(|| find_user("nobody"))
                .ok_or(PrivatePostgresError::NoUnprivilegedUser)?,
        };
        if can_reach(user, &folder) {
            return Ok(Self {
                folder,
                user: Some(user),
            });
        }
        let folder = Path::new(FALLBACK_FOLDER).join(short_hash(&folder));
        let user = find_owner(&folder.join("data")).unwrap_or(user);
        Ok(Self {
            folder,
            user: Some(user),
        })
    }

    /// Creates the folder if it is missing. Only a fallback folder can be missing.
    pub(super) fn create(&self, created: &mut NewFolders) -> Result<(), PrivatePostgresError> {
        if self.folder.exists() {
            return Ok(());
        }
        tracing::info!(folder = %self.folder.display(), "the database server's user cannot reach the usual folder");
        created.create(&self.folder)?;
        // Set explicitly: with a strict umask the server could not reach its own fallback folder.
        for folder in [Path::new(FALLBACK_FOLDER), &self.folder] {
            let mode = fs::Permissions::from_mode(PASS_THROUGH_MODE);
            fs::set_permissions(folder, mode).map_err(io_error("open up the folder", folder))?;
        }
        Ok(())
    }

    /// Creates the folder `name` in this one, and returns it as a place of its own.
    pub(super) fn create_inner(mut self, name: &str) -> Result<Self, PrivatePostgresError> {
        self.folder.push(name);
        fs::create_dir(&self.folder)
            .and_then(|()| {
                fs::set_permissions(&self.folder, fs::Permissions::from_mode(PASS_THROUGH_MODE))
            })
            .map_err(io_error("create the folder", &self.folder))?;
        Ok(self)
    }

    /// Makes the server's user the owner of `path`. This process keeps the parent folder: a compromised server
    /// must not be able to create a link where this process writes as root.
    pub(super) fn hand_over(&self, path: &Path) -> Result<(), PrivatePostgresError> {
        let Some(User { uid, gid }) = self.user else {
            return Ok(());
        };
        lchown(path, Some(uid), Some(gid)).map_err(io_error("change the owner of", path))
    }

    /// A command that runs as the server's user. The terminal's Ctrl-C does not reach it. It gets `death_signal`
    /// when the thread that spawned it ends.
    pub(super) fn command(&self, program: &Path, death_signal: &str) -> Command {
        let mut command = if has_setpriv() {
            let mut command = Command::new("setpriv");
            command.args([
                "--pdeathsig",
                death_signal,
                "sh",
                "-c",
                EXEC_UNLESS_ORPHANED,
            ]);
            command.arg(process::id().to_string()).arg(program);
            command
        } else {
            Command::new(program)
        };
        if let Some(User { uid, gid }) = self.user {
            command.uid(uid).gid(gid);
        }
        // The code searches the log for messages, so they must not be translated.
        command.current_dir("/").process_group(0).env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

/// Returns an error when no binaries are installed.
pub(super) fn require_binaries() -> Result<(), PrivatePostgresError> {
    if list_binaries().is_empty() {
        return Err(PrivatePostgresError::NoBinaries);
    }
    Ok(())
}

/// The `bin` folder of the version that wrote the data. If there is no data, the first one found.
pub(super) fn find_binaries(folder: &Path) -> Result<PathBuf, PrivatePostgresError> {
    let found = list_binaries();
    if found.is_empty() {
        return Err(PrivatePostgresError::NoBinaries);
    }
    let wanted = fs::read_to_string(folder.join("data/PG_VERSION")).unwrap_or_default();
    let wanted = wanted.trim();
    found
        .into_iter()
        .find(|bin| wanted.is_empty() || find_major_version(bin).as_deref() == Some(wanted))
        .ok_or_else(|| PrivatePostgresError::WrongVersion {
            folder: folder.to_owned(),
            version: wanted.to_owned(),
        })
}

fn list_binaries() -> Vec<PathBuf> {
    let mut folders = candidate_folders();
    folders.retain(|bin| is_complete(bin));
    folders
}

/// `PATH` comes first because a person chose it; then the folders of packages, the newest version first.
fn candidate_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // The server runs in another folder, where a relative entry would mean something else.
    let mut folders: Vec<PathBuf> = env::split_paths(&path)
        .filter(|entry| entry.is_absolute())
        .collect();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        folders.push(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ));
    }
    for (parent, prefix) in INSTALL_FOLDERS {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        let mut versions: Vec<u32> = entries
            .filter_map(|entry| {
                entry
                    .file_name()
                    .to_str()?
                    .strip_prefix(prefix)?
                    .parse()
                    .ok()
            })
            .collect();
        versions.sort_unstable_by(|left, right| right.cmp(left));
        folders.extend(
            versions
                .iter()
                .map(|version| Path::new(parent).join(format!("{prefix}{version}/bin"))),
        );
    }
    folders
}

fn is_complete(bin: &Path) -> bool {
    ["postgres", "initdb"]
        .iter()
        .all(|program| bin.join(program).is_file())
}

/// Returns `15` for `postgres (Postgres) 15.14 (Debian 15.14-0+deb12u1)`.
fn find_major_version(bin: &Path) -> Option<String> {
    let output = Command::new(bin.join("postgres"))
        .arg("--version")
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().nth(2)?;
    Some(version.chars().take_while(char::is_ascii_digit).collect())
}

/// Whether `setpriv` is installed and has the option. Old versions and `BusyBox` do not have it.
fn has_setpriv() -> bool {
    let mut probe = Command::new("setpriv");
    probe
        .args(["--pdeathsig", "INT", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

/// Finds a user in `/etc/passwd`, whose lines are `name:password:uid:gid:…`.
fn find_user(name: &str) -> Option<User> {
    let passwd = fs::read_to_string("/etc/passwd").ok()?;
    let fields = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>());
    let user = fields
        .into_iter()
        .find(|fields| fields.first() == Some(&name))?;
    Some(User {
        uid: user.get(2)?.parse().ok()?,
        gid: user.get(3)?.parse().ok()?,
    })
}

/// The owner of existing data: Postgres refuses data of another user. None for root, which cannot run Postgres.
fn find_owner(data: &Path) -> Option<User> {
    let metadata = fs::metadata(data).ok()?;
    (metadata.uid() != 0).then(|| User {
        uid: metadata.uid(),
        gid: metadata.gid(),
    })
}

/// Whether `user` may pass through `folder` and all its parents. Counts no group but the user's own.
fn can_reach(user: User, folder: &Path) -> bool {
    folder.ancestors().all(|ancestor| {
        fs::metadata(ancestor).is_ok_and(|metadata| {
            let passing_bit = if metadata.uid() == user.uid {
                0o100
            } else if metadata.gid() == user.gid {
                0o010
            } else {
                0o001
            };
            metadata.mode() & passing_bit != 0
        })
    })
}

/// FNV-1a with its published offset and prime. Rust's standard hasher may change between compilers, and then
/// the data would not be found again.
fn short_hash(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Removes a folder of this process. A folder that does not exist is no error.
pub(super) fn remove_folder(folder: &Path) -> Result<(), PrivatePostgresError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove the folder", folder)(error))
        }
        _ => Ok(()),
    }
}
