//! Errors of the private Postgres: full sentences that tell the operator what to do.
//!
//! Display never repeats the cause; that is in `source`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Why the private Postgres could not be started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum PrivatePostgresError {
    /// No folder with both `postgres` and `initdb` was found.
    #[error(
        "PostgreSQL is not installed on this machine. Install it:\n  \
         Debian, Ubuntu:  apt-get install -y postgresql\n  \
         Fedora:          dnf install -y postgresql-server\n  \
         Arch:            pacman -S postgresql\n  \
         Alpine:          apk add postgresql17\n  \
         macOS:           brew install postgresql@17\n\
         or run one with Docker and name it, as DATABASE_URL or, for the sandbox, with --database-url:\n  \
         docker run -d --name waapify-ghl-db -e POSTGRES_PASSWORD=waapify -p 127.0.0.1:5432:5432 postgres:17\n  \
         postgres://postgres:waapify@127.0.0.1:5432/postgres"
    )]
    NoBinaries,
    /// No installed version of Postgres is the major version that wrote the data.
    #[error(
        "The data in {} was written by PostgreSQL {version}, which is not installed on this machine. \
         Install that version, or move the folder away to begin with an empty database.",
        folder.display()
    )]
    WrongVersion {
        /// The folder that holds the data.
        folder: PathBuf,
        /// The major version that wrote it.
        version: String,
    },
    /// Postgres refuses to run as root, and neither `postgres` nor `nobody` is in `/etc/passwd`.
    #[error(
        "PostgreSQL does not run as root, and this machine has neither a user `postgres` nor a user \
         `nobody` to run it as. Start this program as an ordinary user."
    )]
    NoUnprivilegedUser,
    /// Another process holds the lock of the folder.
    #[error(
        "The database in {} is already in use by another process (pid {pid}). Stop that process \
         first, start this one in another working directory, or name another database.",
        folder.display()
    )]
    AlreadyRunning {
        /// The folder that holds the data.
        folder: PathBuf,
        /// The process id that the holder wrote into the lock file; can be empty.
        pid: String,
    },
    /// A server that an earlier process left running does not stop.
    #[error(
        "A PostgreSQL server (pid {pid}) that was left behind still runs on {} and does not stop. \
         Stop it with `kill -INT {pid}` and try again.",
        folder.display()
    )]
    Orphan {
        /// The folder that holds the data.
        folder: PathBuf,
        /// The process id of the server.
        pid: i32,
    },
    /// `initdb` failed.
    #[error("PostgreSQL could not create its data in {}. It said:\n{output}", folder.display())]
    Create {
        /// The folder that holds the data.
        folder: PathBuf,
        /// The last lines that `initdb` wrote.
        output: String,
    },
    /// The server ended, or was not ready in time.
    #[error("PostgreSQL did not start. The last lines of {}:\n{lines}", log.display())]
    Start {
        /// The path of the server's log.
        log: PathBuf,
        /// The last lines of the log.
        lines: String,
    },
    /// The server did not shut down cleanly. Committed data is safe: the next start recovers it.
    #[error(
        "PostgreSQL did not shut down cleanly ({status}); the next start repairs it. Details are in {}",
        log.display()
    )]
    Stop {
        /// The path of the server's log.
        log: PathBuf,
        /// The server's exit status.
        status: ExitStatus,
    },
    /// An operating system call failed.
    #[error("Could not {doing} {}. Check who owns it and that the disk is not full", path.display())]
    Io {
        /// What was tried, as a verb phrase: `create the folder`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// For `map_err`: adds what was tried, and on which path.
pub(super) fn io_error(
    doing: &'static str,
    path: &Path,
) -> impl FnOnce(io::Error) -> PrivatePostgresError {
    let path = path.to_owned();
    move |source| PrivatePostgresError::Io {
        doing,
        path,
        source,
    }
}
