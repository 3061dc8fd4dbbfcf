//! The server process: start it, wait for it, stop it, and find it again through its `postmaster.pid`.
//!
//! Process ids are reused, so `postmaster.pid` is believed only if the process's command line fits.

use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// Short compared with the 30 ms of a start.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// A usual stop takes 90 ms. Less than the 10 s after which `docker stop` kills everything.
const STOP_LIMIT: Duration = Duration::from_secs(8);

/// A child process, and the thread that waits for it.
pub(super) struct Server {
    pid: Pid,
    waiter: JoinHandle<io::Result<ExitStatus>>,
}

impl Server {
    /// Spawns the child from a thread that lives as long as the child. The kernel sends the death signal when
    /// the spawning *thread* ends, and the caller's thread may end long before the process.
    pub(super) fn spawn(mut command: Command) -> io::Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let waiter = thread::Builder::new()
            .name("postgres".to_owned())
            .spawn(move || {
                let mut child = command.spawn()?;
                let _ = sender.send(Pid::from_child(&child));
                child.wait()
            })?;
        match receiver.recv() {
            Ok(pid) => Ok(Self { pid, waiter }),
            Err(_) => Err(join(waiter)
                .err()
                .unwrap_or_else(|| io::Error::other("it ended at once"))),
        }
    }

    /// Waits until the server accepts connections. False when it ended, or was not ready in time.
    pub(super) fn wait_until_ready(&self, data: &Path, limit: Duration) -> bool {
        // Compares the id, so that another server on the same data is not taken for this one.
        let is_ready =
            || PidFile::read(data).is_some_and(|file| file.ready && file.pid == self.pid);
        wait_until(limit, || self.waiter.is_finished() || is_ready()) && !self.waiter.is_finished()
    }

    /// Sends `signal`, then stronger signals if the server does not end in time, and reaps the process.
    pub(super) fn end(self, signal: Signal) -> io::Result<ExitStatus> {
        for signal in [signal, Signal::QUIT, Signal::KILL] {
            // Once the waiter has finished, the process is reaped and its id may belong to another process.
            if !self.waiter.is_finished() {
                let _ = kill_process(self.pid, signal);
            }
            if wait_until(STOP_LIMIT, || self.waiter.is_finished()) {
                break;
            }
        }
        join(self.waiter)
    }
}

fn join(waiter: JoinHandle<io::Result<ExitStatus>>) -> io::Result<ExitStatus> {
    waiter
        .join()
        .unwrap_or_else(|_| Err(io::Error::other("the thread that waits for it panicked")))
}

/// The lines of `postmaster.pid` that this code needs: 1, 4 and 8 in Postgres's `pidfile.h`.
pub(super) struct PidFile {
    pub(super) pid: Pid,
    pub(super) port: u16,
    pub(super) ready: bool,
}

impl PidFile {
    fn read(data: &Path) -> Option<Self> {
        let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        Some(Self {
            pid: Pid::from_raw(lines.first()?.parse().ok()?)?,
            port: lines.get(3)?.parse().ok()?,
            ready: lines.get(7) == Some(&"ready"),
        })
    }

    /// The file of a server that runs on `data` right now. None when there is no file, or it is stale.
    pub(super) fn find_live(data: &Path) -> Option<Self> {
        Self::read(data).filter(|file| is_alive(file.pid) && is_server_of(file.pid, data))
    }
}

/// Stops the server that runs on `data`, if any. Returns its process id as the error if it does not end in time.
pub(super) fn stop_orphan(data: &Path) -> Result<(), Pid> {
    let Some(PidFile { pid, .. }) = PidFile::find_live(data) else {
        return Ok(());
    };
    // The server may already be stopping; a second signal does no harm.
    let _ = kill_process(pid, Signal::INT);
    let ended = wait_until(STOP_LIMIT, || PidFile::find_live(data).is_none());
    if ended { Ok(()) } else { Err(pid) }
}

/// Removes a `postmaster.pid` whose process id now belongs to another program. Postgres would take that program
/// for a running server and never start; this happens in containers, where process ids are few. The file of a
/// dead process is kept, because Postgres uses it to wait for that server's children.
pub(super) fn remove_misleading_pid_file(data: &Path) {
    if PidFile::read(data).is_some_and(|file| is_alive(file.pid) && !is_server_of(file.pid, data)) {
        let _ = fs::remove_file(data.join("postmaster.pid"));
    }
}

/// Whether a process with this id exists, of any user.
pub(super) fn is_alive(pid: Pid) -> bool {
    test_kill_process(pid) != Err(rustix::io::Errno::SRCH)
}

/// Whether the command line of `pid` names `data`. True when it cannot be read, which is the safe answer.
fn is_server_of(pid: Pid, data: &Path) -> bool {
    let id = pid.as_raw_pid().to_string();
    let line = fs::read(format!("/proc/{id}/cmdline")).or_else(|_| {
        let output = Command::new("ps")
            .args(["-ww", "-o", "command=", "-p", &id])
            .output();
        output.map(|output| output.stdout)
    });
    line.map_or(true, |line| {
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        line.contains(&format!("-D {} ", data.display()))
    })
}

/// Polls until `done` or until `limit` has passed. Returns whether it was done.
fn wait_until(limit: Duration, done: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(POLL_INTERVAL);
    }
}
