//! The address of the database, for commands that need no other setting.

use secrecy::{ExposeSecret as _, SecretString};

use crate::config::parse::parse_database_url;
use crate::config::{Fault, Faults, Reader};

/// Reads the address of the database; none: use a private Postgres.
#[must_use]
pub fn load_database_url(env: impl Fn(&str) -> Option<String>) -> Option<SecretString> {
    Reader::new(env)
        .text("database_url")
        .map(SecretString::from)
}

/// Checks the address of a database that was given as an argument called `name`.
///
/// # Errors
/// [`Faults`] when it is not a Postgres URL.
pub fn check_database_url(
    name: &str,
    given: Option<SecretString>,
) -> Result<Option<SecretString>, Faults> {
    match given {
        Some(url) if let Err(what) = parse_database_url(url.expose_secret()) => Err(Faults {
            faults: vec![Fault {
                name: name.to_owned(),
                what,
            }],
            hints: Vec::new(),
        }),
        given => Ok(given),
    }
}
