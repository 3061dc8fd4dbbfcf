//! Logs: structured, to standard error, as JSON for machines or readable for people.
//!
//! They may contain ids, states, counts and times. They must not contain message text, tokens, phone numbers, or
//! addresses with one of these.

use std::io::IsTerminal as _;

use tracing::{error, warn};
use tracing_subscriber::filter::{Directive, FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};
use url::Url;

use crate::runtime::traces::{self, Traces};

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
    /// The collector of traces; none: no traces are made.
    pub traces: Option<Url>,
}

/// Starts logging, and traces where a collector is set; a second call changes nothing. The traces must be stopped at the
/// end of the process. Must not be called on a thread of an asynchronous runtime.
pub fn start(settings: &LogSettings) -> Option<Traces> {
    // Remove bad directives here, because the filter would report them as plain text between lines of JSON.
    let (good, bad): (Vec<_>, Vec<_>) = settings
        .filter
        .split(',')
        .partition(|directive| directive.is_empty() || directive.parse::<Directive>().is_ok());
    let not_of_messages = filter_fn(|about| about.target() != traces::TARGET);
    let filter = EnvFilter::builder()
        .parse_lossy(good.join(","))
        .and(not_of_messages);
    let lines = fmt::layer()
        .with_target(false)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = match settings.format {
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
        LogFormat::Pretty => lines.compact().boxed(),
    };
    let traces = settings.traces.as_ref().map(Traces::start);
    let exporting = traces.as_ref().and_then(|started| started.as_ref().ok());
    let started = tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(exporting.map(Traces::layer))
        .try_init();
    // Fails only when a subscriber is set already, as in tests.
    if started.is_err() {
        return None;
    }
    if settings.format == LogFormat::Json {
        log_panics();
    }
    for directive in bad {
        warn!(directive, "a part of RUST_LOG is ignored");
    }
    traces.and_then(|started| match started {
        Ok(traces) => Some(traces),
        Err(error) => {
            error!(%error, "no traces are made");
            None
        }
    })
}

/// Logs panics as JSON; the standard library would write them as plain text.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let text = panic.payload_as_str().unwrap_or_default();
        error!(place, "panicked: {text}");
    }));
}
