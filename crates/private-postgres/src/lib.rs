//! The private Postgres that the process runs for itself when it is given no database.
//!
//! Owns: the folder of a cluster, from its creation to its server's end. Refuses: to listen on
//! anything but 127.0.0.1, to run the server as root, to share a folder with a second process, and
//! to speak SQL: whoever wants a database creates it over [`PrivatePostgres::url`].
//!
//! A folder holds `data/`, `password`, `server.log`, `server.log.old` and `owner.lock`. A process
//! holds the lock for as long as it lives, so a server on a folder whose lock is free is an orphan.

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
use std::thread;
use std::time::Duration;
use std::{env, fs, io, process};

use rustix::process::Pid;

use self::creation::{SUPERUSER, create_data, last_lines, read_password};
pub use self::durability::Durability;
pub use self::error::PrivatePostgresError;
use self::error::io_error;
use self::folders::NewFolders;
use self::host::Place;
use self::lock::lock;
use self::server::{PidFile, Server};

/// How the folders of [`PrivatePostgres::throw_away`] begin; the process id and a random number follow.
const THROW_AWAY_PREFIX: &str = "waapify-ghl-throw-away-";
/// As long as `pg_ctl` waits. A usual start takes 30 ms; one after a crash replays the log first.
const START_LIMIT: Duration = Duration::from_mins(1);
/// Another program can take the free port before the server does; three times in a row is no accident.
const PORT_ATTEMPTS: usize = 3;
/// The first two are Postgres's defaults, which `initdb` lowers on a machine that is short of memory.
const SETTINGS: [&str; 6] = [
    "max_connections=100",
    "shared_buffers=128MB",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "log_destination=stderr",
    "logging_collector=off",
];
/// What a commit waits for, switched off.
const THROW_AWAY_SETTINGS: [&str; 3] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

/// A running private server. Dropping it stops the server; [`PrivatePostgres::stop`] also tells how that went.
pub struct PrivatePostgres {
    folder: PathBuf,
    port: u16,
    password: String,
    durability: Durability,
    /// Taken when the server is stopped.
    server: Option<Server>,
    removes_folder: bool,
    /// Held, never read: the system releases it when the process ends, however it ends.
    _lock: File,
}

impl PrivatePostgres {
    /// Starts a server on `folder`, which is created when it is missing, and returns when it accepts
    /// connections: after 30 ms, or 0.6 s on first use. Blocks the calling thread.
    ///
    /// The server ends with this process, however that ends, where util-linux's `setpriv` is
    /// installed. Elsewhere a killed process leaves it behind, and the next start stops it.
    ///
    /// As root the server runs as the owner of existing data, else as `postgres`, else as `nobody`;
    /// when that user cannot reach `folder`, the data lives below `/var/lib/waapify-ghl` instead.
    ///
    /// A start that fails leaves no folder that was not there before.
    ///
    /// # Errors
    /// Every [`PrivatePostgresError`] but `Stop`; each says what to do.
    pub fn start(folder: &Path, durability: Durability) -> Result<Self, PrivatePostgresError> {
        host::require_binaries()?;
        let mut created = NewFolders::default();
        created.create(folder)?;
        let place = Place::of_cluster(folder)?;
        place.create(&mut created)?;
        // Held until the folders are gone, or the cluster has it.
        let lock = lock(&place.folder).inspect_err(|_| created.keep())?;
        let cluster = Self::start_in(&place, &lock, durability, false)?;
        created.keep();
        Ok(cluster)
    }

    /// Starts an empty server in a fresh temporary folder, which is removed when the server stops.
    /// Meanwhile such folders of processes that were killed are cleared away, on another thread: one that
    /// served many tests takes a while. Several processes may do so at once. Blocks for 0.6 s.
    ///
    /// # Errors
    /// As [`PrivatePostgres::start`].
    pub fn throw_away() -> Result<Self, PrivatePostgresError> {
        host::require_binaries()?;
        let parent = Place::of_parent(&env::temp_dir())?;
        let mut created = NewFolders::default();
        parent.create(&mut created)?;
        // Other processes may use it already.
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

    /// Where the cluster really lives, which is not always the folder that [`PrivatePostgres::start`] was given.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops the server: its connections are closed and what is committed is written out. Blocks for
    /// 90 ms as a rule and 24 s at most.
    ///
    /// # Errors
    /// [`PrivatePostgresError::Stop`] when a durable server ended in another way, now or earlier.
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
        // Another handle on the same lock.
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

/// The URL of the server that a process of ours runs on `folder` right now, for commands that run
/// beside it. None when there is no such server, or it is not ready, or this user may not use it.
#[must_use]
pub fn find_running(folder: &Path, database: &str) -> Option<String> {
    let place = Place::of_cluster(folder).ok()?;
    let file = PidFile::find_live(&place.folder.join("data")).filter(|file| file.ready)?;
    let password = read_password(&place.folder).ok()?;
    Some(url(&password, file.port, database))
}

/// Whether PostgreSQL's programs are on this machine.
#[must_use]
pub fn is_installed() -> bool {
    host::require_binaries().is_ok()
}

/// Whether a cluster has its data in `folder`, running or not.
#[must_use]
pub fn has_data(folder: &Path) -> bool {
    Place::of_cluster(folder).is_ok_and(|place| place.folder.join("data").exists())
}

/// Removes the data of `folder`, so that the next start begins with an empty cluster; one that never was is fine.
///
/// # Errors
/// [`PrivatePostgresError::AlreadyRunning`] while a process uses it.
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
    // The previous run's log may tell why that run ended.
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

/// A port that was free a moment ago.
fn find_free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Removes the throw-away folders whose process is gone. A server that outlived it (there is no
/// `setpriv`) notices within a minute that its data is gone, and ends.
fn remove_left_folders(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let maker = name.to_str().and_then(|name| {
            let (pid, _) = name.strip_prefix(THROW_AWAY_PREFIX)?.split_once('-')?;
            Pid::from_raw(pid.parse().ok()?)
        });
        if maker.is_some_and(|pid| !server::is_alive(pid)) {
            // Somebody else's, or being removed by another process right now: neither is our trouble.
            let _ = host::remove_folder(&entry.path());
        }
    }
}
