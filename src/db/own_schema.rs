//! A schema for this program alone, in a database that other programs may use too.
//!
//! Creates, empties and drops such a schema, and lists this program's tables. It changes nothing outside that schema.

use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::db::connection::Pool;
use crate::db::schema::{AppliedBy, applied_by};

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

/// The table in which sqlx lists the migrations that were applied.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";

/// Every view that a migration created.
const VIEWS: [&str; 6] = [
    "install_statuses",
    "installs",
    "messages",
    "open_incidents",
    "setups",
    "steps",
];

/// Tables that a migration dropped or renamed later: an older version may have left them.
const EARLIER_TABLES: [&str; 8] = [
    "app_events",
    "app_keys",
    "call_budgets",
    "gateway_events",
    "media",
    "offers",
    "old_sentences",
    "troubles",
];

/// Every sequence that a migration created by itself.
const SEQUENCES: [&str; 1] = ["message_ids"];

/// Every function that a migration created.
const FUNCTIONS: [&str; 7] = [
    "circuit_reason",
    "old_failure",
    "old_reason",
    "reason_of",
    "take_old_error",
    "take_old_outbound_reason",
    "take_old_reason",
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

/// Whether another program made `schema`: something is in it, but not what this program's first migration made.
pub async fn is_foreign(connection: &mut PgConnection, schema: &'static str) -> sqlx::Result<bool> {
    let objects = list_objects(connection, schema).await?;
    if objects.is_empty() {
        return Ok(false);
    }
    Ok(match applied_by(connection).await? {
        AppliedBy::ThisProgram => false,
        AppliedBy::AnotherProgram => true,
        // A start that was killed before the first migration ended leaves this list and nothing else.
        AppliedBy::Nobody => objects != [MIGRATIONS_TABLE],
    })
}

/// The names of all that stands in `schema` by itself (not the indexes or constraints of a table).
async fn list_objects(
    connection: &mut PgConnection,
    schema: &'static str,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"
        select coalesce(object.name, object.identity) as "name!"
        from pg_depend
        cross join lateral pg_identify_object(classid, objid, objsubid) object
        where refclassid = 'pg_namespace'::regclass
            and refobjid = (select oid from pg_namespace where nspname = $1)
        "#,
        schema,
    )
    .fetch_all(connection)
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

/// Drops what the migrations made in `schema`, and then the schema, if it exists.
///
/// # Errors
/// When another program put something into the schema or made something that depends on what is in it: then nothing is
/// dropped. PostgreSQL checks that, because no statement here says `cascade`.
pub async fn drop_own(connection: &mut PgConnection, schema: &'static str) -> sqlx::Result<()> {
    let qualified = |names: &[&str]| {
        let names: Vec<_> = names
            .iter()
            .map(|name| format!("{schema}.{name}"))
            .collect();
        names.join(", ")
    };
    // One implicit transaction. Views go before the tables that they read.
    let sql = format!(
        "drop view if exists {views}; drop table if exists {tables}, {earlier}, {schema}.{MIGRATIONS_TABLE};
        drop sequence if exists {sequences}; drop function if exists {functions}; drop schema if exists {schema}",
        views = qualified(&VIEWS),
        tables = qualified(&TABLES),
        earlier = qualified(&EARLIER_TABLES),
        sequences = qualified(&SEQUENCES),
        functions = qualified(&FUNCTIONS),
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?;
    Ok(())
}

/// What made [`drop_own`] fail, in PostgreSQL's words, if another program's objects did.
#[must_use]
pub fn dependents(error: &sqlx::Error) -> Option<String> {
    /// SQLSTATE `dependent_objects_still_exist`.
    const DEPENDENT_OBJECTS: &str = "2BP01";
    let error = error.as_database_error()?;
    let error = error.try_downcast_ref::<PgDatabaseError>()?;
    let detail = error.detail().unwrap_or_default();
    (error.code() == DEPENDENT_OBJECTS).then(|| detail.replace('\n', ", "))
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
