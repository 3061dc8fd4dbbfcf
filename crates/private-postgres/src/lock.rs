//! The lock file that lets only one process at a time use a folder. A held lock is an error after half a second.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, process, thread};

use crate::error::{PrivatePostgresError, io_error};

/// A child that the last owner was just starting holds a copy of its lock for some milliseconds, until its `exec`.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// Takes the folder's lock and writes this process's id into the lock file.
pub(super) fn lock(folder: &Path) -> Result<File, PrivatePostgresError> {
    let path = folder.join("owner.lock");
    let open = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path);
    let mut file = open.map_err(io_error("open", &path))?;
    match try_lock(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(&path).unwrap_or_default();
            return Err(PrivatePostgresError::AlreadyRunning {
                folder: folder.to_owned(),
                pid,
            });
        }
        Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
    }
    file.set_len(0)
        .and_then(|()| write!(file, "{}", process::id()))
        .map_err(io_error("write", &path))?;
    Ok(file)
}

/// Takes the lock, and waits for [`LOCK_PATIENCE`] in case the last owner has just ended.
fn try_lock(file: &File) -> Result<(), TryLockError> {
    let end = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < end => thread::sleep(LOCK_PAUSE),
            locked => return locked,
        }
    }
}
