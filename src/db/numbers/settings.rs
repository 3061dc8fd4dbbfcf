//! What a location's own users decide about their numbers.

use crate::db::connection::Pool;
use crate::model::ids::LocationId;

/// A number's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preferences {
    /// What the business calls it, up to 60 characters.
    pub name: Option<String>,
    /// Its own pause between two sends, milliseconds up to a minute; none: that of the settings.
    pub min_interval_ms: Option<i32>,
    /// Messages of groups go to GHL.
    pub forwards_groups: bool,
    /// Messages that the business writes on the phone go to GHL.
    pub mirrors_phone: bool,
}

/// Stores the settings of a number. False when the location has no such number.
pub async fn record_preferences(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    preferences: &Preferences,
) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        r#"
        update numbers
        set name = $3, min_interval_ms = $4, forwards_groups = $5, mirrors_phone = $6
        where location_id = $1 and number = $2
        "#,
        location.as_str(),
        number,
        preferences.name.as_deref(),
        preferences.min_interval_ms,
        preferences.forwards_groups,
        preferences.mirrors_phone,
    )
    .execute(pool)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Makes a connected number the one that messages are sent from. False, without a change, when the location has no such
/// number.
pub async fn make_default(pool: &Pool, location: &LocationId, number: &str) -> sqlx::Result<bool> {
    let mut tx = pool.begin().await?;
    // First end the old default, because a location never has two.
    sqlx::query!(
        r#"
        update numbers
        set is_default = false
        where location_id = $1 and number <> $2
        "#,
        location.as_str(),
        number,
    )
    .execute(&mut *tx)
    .await?;
    let made = sqlx::query!(
        r#"
        update numbers
        set is_default = true
        where location_id = $1 and number = $2 and webhook_secret is not null
        "#,
        location.as_str(),
        number,
    )
    .execute(&mut *tx)
    .await?;
    if made.rows_affected() == 0 {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

/// Whether messages that the business writes on a number's phone go to GHL.
pub async fn mirrors_phone(pool: &Pool, location: &LocationId, number: &str) -> sqlx::Result<bool> {
    let mirrors = sqlx::query_scalar!(
        r#"
        select mirrors_phone
        from numbers
        where location_id = $1 and number = $2
        "#,
        location.as_str(),
        number,
    )
    .fetch_optional(pool)
    .await?;
    Ok(mirrors.unwrap_or(true))
}
