//! SSO payloads that opened a session, so that none opens a second one.

use time::OffsetDateTime;

use crate::db::connection::Pool;

/// Uses up the payload with this salt. False when it, or a changed copy of it, was used before. After an error it is
/// unknown whether it is used up.
pub async fn use_payload(pool: &Pool, salt: &[u8], now: OffsetDateTime) -> sqlx::Result<bool> {
    let used = sqlx::query!(
        r#"
        insert into sso_payloads (salt, used_at)
        values ($1, $2)
        on conflict do nothing
        "#,
        salt,
        now,
    )
    .execute(pool)
    .await?;
    Ok(used.rows_affected() == 1)
}
