//! The schema: brings it up to date, or compares it with this program's migrations.

use std::pin::pin;
use std::time::Duration;

use sqlx::migrate::MigrateError;
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::db::connection::Pool;

/// How often the log says what a start waits for.
const REPORT_PAUSE: Duration = Duration::from_secs(5);

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// Brings the schema up to date. Several processes may do so at once, because sqlx takes a lock. If it has to wait for
/// another session, the log says for which.
///
/// # Errors
/// When the database cannot be reached or holds a schema that this program does not know.
pub async fn migrate(pool: &Pool) -> Result<(), MigrateError> {
    let mut migration = pin!(MIGRATIONS.run(pool.without_limits()));
    loop {
        match timeout(REPORT_PAUSE, &mut migration).await {
            Ok(done) => return done,
            Err(_) => report_blockers(pool).await,
        }
    }
}

async fn report_blockers(pool: &Pool) {
    match list_blockers(pool).await {
        Ok(blockers) if blockers.is_empty() => {
            info!("the database's schema is being brought up to date");
        }
        Ok(blockers) => {
            for blocker in blockers {
                let since = blocker.since.map(tracing::field::display);
                warn!(
                    pid = blocker.pid,
                    application = blocker.application,
                    since,
                    "the database's schema cannot be brought up to date before this session ends or gives up its lock"
                );
            }
        }
        Err(error) => warn!(%error, "the database's schema is not up to date yet"),
    }
}

/// A session for which one of ours waits.
struct Blocker {
    pid: i32,
    application: String,
    /// When its transaction began, or its state changed last.
    since: Option<OffsetDateTime>,
}

async fn list_blockers(pool: &Pool) -> sqlx::Result<Vec<Blocker>> {
    sqlx::query_as!(
        Blocker,
        r#"
        select distinct blocker.pid as "pid!", coalesce(blocker.application_name, '') as "application!",
            coalesce(blocker.xact_start, blocker.state_change) as since
        from pg_stat_activity waiting
        cross join lateral unnest(pg_blocking_pids(waiting.pid)) as b (pid)
        join pg_stat_activity blocker on blocker.pid = b.pid
        where waiting.datname = current_database()
            and waiting.application_name = current_setting('application_name')
        "#,
    )
    .fetch_all(pool)
    .await
}

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
    let applied = if has_list(pool).await? {
        read_list(pool).await?
    } else {
        Vec::new()
    };
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

/// Who applied the migrations that a schema lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppliedBy {
    /// No migration is listed, or there is no list.
    Nobody,
    /// This program, in this or another version: its first migration never changes.
    ThisProgram,
    /// Another program that keeps such a list.
    AnotherProgram,
}

/// Who applied the migrations listed in the connection's schema.
pub async fn applied_by(connection: &mut PgConnection) -> sqlx::Result<AppliedBy> {
    if !has_list(&mut *connection).await? {
        return Ok(AppliedBy::Nobody);
    }
    let applied = read_list(connection).await?;
    let is_our_first = |applied: &Applied| {
        let first = MIGRATIONS.iter().next();
        first.is_some_and(|first| first.checksum[..] == applied.checksum[..])
    };
    Ok(if applied.is_empty() {
        AppliedBy::Nobody
    } else if applied.iter().any(is_our_first) {
        AppliedBy::ThisProgram
    } else {
        AppliedBy::AnotherProgram
    })
}

/// Whether migrations are listed in the current schema.
async fn has_list(database: impl PgExecutor<'_>) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select to_regclass('_sqlx_migrations') is not null as "has_list!""#)
        .fetch_one(database)
        .await
}

async fn read_list(database: impl PgExecutor<'_>) -> sqlx::Result<Vec<Applied>> {
    sqlx::query_as!(
        Applied,
        r#"
        select version, success, checksum
        from _sqlx_migrations
        "#,
    )
    .fetch_all(database)
    .await
}
