//! A connect link while a phone is being linked: who asks Waapify for an instance, which number it named, and the page
//! that shows nothing but the code.

use time::{Duration, OffsetDateTime};

use crate::db::accounts::connect_links::{ConnectLink, find_link};
use crate::db::connection::Pool;
use crate::model::ids::LocationId;

/// How long one caller may ask Waapify for an instance: its answer takes 25 s at most.
pub const ASKING: Duration = Duration::seconds(40);
/// Pages of a pending instance note that often that they are open.
const SEEN_EACH: Duration = Duration::seconds(20);

/// Claims the right to ask Waapify for an instance with a link. False while another caller asks for the same location, or
/// if the link waits for a phone already.
pub async fn claim_asking(
    pool: &Pool,
    token_hash: &[u8],
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let mut tx = pool.begin().await?;
    // The links of a location are claimed one after the other.
    sqlx::query!(
        "select location_id from locations where location_id = $1 for update",
        location.as_str(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    let claimed = sqlx::query!(
        r#"
        update connect_links
        set asked_at = $3
        where token_hash = $1
          and pending_instance is null
          and not exists (
            select 1
            from connect_links other
            where other.location_id = $2 and other.asked_at > $4
          )
        "#,
        token_hash,
        location.as_str(),
        now,
        now - ASKING,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(claimed.rows_affected() == 1)
}

/// Ends what [`claim_asking`] began.
pub async fn release_asking(pool: &Pool, token_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!(
        "update connect_links set asked_at = null where token_hash = $1",
        token_hash,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Notes that a page of the link's pending instance is open, so that no other location gets the instance.
pub async fn note_seen(pool: &Pool, token_hash: &[u8], now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update connect_links
        set pending_seen_at = $2
        where token_hash = $1 and pending_instance is not null and coalesce(pending_seen_at, '-infinity') < $3
        "#,
        token_hash,
        now,
        now - SEEN_EACH,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Stores the number that Waapify named for the link's pending instance, or none, so that it is asked again.
pub async fn record_number(
    pool: &Pool,
    token_hash: &[u8],
    instance_id: &str,
    number: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update connect_links
        set pending_number = $3
        where token_hash = $1 and pending_instance = $2 and used_at is null
        "#,
        token_hash,
        instance_id,
        number,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// The link whose code the page with this secret shows, and the hash of its token.
pub async fn find_by_scan(
    pool: &Pool,
    scan_hash: &[u8],
) -> sqlx::Result<Option<(Vec<u8>, ConnectLink)>> {
    let hash = sqlx::query_scalar!(
        "select token_hash from connect_links where scan_hash = $1",
        scan_hash,
    )
    .fetch_optional(pool)
    .await?;
    let Some(hash) = hash else {
        return Ok(None);
    };
    let link = find_link(pool, &hash).await?;
    Ok(link.map(|link| (hash, link)))
}

/// Another link of the location that waits for a phone, if there is one: the hash of its token and its link.
pub async fn find_sibling(
    pool: &Pool,
    token_hash: &[u8],
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<Option<(Vec<u8>, ConnectLink)>> {
    let hash = sqlx::query_scalar!(
        r#"
        select token_hash
        from connect_links
        where location_id = $1
          and token_hash <> $2
          and pending_instance is not null
          and not pending_is_entered
          and pending_number is null
          and used_at is null
          and expires_at > $3
        limit 1
        "#,
        location.as_str(),
        token_hash,
        now,
    )
    .fetch_optional(pool)
    .await?;
    let Some(hash) = hash else {
        return Ok(None);
    };
    let link = find_link(pool, &hash).await?;
    Ok(link.map(|link| (hash, link)))
}

/// Notes that a test message was sent with a link.
pub async fn record_test(pool: &Pool, token_hash: &[u8], now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        "update connect_links set tested_at = $2 where token_hash = $1",
        token_hash,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
