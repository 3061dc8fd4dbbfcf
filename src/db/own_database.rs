//! The database in a private cluster, which comes with none for this program.

use sqlx::{AssertSqlSafe, PgConnection};

/// Creates the database `name` if it is missing.
pub async fn create(connection: &mut PgConnection, name: &'static str) -> sqlx::Result<()> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select 1 from pg_database where datname = $1) as "exists!""#,
        name,
    )
    .fetch_one(&mut *connection)
    .await?;
    if !exists {
        // Not checked when it is built: no parameter can stand for a name.
        let sql = format!("create database {name}");
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(connection)
            .await?;
    }
    Ok(())
}
