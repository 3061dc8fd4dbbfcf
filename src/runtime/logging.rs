//! Logs: structured, to standard error, as JSON for machines or readable for people.
//!
//! They may contain ids, states, counts and times. They must not contain message text, tokens, phone numbers, or
//! addresses with one of these.

use std::io::IsTerminal as _;

use tracing::{error, warn};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Directive;

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object for each line, for machines.
    Json,
    /// For people at a terminal.
    Pretty,
}

/// What logging needs to start, before the other settings are checked.
#[derive(Clone, Debug)]
pub struct LogSettings {
    /// An `EnvFilter` directive list.
    pub filter: String,
    /// How lines are written.
    pub format: LogFormat,
}

/// Starts logging; a second call changes nothing.
pub fn start(settings: &LogSettings) {
    // Remove bad directives here, because the filter would report them as plain text between lines of JSON.
    let (good, bad): (Vec<_>, Vec<_>) = settings
        .filter
        .split(',')
        .partition(|directive| directive.is_empty() || directive.parse::<Directive>().is_ok());
    let filter = EnvFilter::builder().parse_lossy(good.join(","));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let started = match settings.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Pretty => builder.compact().try_init(),
    };
    // Fails only when a subscriber is set already, as in tests.
    if started.is_err() {
        return;
    }
    if settings.format == LogFormat::Json {
        log_panics();
    }
    for directive in bad {
        warn!(directive, "a part of RUST_LOG is ignored");
    }
}

/// Logs panics as JSON; the standard library would write them as plain text.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let text = panic.payload_as_str().unwrap_or_default();
        error!(place, "panicked: {text}");
    }));
}
