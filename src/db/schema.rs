//! The schema: brings it up to date, or compares it with this program's migrations.

use crate::db::connection::Pool;

/// Brings the schema up to date; several processes may do so at once (sqlx takes a lock).
///
/// # Errors
/// When the database cannot be reached or holds a schema that this program does not know.
pub async fn migrate(pool: &Pool) -> Result<(), sqlx::migrate::MigrateError> {
    MIGRATIONS.run(pool.without_limits()).await
}

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// How a database's schema differs from this program's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchemaGap {
    /// Migrations that were not applied, or not completely.
    pub missing: usize,
    /// Applied migrations that this program does not have, or has with other content: it is older than the database.
    pub foreign: usize,
}

impl SchemaGap {
    /// Whether no migration was ever applied.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.missing == MIGRATIONS.iter().count()
    }
}

/// Compares a database's schema with this program's.
pub async fn find_schema_gap(pool: &Pool) -> sqlx::Result<SchemaGap> {
    let applied = list_applied(pool).await?;
    let find = |version| applied.iter().find(|applied| applied.version == version);
    let ours = |version| MIGRATIONS.iter().find(|ours| ours.version == version);
    Ok(SchemaGap {
        missing: MIGRATIONS
            .iter()
            .filter(|ours| find(ours.version).is_none_or(|applied| !applied.success))
            .count(),
        foreign: applied
            .iter()
            .filter(|applied| {
                ours(applied.version).is_none_or(|ours| ours.checksum[..] != applied.checksum[..])
            })
            .count(),
    })
}

/// A migration that was applied to a database, completely or not.
struct Applied {
    version: i64,
    success: bool,
    checksum: Vec<u8>,
}

async fn list_applied(pool: &Pool) -> sqlx::Result<Vec<Applied>> {
    let is_new =
        sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is null as "is_new!""#)
            .fetch_one(pool)
            .await?;
    if is_new {
        return Ok(Vec::new());
    }
    sqlx::query_as!(
        Applied,
        r#"
        select version, success, checksum
        from _sqlx_migrations
        "#,
    )
    .fetch_all(pool)
    .await
}
