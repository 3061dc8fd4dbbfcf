//! The replicas of the service: real processes with their own clocks, which are killed and started again.
//!
//! Starts and stops them as a supervisor does, and keeps their logs. When one dies is decided in `faults`.

use std::fs;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::pass;

const PROGRAM: &str = env!("CARGO_BIN_EXE_waapify-ghl");
/// Makes the kernel kill a replica when the suite is killed. (The signal is sent when the thread of the runtime ends
/// that started the replica, which is when the suite ends.)
const SETPRIV: &str = "/usr/bin/setpriv";
/// Below the ports that the system gives to outgoing connections: one of those could take the port of a dead replica.
const PORTS: std::ops::Range<u16> = 10_000..30_000;
/// Longest wait for a replica to end by itself. It may drain for 30 s.
const PATIENCE: Duration = Duration::from_secs(40);

/// Least time between two starts of a replica that ends by itself: without a database it ends at once.
const BACK_OFF: Duration = Duration::from_millis(200);

/// One replica: it has an address, with or without a running process.
pub struct Replica {
    pub address: SocketAddr,
    environment: Vec<(String, String)>,
    folder: PathBuf,
    slot: usize,
    life: Mutex<Life>,
}

#[derive(Default)]
struct Life {
    child: Option<Child>,
    starts: usize,
    started: Option<Instant>,
    /// Stopped on purpose.
    down: bool,
}

impl Replica {
    /// A replica that keeps its logs in `folder`. No process runs yet.
    pub fn new(slot: usize, environment: &[(String, String)], folder: &Path) -> Self {
        let address = free_address();
        let mut environment = environment.to_vec();
        environment.push(("BIND_ADDR".to_owned(), address.to_string()));
        let clock = folder.join(format!("clock-{slot}"));
        if let Some(library) = faketime() {
            fs::write(&clock, "+0").unwrap();
            environment.extend(
                [
                    ("LD_PRELOAD", library.display().to_string()),
                    ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
                    ("FAKETIME_NO_CACHE", "1".to_owned()),
                    // Time limits of calls use the monotonic clock, which is not changed.
                    ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
                ]
                .map(|(name, value)| (name.to_owned(), value)),
            );
        }
        Self {
            address,
            environment,
            folder: folder.to_owned(),
            slot,
            life: Mutex::default(),
        }
    }

    /// Starts a process, unless one is running.
    pub fn start(&self) {
        let mut life = self.life.lock().unwrap();
        life.down = false;
        if life.child.is_none() {
            life.starts += 1;
            life.started = Some(Instant::now());
            let log = File::create(self.log(life.starts)).unwrap();
            let mut command = if Path::new(SETPRIV).is_file() {
                let mut command = Command::new(SETPRIV);
                command.args(["--pdeathsig", "KILL", PROGRAM]);
                command
            } else {
                Command::new(PROGRAM)
            };
            command.arg("serve").env_clear().current_dir("/");
            command.envs(self.environment.iter().cloned());
            command.stdin(Stdio::null()).stderr(log);
            life.child = Some(command.spawn().unwrap());
        }
    }

    /// Kills the process with SIGKILL. False when there was none.
    pub fn kill(&self) -> bool {
        let mut life = self.life.lock().unwrap();
        life.down = true;
        let child = life.child.take();
        if let Some(mut child) = child {
            child.kill().unwrap();
            child.wait().unwrap();
            return true;
        }
        false
    }

    /// Asks the process to stop, as a deployment does, and waits. Returns a complaint if it ended badly.
    pub async fn terminate(&self) -> Option<String> {
        let (mut child, start) = {
            let mut life = self.life.lock().unwrap();
            life.down = true;
            (life.child.take()?, life.starts)
        };
        // Before it listens it does not catch the signal, so the signal may kill it.
        let was_up = self.listened(start);
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::TERM).unwrap();
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match child.try_wait().unwrap() {
                Some(status) if status.success() || !was_up => return None,
                Some(status) => return Some(self.complaint("a stop was asked for", status)),
                None => pass(Duration::from_millis(5)).await,
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        Some(format!("replica {} did not stop in time", self.slot))
    }

    /// Starts the process again if it ended by itself. Returns a complaint if it had been up.
    pub fn revive(&self) -> Option<String> {
        let (status, start) = {
            let mut life = self.life.lock().unwrap();
            let early = life.started.is_some_and(|at| at.elapsed() < BACK_OFF);
            if life.down || early {
                return None;
            }
            let status = life.child.as_mut()?.try_wait().unwrap()?;
            life.child = None;
            (status, life.starts)
        };
        self.start();
        // Without a database it does not start; its supervisor is there for that.
        let was_up = self.listened(start);
        was_up.then(|| self.complaint("nobody asked it to", status))
    }

    /// Sets its clock this many seconds ahead of the true time, or behind it.
    pub fn set_clock(&self, seconds: i64) {
        let clock = self.folder.join(format!("clock-{}", self.slot));
        let new = clock.with_extension("new");
        fs::write(&new, format!("{seconds:+}")).unwrap();
        fs::rename(new, clock).unwrap();
    }

    /// The logs of all its processes.
    pub fn logs(&self) -> String {
        let starts = self.life.lock().unwrap().starts;
        let logs = (1..=starts).map(|start| fs::read_to_string(self.log(start)).unwrap());
        logs.collect()
    }

    fn log(&self, start: usize) -> PathBuf {
        self.folder
            .join(format!("replica-{}-{start}.log", self.slot))
    }

    fn listened(&self, start: usize) -> bool {
        let log = fs::read_to_string(self.log(start)).unwrap();
        log.contains("\"listening\"")
    }

    fn complaint(&self, when: &str, status: ExitStatus) -> String {
        let (slot, code, signal) = (self.slot, status.code(), status.signal());
        format!("replica {slot} ended ({when}) with code {code:?}, signal {signal:?}")
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_address() -> SocketAddr {
    loop {
        let port = rand::random_range(PORTS);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return ([127, 0, 0, 1], port).into();
        }
    }
}

/// The library that gives a process its own clock, if the machine has it (Debian: `libfaketime`).
pub fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let places = folders.map(|folder| folder.path().join("faketime"));
    places
        .chain(["/usr/lib/faketime", "/usr/local/lib/faketime"].map(PathBuf::from))
        .map(|folder| folder.join("libfaketimeMT.so.1"))
        .find(|library| library.is_file())
}
