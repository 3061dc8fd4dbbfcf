//! The real program: its commands, exit codes, signals, and what survives a kill.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use simulators::{Fault, seed};

use crate::harness::{Bridge, OUTAGE, wait};
use crate::killed_child::KilledChild;

/// The program without any setting of this process.
pub fn program(bridge: Option<&Bridge>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waapify-ghl"));
    command
        .env_clear()
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null());
    if let Some(bridge) = bridge {
        command
            .envs(bridge.environment.iter().cloned())
            .env("DATABASE_URL", bridge.database.url())
            .env("LOG_FORMAT", "json")
            .env("BIND_ADDR", "127.0.0.1:0");
    }
    command
}

pub async fn output(mut command: Command) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A running `serve`. It is killed when the test ends, at the latest.
pub struct Serving {
    child: KilledChild,
    pub address: String,
    log: std::thread::JoinHandle<()>,
    seen: Arc<Mutex<String>>,
}

impl Serving {
    /// Starts it and waits until it logs its address.
    pub async fn start(bridge: &Bridge) -> Self {
        Self::start_with(bridge, |_| {}).await
    }

    /// Like [`Serving::start`], with a changed command.
    pub async fn start_with(bridge: &Bridge, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = program(Some(bridge));
        command.arg("serve").stderr(Stdio::piped());
        change(&mut command);
        let mut child = KilledChild::spawn(&mut command);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (address, seen) = tokio::task::spawn_blocking(move || {
            let mut seen = String::new();
            let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
                seen.push_str(&line);
                let entry: Value = serde_json::from_str(&line).expect("logs are JSON");
                (entry["message"] == "listening")
                    .then(|| entry["address"].as_str().unwrap().to_owned())
            });
            (address.expect("it listens"), (seen, lines))
        })
        .await
        .unwrap();
        // The rest of the log is read all the time, so that the pipe never fills.
        let (first, lines) = seen;
        let seen = Arc::new(Mutex::new(first));
        let kept = Arc::clone(&seen);
        let log = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap().push_str(&line);
            }
        });
        Self {
            child,
            address: format!("http://{address}"),
            log,
            seen,
        }
    }

    /// Whether its log has these words by now.
    pub fn said(&self, words: &str) -> bool {
        self.seen.lock().unwrap().contains(words)
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end and returns exit code and log.
    pub async fn ended(mut self) -> (Option<i32>, String) {
        let waited = tokio::task::spawn_blocking(move || {
            let code = self.child.wait().unwrap().code();
            self.log.join().unwrap();
            (code, self.seen.lock().unwrap().clone())
        });
        tokio::time::timeout(Duration::from_mins(1), waited)
            .await
            .unwrap()
            .unwrap()
    }
}

#[tokio::test]
async fn missing_settings_are_all_named_and_end_in_exit_code_2() {
    let mut serve = program(None);
    serve.env("PORT", "x");
    let (code, _, stderr) = output(serve).await;
    assert_eq!(code, Some(2));
    for name in [
        "PUBLIC_URL",
        "GHL_CLIENT_ID",
        "GHL_CLIENT_SECRET",
        "ENCRYPTION_KEYS",
        "PORT",
    ] {
        assert!(stderr.contains(name), "{name}: {stderr}");
    }
}

#[tokio::test]
async fn version_and_wrong_arguments_answer_as_programs_do() {
    let mut version = program(None);
    version.arg("version");
    let (code, stdout, _) = output(version).await;
    assert_eq!(
        (code, stdout.trim()),
        (Some(0), concat!("waapify-ghl ", env!("CARGO_PKG_VERSION")))
    );
    let mut wrong = program(None);
    wrong.args(["connect", "--location", "x"]);
    let (code, _, stderr) = output(wrong).await;
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("--instance-id") && stderr.contains("--number"),
        "{stderr}"
    );
}

/// Runs a command that fails. Returns its exit code and its standard error.
async fn failure(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = program(None);
    command.args(arguments).envs(environment.iter().copied());
    let (code, _, stderr) = output(command).await;
    (code, stderr)
}

