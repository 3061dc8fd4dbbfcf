//! What GHL calls its users, as it tells when they open the app's page.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;

/// Longest name that is kept, in characters; a longer one is cut.
const MAX_NAME: usize = 200;
/// As long as the audit, which shows them.
const KEPT_FOR: Duration = Duration::days(365);
/// Names of users who came no more that go with each one that is stored: so they become fewer, and none waits.
const FORGOTTEN_AT_ONCE: i64 = 10;

/// Stores the name of a user, and forgets some that GHL has not told for a year.
pub async fn save(pool: &Pool, user: &str, name: &str, now: OffsetDateTime) -> sqlx::Result<()> {
    let shown = name.trim().chars().filter(|c| !c.is_control());
    let name: String = shown.take(MAX_NAME).collect();
    if name.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        with forgotten as (
            delete from user_names
            where user_id in (
                select user_id
                from user_names
                where told_at < $4 and user_id <> $1
                order by told_at
                limit $5
                for update skip locked
            )
        )
        insert into user_names (user_id, name, told_at)
        values ($1, $2, $3)
        on conflict (user_id) do update set name = excluded.name, told_at = excluded.told_at
        "#,
        user,
        name,
        now,
        now - KEPT_FOR,
        FORGOTTEN_AT_ONCE,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
