//! Every sealed value of the database, wherever it lies: for checking and changing the keys.

use sqlx::{FromRow, PgPool};

/// A column of sealed values; its rows have two texts for a key.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    list: &'static str,
    replace: &'static str,
    count: &'static str,
}

/// The statements for a column, from its table, the row's key, and the place that its values are sealed for.
macro_rules! column {
    ($table:literal, $first:literal, $second:literal, $value:literal, $place:literal) => {
        Column {
            list: concat!(
                "select ",
                $first,
                " as first, ",
                $second,
                " as second, ",
                $place,
                " as place, ",
                $value,
                " as value from ",
                $table,
                " where substring(",
                $value,
                " from 1 for 4) <> $1
                 and (",
                $first,
                ", ",
                $second,
                ") > ($2, $3) order by ",
                $first,
                ", ",
                $second,
                " limit $4"
            ),
            replace: concat!(
                "update ",
                $table,
                " set ",
                $value,
                " = $4 where ",
                $first,
                " = $1 and ",
                $second,
                " = $2 and ",
                $value,
                " = $3"
            ),
            count: concat!(
                "select substring(",
                $value,
                " from 1 for 4), count(*) from ",
                $table,
                " where ",
                $value,
                " is not null group by 1"
            ),
        }
    };
}

/// Where tokens and connected numbers keep what is sealed.
pub const COLUMNS: [Column; 6] = [
    column!(
        "tokens",
        "owner_id",
        "owner_kind",
        "access_token",
        "'tokens/' || initcap(owner_kind) || '/' || owner_id || '/access'"
    ),
    column!(
        "tokens",
        "owner_id",
        "owner_kind",
        "refresh_token",
        "'tokens/' || initcap(owner_kind) || '/' || owner_id || '/refresh'"
    ),
    column!(
        "numbers",
        "location_id",
        "number",
        "access_token",
        "'numbers/' || location_id || '/' || number || '/access'"
    ),
    column!(
        "numbers",
        "location_id",
        "number",
        "webhook_secret",
        "'numbers/' || location_id || '/' || number || '/webhook'"
    ),
    column!(
        "connect_links",
        "encode(token_hash, 'hex')",
        "location_id",
        "pending_token",
        "'connect_links/' || location_id || '/' || encode(token_hash, 'hex') || '/token'"
    ),
    column!(
        "pending_connections",
        "location_id",
        "instance_id",
        "access_token",
        "'offers/' || location_id || '/' || instance_id || '/access'"
    ),
];

/// A sealed value and where it lies.
#[derive(Clone, Debug, Default, FromRow)]
pub struct SealedRow {
    /// First half of the row's key.
    pub first: String,
    /// Second half.
    pub second: String,
    /// The place the value is sealed for.
    pub place: String,
    /// Sealed.
    pub value: Vec<u8>,
}

/// At most `limit` values that another key than `newest` sealed, in the order of their rows, beginning behind `after`.
///
/// # Errors
/// When the database fails.
pub async fn list_sealed(
    pool: &PgPool,
    column: Column,
    newest: &[u8],
    after: &SealedRow,
    limit: i64,
) -> sqlx::Result<Vec<SealedRow>> {
    sqlx::query_as(column.list)
        .bind(newest)
        .bind(&after.first)
        .bind(&after.second)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// Replaces a value, unless it has changed since it was read; false then.
///
/// # Errors
/// When the database fails.
pub async fn replace_sealed(
    pool: &PgPool,
    column: Column,
    row: &SealedRow,
    value: &[u8],
) -> sqlx::Result<bool> {
    let replaced = sqlx::query(column.replace)
        .bind(&row.first)
        .bind(&row.second)
        .bind(&row.value)
        .bind(value)
        .execute(pool)
        .await?;
    Ok(replaced.rows_affected() == 1)
}

/// The ids of the keys that sealed a column's values, with how many each sealed.
///
/// # Errors
/// When the database fails.
pub async fn count_by_key(pool: &PgPool, column: Column) -> sqlx::Result<Vec<(Vec<u8>, i64)>> {
    sqlx::query_as(column.count).fetch_all(pool).await
}
