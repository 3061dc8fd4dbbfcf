//! The private Postgres that a process runs for itself when it is given no database.
//!
//! Owns the data folder and the server on it. The server listens on 127.0.0.1 only and never runs as root. This
//! crate runs no SQL: a caller that needs a database creates it over [`PrivatePostgres::url`].
//!
//! The folder holds `data/`, `password`, `server.log`, `server.log.old` and `owner.lock`. One process at a time
//! uses it and holds the lock until it ends, so a server on a folder whose lock is free is an orphan.

mod creation;
mod durability;
mod error;
mod folders;
mod host;
mod lock;
mod server;

use std::fs::{File, OpenOptions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs, io, process, thread};

use rustix::process::Pid;

use self::creation::{SUPERUSER, create_data, last_lines, read_password};
pub use self::durability::Durability;
pub use self::error::PrivatePostgresError;
use self::error::io_error;
use self::folders::NewFolders;
use self::host::Place;
use self::lock::lock;
use self::server::{PidFile, Server};

/// Prefix of the folders of [`PrivatePostgres::throw_away`]. The process id and a random number follow.
const THROW_AWAY_PREFIX: &str = "waapify-ghl-throw-away-";
/// The same as `pg_ctl`. A usual start takes 30 ms; a start after a crash first replays the write-ahead log.
const START_LIMIT: Duration = Duration::from_mins(1);
/// Another program can take the free port before the server does, but hardly three times in a row.
const PORT_ATTEMPTS: usize = 3;
/// The first two are Postgres's defaults, which `initdb` lowers on a machine with little memory.
const SETTINGS: [&str; 6] = [
    "max_connections=100",
    "shared_buffers=128MB",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "log_destination=stderr",
    "logging_collector=off",
];
/// Switches off everything that makes a commit wait for the disk.
const THROW_AWAY_SETTINGS: [&str; 3] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

/// A running private server. Dropping it stops the server; [`PrivatePostgres::stop`] also reports errors.
pub struct PrivatePostgres {
    folder: PathBuf,
    port: u16,
    password: String,
    durability: Durability,
    /// None once the server has been stopped.
    server: Option<Server>,
    removes_folder: bool,
    /// Never read: the operating system releases the lock when the process ends for any reason.
    _lock: File,
}

impl PrivatePostgres {
    /// Starts a server on `folder`, which is created when it is missing. Returns when the server accepts
    /// connections: after 30 ms, or 0.6 s on first use. Blocks the calling thread.
    ///
    /// With util-linux's `setpriv`, the server always ends with this process. Without it, a killed process
    /// leaves the server running, and the next start stops it.
    ///
    /// When this process is root, the server runs as the owner of existing data, else as `postgres`, else as
    /// `nobody`. If that user cannot reach `folder`, the data is stored below `/var/lib/waapify-ghl` instead.
    ///
    /// A start that fails removes the folders that it created.
    ///
    /// # Errors
    /// Every [`PrivatePostgresError`] except `Stop`.
    pub fn start(folder: &Path, durability: Durability) -> Result<Self, PrivatePostgresError> {
        host::require_binaries()?;
        let mut created = NewFolders::default();
        created.create(folder)?;
        let place = Place::of_cluster(folder)?;
        place.create(&mut created)?;
        // The guard must live until the folders are removed, or until the server has a copy of it.
        let lock = lock(&place.folder).inspect_err(|_| created.keep())?;
        let cluster = Self::start_in(&place, &lock, durability, false)?;
        created.keep();
        Ok(cluster)
    }

    /// Starts an empty server in a new temporary folder, which is removed when the server stops. Another thread
    /// removes the folders that killed processes left behind. Several processes may call this at the same
    /// time. Blocks for 0.6 s.
    ///
    /// # Errors
    /// The same as [`PrivatePostgres::start`].
    pub fn throw_away() -> Result<Self, PrivatePostgresError> {
        host::require_binaries()?;
        let parent = Place::of_parent(&env::temp_dir())?;
        let mut created = NewFolders::default();
        parent.create(&mut created)?;
        // Other processes may already use this folder.
        created.keep();
        let left_in = parent.folder.clone();
        thread::spawn(move || remove_left_folders(&left_in));
        let name = format!(
            "{THROW_AWAY_PREFIX}{}-{:016x}",
            process::id(),
            rand::random::<u64>()
        );
        let place = parent.create_inner(&name)?;
        let start = || {
            let lock = lock(&place.folder)?;
            Self::start_in(&place, &lock, Durability::ThrowAway, true)
        };
        start().inspect_err(|_| {
            let _ = host::remove_folder(&place.folder);
        })
    }

