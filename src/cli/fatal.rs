//! Prints the error of a failed command once, on standard error, in the format of the logs, and chooses the exit code.
//!
//! Ignores `RUST_LOG`: why a program ended is never filtered out.

use std::process::ExitCode;

use serde::Serialize;
use time::format_description::well_known::Rfc3339;

use crate::accounts::key_rotation::MissingKey;
use crate::cli::access_token::NoAccessToken;
use crate::config::Faults;
use crate::db::PoolerBetween;
use crate::runtime::clock::Clock;
use crate::runtime::logging::LogFormat;

/// Exit code for wrong settings or arguments.
const MISCONFIGURED: u8 = 2;

/// The fields of every log line, in their order.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    message: &'a str,
}

/// Prints why the command failed. Returns 2 for wrong settings, else 1.
pub(super) fn fail(format: LogFormat, error: &anyhow::Error) -> ExitCode {
    write(format, &in_one_line(error));
    let is_misconfigured = error.is::<Faults>()
        || error.is::<MissingKey>()
        || error.is::<PoolerBetween>()
        || error.is::<NoAccessToken>();
    ExitCode::from(if is_misconfigured { MISCONFIGURED } else { 1 })
}

/// Prints what is wrong with the arguments. Help and version, which clap gives as errors too, go to standard output.
pub(super) fn refuse(format: LogFormat, error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // If nobody reads it, that is no reason to fail.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    write(format, text.trim_end());
    ExitCode::from(MISCONFIGURED)
}

#[allow(
    clippy::print_stderr,
    reason = "a command's error belongs to the terminal"
)]
fn write(format: LogFormat, message: &str) {
    match format {
        LogFormat::Pretty => eprintln!("{message}"),
        LogFormat::Json => {
            let line = Line {
                timestamp: Clock::system().now().format(&Rfc3339).unwrap_or_default(),
                level: "ERROR",
                message,
            };
            eprintln!("{}", serde_json::to_string(&line).unwrap_or_default());
        }
    }
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
