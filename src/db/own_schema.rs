//! A schema for this program alone, in a database that other programs may use too.
//!
//! Creates, empties and drops such a schema, and lists this program's tables. It changes nothing outside that schema.

use sqlx::postgres::PgDatabaseError;
use sqlx::{AssertSqlSafe, PgConnection};

use crate::db::connection::Pool;
use crate::db::schema::{AppliedBy, applied_by};

/// Every table that the migrations create, except their own list.
pub const TABLES: [&str; 51] = [
    "account_names",
    "addresses",
    "alert_changes",
    "alert_channels",
    "alert_targets",
    "alerts",
    "audit",
    "circuits",
    "client_credentials",
    "companies",
    "connect_links",
    "contact_dnd",
    "contact_tags",
    "contacts",
    "earlier_webhook_secrets",
    "ended_sessions",
    "first_contacts",
    "gateway_tokens",
    "ghl_events",
    "groups",
    "hour_count_turns",
    "hour_counts",
    "inbound",
    "inbound_media",
    "incidents",
    "lids",
    "locations",
    "misdirected_posts",
    "number_rules",
    "numbers",
    "opt_out_settings",
    "opt_outs",
    "outbound",
    "pending_connections",
    "phone_checks",
    "protection_settings",
    "rate_limits",
    "receipts",
    "restrictions",
    "routing_settings",
    "sent_texts",
    "source_looks",
    "sso_payloads",
    "status_updates",
    "tag_looks",
    "timeline",
    "tokens",
    "unknown_events",
    "user_names",
    "waapify_events",
    "white_label_domains",
];

/// The table in which sqlx lists the migrations that were applied.
const MIGRATIONS_TABLE: &str = "_sqlx_migrations";

/// Every view that a migration created.
const VIEWS: [&str; 7] = [
    "install_statuses",
    "installs",
    "messages",
    "open_incidents",
    "outbound_queues",
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
const FUNCTIONS: [&str; 12] = [
    "circuit_reason",
    "customer_name",
    "old_failure",
    "old_reason",
    "opt_out_of",
    "plain_text",
    "protection_reason",
    "reason_of",
    "route_of",
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

/// Why a schema was not dropped; nothing in it was then.
#[derive(Debug, thiserror::Error)]
pub enum DropError {
    /// Another program put something into the schema, or made something that depends on what is in it.
    #[error(
        "schema {schema} of this database cannot be emptied, because another program uses it ({dependents}): remove that, \
         or name another database"
    )]
    InUse {
        /// The schema.
        schema: &'static str,
        /// What is in the way, in PostgreSQL's words.
        dependents: String,
    },
    /// The statement failed.
    #[error(transparent)]
    Database(sqlx::Error),
}

impl DropError {
    fn of(error: sqlx::Error, schema: &'static str) -> Self {
        /// SQLSTATE `dependent_objects_still_exist`.
        const DEPENDENT_OBJECTS: &str = "2BP01";
        let refusal = error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
            .filter(|error| error.code() == DEPENDENT_OBJECTS);
        match refusal {
            Some(refusal) => Self::InUse {
                schema,
                dependents: refusal.detail().unwrap_or_default().replace('\n', ", "),
            },
            None => Self::Database(error),
        }
    }
}

/// Drops what the migrations made in `schema`, and then the schema, if it exists.
///
/// # Errors
/// [`DropError`]. PostgreSQL checks what is in the way, because no statement here says `cascade`.
pub async fn drop_own(
    connection: &mut PgConnection,
    schema: &'static str,
) -> Result<(), DropError> {
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
    let dropped = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
    dropped.map_err(|error| DropError::of(error, schema))?;
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