    /// `postgres://waapify:<password>@127.0.0.1:<port>/<database>`. The database `postgres` always exists.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url(&self.password, self.port, database)
    }

    /// The folder that really holds the data. It can differ from the one that [`PrivatePostgres::start`] was given.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops the server: closes its connections and writes all committed data. Blocks for about 90 ms, and for
    /// 24 s at most.
    ///
    /// # Errors
    /// [`PrivatePostgresError::Stop`] when a durable server did not shut down cleanly, now or earlier;
    /// [`PrivatePostgresError::Io`] when the operating system refuses.
    pub fn stop(mut self) -> Result<(), PrivatePostgresError> {
        self.shut_down()
    }

    fn start_in(
        place: &Place,
        lock: &File,
        durability: Durability,
        removes_folder: bool,
    ) -> Result<Self, PrivatePostgresError> {
        let folder = &place.folder;
        // A second handle on the same lock.
        let lock = lock.try_clone().map_err(io_error("lock", folder))?;
        let data = folder.join("data");
        server::stop_orphan(&data).map_err(|pid| PrivatePostgresError::Orphan {
            folder: folder.clone(),
            pid: pid.as_raw_pid(),
        })?;
        server::remove_misleading_pid_file(&data);
        let binaries = host::find_binaries(folder)?;
        if !data.exists() {
            create_data(place, &binaries, durability)?;
        }
        let password = read_password(folder).map_err(io_error("read the password in", folder))?;
        let (server, port) = start_server(place, &binaries, durability)?;
        Ok(Self {
            folder: folder.clone(),
            port,
            password,
            durability,
            server: Some(server),
            removes_folder,
            _lock: lock,
        })
    }

    fn shut_down(&mut self) -> Result<(), PrivatePostgresError> {
        let Some(server) = self.server.take() else {
            return Ok(());
        };
        let (signal, _) = self.durability.stop_signal();
        let status = server
            .end(signal)
            .map_err(io_error("stop the server of", &self.folder))?;
        if self.removes_folder {
            return host::remove_folder(&self.folder);
        }
        if self.durability == Durability::Durable && !status.success() {
            return Err(PrivatePostgresError::Stop {
                log: self.folder.join("server.log"),
                status,
            });
        }
        Ok(())
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::warn!(%error, "the private PostgreSQL did not stop cleanly");
        }
    }
}

/// The URL of the server that another process runs on `folder` right now, for commands that work beside it.
/// None when there is no such server, it is not ready, or this user may not read its password.
#[must_use]
pub fn find_running(folder: &Path, database: &str) -> Option<String> {
    let place = Place::of_cluster(folder).ok()?;
    let file = PidFile::find_live(&place.folder.join("data")).filter(|file| file.ready)?;
    let password = read_password(&place.folder).ok()?;
    Some(url(&password, file.port, database))
}

/// Whether the PostgreSQL binaries are installed on this machine.
#[must_use]
pub fn is_installed() -> bool {
    host::require_binaries().is_ok()
}

/// Whether `folder` holds data, with or without a running server.
#[must_use]
pub fn has_data(folder: &Path) -> bool {
    Place::of_cluster(folder).is_ok_and(|place| place.folder.join("data").exists())
}

/// Removes the data of `folder`, so that the next start creates an empty one. Missing data is no error.
///
/// # Errors
/// [`PrivatePostgresError::AlreadyRunning`] while a process uses the folder; [`PrivatePostgresError::Io`].
pub fn remove_data(folder: &Path) -> Result<(), PrivatePostgresError> {
    let Ok(place) = Place::of_cluster(folder) else {
        return Ok(());
    };
    if !place.folder.exists() {
        return Ok(());
    }
    let _lock = lock(&place.folder)?;
    host::remove_folder(&place.folder.join("data"))
}

fn url(password: &str, port: u16, database: &str) -> String {
    format!("postgres://{SUPERUSER}:{password}@127.0.0.1:{port}/{database}")
}

/// Starts the server on a free port and waits until it is ready.
fn start_server(
    place: &Place,
    binaries: &Path,
    durability: Durability,
) -> Result<(Server, u16), PrivatePostgresError> {
    let log = place.folder.join("server.log");
    // The log of the previous run may say why that run ended.
    let _ = fs::rename(&log, place.folder.join("server.log.old"));
    let (signal, signal_name) = durability.stop_signal();
    let mut attempt = 1;
    loop {
        let port = find_free_port().map_err(io_error("find a free port for", &place.folder))?;
        let open = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&log);
        let mut command = place.command(&binaries.join("postgres"), signal_name);
        command.stderr(open.map_err(io_error("open", &log))?);
        let data = place.folder.join("data");
        command.arg("-D").arg(&data).arg("-p").arg(port.to_string());
        let relaxed = THROW_AWAY_SETTINGS
            .iter()
            .filter(|_| durability == Durability::ThrowAway);
        for setting in SETTINGS.iter().chain(relaxed) {
            command.args(["-c", setting]);
        }
        let server = Server::spawn(command).map_err(io_error("run postgres in", binaries))?;
        if server.wait_until_ready(&data, START_LIMIT) {
            return Ok((server, port));
        }
        let _ = server.end(signal);
        let lines = last_lines(&fs::read_to_string(&log).unwrap_or_default());
        if attempt == PORT_ATTEMPTS || !lines.contains("could not bind") {
            return Err(PrivatePostgresError::Start { log, lines });
        }
        attempt += 1;
    }
}

/// A port that was free a moment ago. Another program can still take it.
fn find_free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Removes the throw-away folders of processes that have ended. Where `setpriv` is missing, their server may
/// still run; it notices within a minute that its data is gone, and ends.
fn remove_left_folders(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let maker = name.to_str().and_then(|name| {
            let (pid, _) = name.strip_prefix(THROW_AWAY_PREFIX)?.split_once('-')?;
            Pid::from_raw(pid.parse().ok()?)
        });
        if maker.is_some_and(|pid| !server::is_alive(pid)) {
            // Fails for another user's folder, or while another process removes it; both can be ignored.
            let _ = host::remove_folder(&entry.path());
        }
    }
}
