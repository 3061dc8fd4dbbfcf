//! The keys that seal secrets: checks that they fit the database, and changes them while the service runs.
//!
//! A value that cannot be opened is never destroyed: it is counted and left as it is.

use tracing::warn;

use crate::crypto::Sealer;
use crate::db::accounts::sealed_values;
use crate::db::accounts::sealed_values::{COLUMNS, Column, SealedRow};
use crate::db::connection::Pool;

/// Values read at a time. Statements stay short, so that a running service is hardly slowed down.
const BATCH: i64 = 100;

/// The configured keys do not fit the database.
#[derive(Debug, thiserror::Error)]
#[error(
    "ENCRYPTION_KEYS does not hold the key that sealed {count} of the tokens and credentials in this database. Add the \
     key that was used before, after the newest, separated by a comma. If it is lost, the app has to be installed and \
     every number connected again, in an empty database."
)]
pub struct MissingKey {
    /// How many values cannot be opened.
    pub count: i64,
}

/// The result of a rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Values that were sealed again with the newest key.
    pub resealed: u64,
    /// Values that no configured key opens.
    pub unreadable: u64,
}

/// Checks that every sealed value was sealed with one of the configured keys.
///
/// # Errors
/// [`MissingKey`], or when the database fails.
pub async fn check(pool: &Pool, sealer: &Sealer) -> anyhow::Result<()> {
    let mut count = 0;
    for &column in COLUMNS {
        for (id, values) in sealed_values::count_by_key(pool, column).await? {
            count += if sealer.knows(&id) { 0 } else { values };
        }
    }
    if count == 0 {
        Ok(())
    } else {
        Err(MissingKey { count }.into())
    }
}

/// Counts the values that were sealed with another key than the newest.
pub async fn count_older(pool: &Pool, sealer: &Sealer) -> sqlx::Result<i64> {
    let mut count = 0;
    for &column in COLUMNS {
        for (id, values) in sealed_values::count_by_key(pool, column).await? {
            count += if id == sealer.newest() { 0 } else { values };
        }
    }
    Ok(count)
}

/// Seals values of other keys with the newest key. A value that the running service replaces meanwhile has the newest
/// key already, if that service has the same keys. After an error, the next run continues.
pub async fn rotate(pool: &Pool, sealer: &Sealer) -> sqlx::Result<Rotation> {
    let mut rotation = Rotation::default();
    for &column in COLUMNS {
        rotate_column(pool, sealer, column, &mut rotation).await?;
    }
    Ok(rotation)
}

async fn rotate_column(
    pool: &Pool,
    sealer: &Sealer,
    column: Column,
    rotation: &mut Rotation,
) -> sqlx::Result<()> {
    let mut last = SealedRow::default();
    loop {
        let rows = sealed_values::list_sealed(pool, column, &sealer.newest(), &last, BATCH).await?;
        for row in &rows {
            let Ok(secret) = sealer.open(&row.place, &row.value) else {
                warn!(place = row.place, "a sealed value cannot be opened");
                rotation.unreadable += 1;
                continue;
            };
            let value = sealer.seal(&row.place, &secret);
            let replaced = sealed_values::replace_sealed(pool, column, row, &value).await?;
            rotation.resealed += u64::from(replaced);
        }
        match rows.into_iter().next_back() {
            Some(row) => last = row,
            None => return Ok(()),
        }
    }
}
