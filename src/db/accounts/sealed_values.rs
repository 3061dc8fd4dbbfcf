//! Every column with sealed values, for checking and changing the encryption keys.

use crate::db::connection::Pool;

/// A sealed value and its row.
#[derive(Clone, Debug, Default)]
pub struct SealedRow {
    /// First half of the row's key.
    pub first: String,
    /// Second half.
    pub second: String,
    /// The place that the value is sealed for.
    pub place: String,
    /// Sealed.
    pub value: Vec<u8>,
}

/// Lists the columns of sealed values and makes the statements for each. An entry is: the table, the two texts that
/// identify a row, the column, and the place that its values are sealed for. A sealed value begins with the four bytes
/// of its key's id.
macro_rules! sealed_columns {
    ($($(#[$about:meta])+ $column:ident = $table:literal ($first:literal, $second:literal) $value:literal at $place:literal;)+) => {
        /// A column of sealed values.
        #[derive(Clone, Copy, Debug)]
        pub enum Column {
            $($(#[$about])+ $column,)+
        }

        /// All columns.
        pub const COLUMNS: &[Column] = &[$(Column::$column),+];

        /// At most `limit` values that another key than `newest` sealed, in the order of their rows, starting after
        /// `after`.
        pub async fn list_sealed(
            pool: &Pool,
            column: Column,
            newest: &[u8],
            after: &SealedRow,
            limit: i64,
        ) -> sqlx::Result<Vec<SealedRow>> {
            match column {
                $(Column::$column => {
                    sqlx::query_as!(
                        SealedRow,
                        "select " + $first + r#" as "first!: String", "# + $second + r#" as "second!: String", "#
                            + $place + r#" as "place!", "# + $value + r#" as "value!" "#
                            + "from " + $table
                            + " where substring(" + $value + " from 1 for 4) <> $1"
                            + " and (" + $first + ", " + $second + ") > ($2, $3)"
                            + " order by " + $first + ", " + $second
                            + " limit $4",
                        newest,
                        after.first,
                        after.second,
                        limit,
                    )
                    .fetch_all(pool)
                    .await
                })+
            }
        }

        /// Replaces a value. False, without a change, when it has changed since it was read.
        pub async fn replace_sealed(
            pool: &Pool,
            column: Column,
            row: &SealedRow,
            value: &[u8],
        ) -> sqlx::Result<bool> {
            let replaced = match column {
                $(Column::$column => {
                    sqlx::query!(
                        "update " + $table + " set " + $value + " = $4"
                            + " where " + $first + " = $1 and " + $second + " = $2 and " + $value + " = $3",
                        row.first,
                        row.second,
                        row.value,
                        value,
                    )
                    .execute(pool)
                    .await?
                })+
            };
            Ok(replaced.rows_affected() == 1)
        }

        /// The ids of the keys that sealed a column's values, and how many values each sealed.
        pub async fn count_by_key(pool: &Pool, column: Column) -> sqlx::Result<Vec<(Vec<u8>, i64)>> {
            match column {
                $(Column::$column => {
                    sqlx::query!(
                        "select substring(" + $value + r#" from 1 for 4) as "key!", count(*) as "values!" from "# + $table
                            + " where " + $value + " is not null"
                            + " group by 1",
                    )
                    .map(|row| (row.key, row.values))
                    .fetch_all(pool)
                    .await
                })+
            }
        }
    };
}

sealed_columns! {
    /// Access tokens of GHL.
    AccessToken = "tokens" ("owner_id", "owner_kind") "access_token"
        at "'tokens/' || initcap(owner_kind) || '/' || owner_id || '/access'";
    /// Refresh tokens of GHL.
    RefreshToken = "tokens" ("owner_id", "owner_kind") "refresh_token"
        at "'tokens/' || initcap(owner_kind) || '/' || owner_id || '/refresh'";
    /// Waapify's tokens of numbers.
    NumberToken = "numbers" ("location_id", "number") "access_token"
        at "'numbers/' || location_id || '/' || number || '/access'";
    /// The last parts of numbers' webhook addresses.
    WebhookSecret = "numbers" ("location_id", "number") "webhook_secret"
        at "'numbers/' || location_id || '/' || number || '/webhook'";
    /// Waapify's tokens of instances that wait for a phone.
    LinkToken = "connect_links" ("encode(token_hash, 'hex')", "location_id") "pending_token"
        at "'connect_links/' || location_id || '/' || encode(token_hash, 'hex') || '/token'";
    /// Waapify's tokens of agencies.
    AgencyGatewayToken = "gateway_tokens" ("company_id", "''::text") "access_token"
        at "'gateway_tokens/' || company_id || '/access'";
    /// Addresses of agencies' targets of alerts.
    AlertAddress = "alert_targets" ("company_id", "kind") "address"
        at "'alert_targets/' || company_id || '/' || kind || '/address'";
    /// Secrets that sign what is posted there.
    AlertSecret = "alert_targets" ("company_id", "kind") "secret"
        at "'alert_targets/' || company_id || '/' || kind || '/secret'";
    /// Waapify's tokens that arrived with GHL's install form.
    PendingToken = "pending_connections" ("location_id", "instance_id") "access_token"
        at "'offers/' || location_id || '/' || instance_id || '/access'";
}
