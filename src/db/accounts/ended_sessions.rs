//! Sessions that were signed out before their time.

use time::OffsetDateTime;

use crate::db::connection::Pool;

/// Ends a session for good, by its hash. Forgets those whose own time is over.
pub async fn end_session(
    pool: &Pool,
    session_hash: &[u8],
    ends_at: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with over as (
            delete from ended_sessions
            where ends_at <= $3
        )
        insert into ended_sessions (session_hash, ends_at)
        values ($1, $2)
        on conflict do nothing
        "#,
        session_hash,
        ends_at,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Whether a session was signed out.
pub async fn is_ended(pool: &Pool, session_hash: &[u8]) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from ended_sessions
            where session_hash = $1
        ) as "is_ended!"
        "#,
        session_hash,
    )
    .fetch_one(pool)
    .await
}