#[tokio::test]
async fn a_fatal_error_is_said_once_and_in_the_form_of_the_logs() {
    let nowhere = ("DATABASE_URL", "postgres://nobody@127.0.0.1:9/none");
    for (arguments, variable, code, says) in [
        (&["serve"][..], ("PORT", "x"), 2, "PORT is not a port"),
        (&["migrate"], nowhere, 1, "Connection refused"),
        (&["marketplace"], nowhere, 2, "PUBLIC_URL is not set"),
        (&["serf"], nowhere, 2, "unrecognized subcommand 'serf'"),
    ] {
        let plain = failure(arguments, &[variable]).await;
        assert_eq!(plain.0, Some(code), "{}", plain.1);
        assert_eq!(plain.1.matches(says).count(), 1, "{}", plain.1);

        // The same holds for every log format and level.
        let json = [variable, ("LOG_FORMAT", "json"), ("RUST_LOG", "off")];
        let (exit, line) = failure(arguments, &json).await;
        assert_eq!(exit, Some(code), "{line}");
        let entry: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(entry["level"], "ERROR", "{line}");
        assert!(entry["timestamp"].is_string(), "{line}");
        let message = entry["message"].as_str().unwrap();
        assert_eq!(message.matches(says).count(), 1, "{line}");
    }
}

#[tokio::test]
async fn a_faulty_part_of_rust_log_is_reported_in_the_form_of_the_logs_and_the_rest_counts() {
    let log = [("LOG_FORMAT", "json"), ("RUST_LOG", "warn,x=y=z")];
    let (_, stderr) = failure(&["health"], &log).await;
    let lines: Vec<Value> = stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{stderr}")))
        .collect();
    assert_eq!(lines[0]["level"], "WARN", "{stderr}");
    assert_eq!(lines[0]["directive"], "x=y=z", "{stderr}");
}

#[tokio::test]
async fn help_and_version_are_answers_and_no_errors() {
    for argument in ["--help", "--version"] {
        let mut command = program(None);
        command.arg(argument).env("LOG_FORMAT", "json");
        let (code, stdout, stderr) = output(command).await;
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{argument}");
        assert!(stdout.contains("waapify-ghl"), "{stdout}");
    }
}

#[tokio::test]
async fn connect_connects_a_number_or_says_what_waapify_said() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let connect = |token: &str| {
        let mut command = program(Some(&bridge));
        command.args([
            "connect",
            "--location",
            seed::LOCATION_ID,
            "--instance-id",
            seed::INSTANCE_ID,
        ]);
        command.args(["--access-token", token, "--number", seed::NUMBER]);
        command
    };
    let (code, _, stderr) = output(connect("wrong")).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("refused the access token"), "{stderr}");
    let (code, stdout, stderr) = output(connect(seed::ACCESS_TOKEN)).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("+60111234567"), "{stdout}");
    assert!(
        !stderr.contains(seed::ACCESS_TOKEN) && !stderr.contains(seed::NUMBER),
        "{stderr}"
    );
    let id = bridge.agent_writes("hai").await;
    bridge.after(time::Duration::HOUR).await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn connect_takes_the_access_token_from_the_environment_and_from_standard_input() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let connect = || {
        let mut command = program(Some(&bridge));
        command.args([
            "connect",
            "--location",
            seed::LOCATION_ID,
            "--number",
            seed::NUMBER,
        ]);
        command.args(["--instance-id", seed::INSTANCE_ID]);
        command
    };
    let mut by_environment = connect();
    by_environment.env("WAAPIFY_ACCESS_TOKEN", seed::ACCESS_TOKEN);
    let (code, stdout, stderr) = output(by_environment).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains("+60111234567"), "{stdout}");
    for (given, expected) in [
        (seed::ACCESS_TOKEN, Some(0)),
        ("wrong", Some(1)),
        ("", Some(2)),
    ] {
        let path = std::env::temp_dir().join(format!("token-{:016x}", rand::random::<u64>()));
        std::fs::write(&path, format!("{given}\n")).unwrap();
        let mut by_input = connect();
        by_input.stdin(std::fs::File::open(&path).unwrap());
        let (code, _, stderr) = output(by_input).await;
        std::fs::remove_file(path).unwrap();
        assert_eq!(code, expected, "{given}: {stderr}");
        assert!(!stderr.contains(seed::ACCESS_TOKEN), "{stderr}");
    }
}

