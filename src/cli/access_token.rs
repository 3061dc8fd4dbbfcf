//! Where `connect` gets Waapify's access token that is not an argument: from the environment, a prompt, or the first line
//! of standard input.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _, stderr, stdin};

use anyhow::Context as _;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::SecretString;

/// The variable that may hold the token.
const VARIABLE: &str = "WAAPIFY_ACCESS_TOKEN";
/// Most bytes that are read: longer than every token.
const MAX_BYTES: u64 = 4_096;

/// Nobody gave a token.
#[derive(Debug, thiserror::Error)]
#[error(
    "the access token is missing: give it in WAAPIFY_ACCESS_TOKEN, at the prompt, on standard input, or with --access-token"
)]
pub(super) struct NoAccessToken;

/// Reads the token.
pub(super) fn read(env: impl Fn(&str) -> Option<String>) -> anyhow::Result<SecretString> {
    let given = match env(VARIABLE) {
        Some(token) => token,
        None if stdin().is_terminal() => ask().context("the prompt failed")?,
        None => first_line()?,
    };
    match given.trim() {
        "" => Err(NoAccessToken.into()),
        token => Ok(SecretString::from(token)),
    }
}

fn first_line() -> std::io::Result<String> {
    let mut line = String::new();
    stdin().lock().take(MAX_BYTES).read_line(&mut line)?;
    Ok(line)
}

/// Asks for the token, which the terminal does not show.
fn ask() -> std::io::Result<String> {
    let shown = tcgetattr(stdin())?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    let mut terminal = stderr();
    terminal.write_all(b"Waapify's access token (it is not shown): ")?;
    terminal.flush()?;
    tcsetattr(stdin(), OptionalActions::Flush, &hidden)?;
    let line = first_line();
    tcsetattr(stdin(), OptionalActions::Flush, &shown)?;
    terminal.write_all(b"\n")?;
    line
}
