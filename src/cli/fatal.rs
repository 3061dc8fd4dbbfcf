//! Prints the error of a failed command once, on standard error, and chooses the exit code. It is text, a line of the log
//! where logs are JSON, or with `--json` one object: `{"error": …, "exit_code": …}`.
//!
//! Ignores `RUST_LOG`: why a program ended is never filtered out.

use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;
use serde::Serialize;
use serde_json::json;
use time::format_description::well_known::Rfc3339;

use crate::accounts::key_rotation::MissingKey;
use crate::cli::access_token::NoAccessToken;
use crate::cli::connect::NoYes;
use crate::cli::messages::NoAnswer;
use crate::config::Faults;
use crate::db::PoolerBetween;
use crate::runtime::clock::Clock;
use crate::runtime::logging::LogFormat;

/// Exit code for wrong settings or arguments.
const MISCONFIGURED: u8 = 2;

/// How an error is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As text for people.
    Text,
    /// As a line of the log.
    Log,
    /// As an object for a program that asked with `--json`.
    Json,
}

impl Form {
    /// The form for a command's flag and the format of the logs.
    pub(super) const fn new(is_json: bool, log: LogFormat) -> Self {
        match log {
            _ if is_json => Self::Json,
            LogFormat::Json => Self::Log,
            LogFormat::Pretty => Self::Text,
        }
    }
}

/// The fields of every log line, in their order.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    message: &'a str,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
    exit_code: u8,
}

/// Prints why the command failed. Returns 2 for wrong settings, else 1.
pub(super) fn fail(form: Form, error: &anyhow::Error) -> ExitCode {
    let is_misconfigured = error.is::<Faults>()
        || error.is::<MissingKey>()
        || error.is::<PoolerBetween>()
        || error.is::<NoAccessToken>()
        || error.is::<NoAnswer>()
        || error.is::<NoYes>();
    let code = if is_misconfigured { MISCONFIGURED } else { 1 };
    write(form, &in_one_line(error), code);
    ExitCode::from(code)
}

/// Prints what is wrong with the arguments. Help and version, which clap gives as errors too, go to standard output.
pub(super) fn refuse(form: Form, error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        answer(form, error);
        return ExitCode::SUCCESS;
    }
    let text = match form {
        Form::Text => error.render().ansi().to_string(),
        Form::Log | Form::Json => error.render().to_string(),
    };
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    write(form, text.trim_end(), MISCONFIGURED);
    ExitCode::from(MISCONFIGURED)
}

/// Prints help or the version. If nobody reads it, that is no reason to fail.
fn answer(form: Form, asked: &clap::Error) {
    if form != Form::Json {
        let _ = asked.print();
        return;
    }
    let document = match asked.kind() {
        ErrorKind::DisplayVersion => json!({"version": env!("CARGO_PKG_VERSION")}),
        _ => json!({"help": asked.render().to_string()}),
    };
    let _ = writeln!(anstream::stdout(), "{document}");
}

fn write(form: Form, message: &str, exit_code: u8) {
    let line = match form {
        Form::Text => message.to_owned(),
        Form::Log => serde_json::to_string(&Line {
            timestamp: Clock::system().now().format(&Rfc3339).unwrap_or_default(),
            level: "ERROR",
            message,
        })
        .unwrap_or_default(),
        Form::Json => serde_json::to_string(&Failure {
            error: message,
            exit_code,
        })
        .unwrap_or_default(),
    };
    // If nobody reads it, the exit code still tells.
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// An error and its causes in one line. The text of some errors, such as sqlx's, already ends with that of their cause,
/// which is then left out.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_that_was_just_said_is_not_repeated() {
        let refused = std::io::Error::other("connection refused");
        let error = anyhow::Error::new(sqlx::Error::Io(refused)).context("no database");
        assert_eq!(format!("{error:#}").matches("refused").count(), 2);
        assert_eq!(
            in_one_line(&error),
            "no database: error communicating with database: connection refused"
        );
        let plain = anyhow::anyhow!("disk full").context("not written");
        assert_eq!(in_one_line(&plain), "not written: disk full");
    }
}