#[tokio::test]
async fn migrate_makes_the_schema() {
    let bridge = Bridge::bare().await;
    let mut migrate = program(Some(&bridge));
    migrate.arg("migrate");
    assert_eq!(output(migrate).await.0, Some(0));
    let mut nowhere = program(Some(&bridge));
    nowhere
        .arg("migrate")
        .env("DATABASE_URL", "postgres://nobody@127.0.0.1:9/none");
    let (code, _, stderr) = output(nowhere).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("database cannot be reached"), "{stderr}");
}

#[tokio::test]
async fn a_terminated_service_ends_with_0_and_health_tells_of_it() {
    let bridge = Bridge::new().await;
    let serving = Serving::start(&bridge).await;
    let health = |address: &str| {
        let mut command = program(None);
        command
            .arg("health")
            .env("BIND_ADDR", address.trim_start_matches("http://"));
        command
    };
    let address = serving.address.clone();
    assert_eq!(output(health(&address)).await.0, Some(0));
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0, Some(0));
    assert_eq!(output(health(&address)).await.0, Some(1));
}

#[tokio::test]
async fn the_bare_address_says_what_the_service_is_and_a_name_that_ghl_refuses_is_in_the_log() {
    let bridge = Bridge::bare().await;
    let serving = Serving::start_with(&bridge, |command| {
        command.env("PUBLIC_URL", "https://sms.HighLevel.example");
    })
    .await;
    let http = waapify_ghl::clients::http_client().unwrap();
    let answer = http.get(&serving.address).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("between GoHighLevel (GHL) and WhatsApp"),
        "{page}"
    );
    serving.signal(Signal::TERM);
    let (_, log) = serving.ended().await;
    assert!(
        log.contains(r#""brand":"highlevel""#) && log.contains("PUBLIC_URL contains"),
        "{log}"
    );
    let neutral = Serving::start(&bridge).await;
    neutral.signal(Signal::TERM);
    let (_, log) = neutral.ended().await;
    assert!(!log.contains("PUBLIC_URL contains"), "{log}");
}

#[tokio::test]
async fn what_was_accepted_before_a_kill_is_sent_by_the_next_process() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .always("send.php", Fault::answer(200, OUTAGE));
    let killed = Serving::start(&bridge).await;
    bridge
        .simulation
        .set_service_url(killed.address.parse().unwrap());
    let ids = [
        bridge.agent_writes("satu").await,
        bridge.agent_writes("dua").await,
    ];
    // Not in the middle of a send: that would wait for its echo, which another test covers.
    wait("the first attempt failed", async || {
        bridge.failures(&ids[0]).await == 1
    })
    .await;
    killed.signal(Signal::KILL);
    assert_eq!(killed.ended().await.0, None);
    bridge.simulation.waapify.faults().clear();
    let next = Serving::start(&bridge).await;
    wait("both are sent", async || {
        bridge.state(&ids[1]).await == "sent"
    })
    .await;
    assert_eq!(bridge.simulation.waapify.sent_texts(), ["satu", "dua"]);
    next.signal(Signal::TERM);
    let (code, log) = next.ended().await;
    assert_eq!(code, Some(0));
    for private in ["satu", "60123456789", seed::ACCESS_TOKEN, seed::NUMBER] {
        assert!(!log.contains(private), "the log holds {private}: {log}");
    }
    let sent = log.matches("\"sent\"").count();
    assert!(
        sent == 2 && log.contains("message_id"),
        "each send is in the log by its id: {log}"
    );
}
