//! A schema for this program alone, in a database that other programs may use too.
//!
//! Creates, empties and drops such a schema, and lists this program's tables. It changes nothing outside that schema.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::db::connection::Pool;

/// Every table that the migrations create, except their own list.
pub const TABLES: [&str; 32] = [
    "account_names",
    "addresses",
    "alert_channels",
    "alert_targets",
    "alerts",
    "circuits",
    "client_credentials",
    "companies",
    "connect_links",
    "contacts",
    "earlier_webhook_secrets",
    "ended_sessions",
    "ghl_events",
    "groups",
    "inbound",
    "inbound_media",
    "incidents",
    "lids",
    "locations",
    "misdirected_posts",
    "numbers",
    "outbound",
    "pending_connections",
    "rate_limits",
    "receipts",
    "sso_payloads",
    "status_updates",
    "timeline",
    "tokens",
    "unknown_events",
    "waapify_events",
    "white_label_domains",
];

/// Reserves `schema` for this connection until the connection ends. False when another connection has reserved it.
pub async fn claim(connection: &mut PgConnection, schema: &'static str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select pg_try_advisory_lock(hashtextextended($1, 0)) as "is_claimed!""#,
        schema,
    )
    .fetch_one(connection)
    .await
}

/// Whether another program made `schema`: it has tables or the like, but not the list of this program's migrations.
pub async fn is_foreign(connection: &mut PgConnection, schema: &'static str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select count(*) > 0 and count(*) filter (where relname = '_sqlx_migrations') = 0 as "is_foreign!"
        from pg_class
        where relnamespace = (select oid from pg_namespace where nspname = $1)
        "#,
        schema,
    )
    .fetch_one(connection)
    .await
}

/// Creates `schema` if it is missing.
pub async fn create(connection: &mut PgConnection, schema: &'static str) -> sqlx::Result<()> {
    // Check first: even `create schema if not exists` needs the right to create schemas.
    let exists = sqlx::query_scalar!(
        r#"select exists (select 1 from pg_namespace where nspname = $1) as "exists!""#,
        schema,
    )
    .fetch_one(&mut *connection)
    .await?;
    if !exists {
        // Not checked at build time, like the statements below, because a name cannot be a parameter.
        let sql = format!("create schema {schema}");
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Drops `schema` and all that is in it, if it exists.
pub async fn drop_all(connection: &mut PgConnection, schema: &'static str) -> sqlx::Result<()> {
    let sql = format!("drop schema if exists {schema} cascade");
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}

/// The schema in which unqualified names are found and created. None when no schema of the search path exists.
pub async fn find_current(connection: &mut PgConnection) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select current_schema()::text as current")
        .fetch_one(connection)
        .await
}

/// Empties [`TABLES`] in one statement, so that a worker sees either all rows or none. If another table refers to one
/// of these, it fails and changes nothing.
pub async fn empty_tables(pool: &Pool) -> sqlx::Result<()> {
    let sql = format!("truncate {}", TABLES.join(", "));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await?;
    Ok(())
}
