//! Numbers that came with GHL's install form, kept until their locations are installed.

use sqlx::{FromRow, PgConnection, PgPool};
use time::{Duration, OffsetDateTime};

use crate::model::ids::LocationId;

/// What an install form brought for a location.
#[derive(Clone, Debug, FromRow)]
pub struct PendingConnection {
    /// Waapify's instance.
    pub instance_id: String,
    /// Sealed.
    pub access_token: Vec<u8>,
    /// E.164 digits.
    pub number: String,
}

/// Keeps an offer in place of the location's last one, unless the location has a connected number; false then.
///
/// # Errors
/// When the database fails.
pub async fn record_pending_connection(
    pool: &PgPool,
    location: &LocationId,
    offer: &PendingConnection,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> sqlx::Result<bool> {
    let recorded = sqlx::query(
        "insert into pending_connections (location_id, instance_id, access_token, number, due_at, expires_at)
         select $1, $2, $3, $4, $5, $6
         where not exists (select 1 from numbers where location_id = $1 and webhook_secret is not null)
         on conflict (location_id) do update set instance_id = excluded.instance_id,
            access_token = excluded.access_token, number = excluded.number, due_at = excluded.due_at,
            expires_at = excluded.expires_at",
    )
    .bind(location)
    .bind(&offer.instance_id)
    .bind(&offer.access_token)
    .bind(&offer.number)
    .bind(now)
    .bind(expires_at)
    .execute(pool)
    .await?;
    Ok(recorded.rows_affected() == 1)
}

/// The offer of a location that is installed.
///
/// # Errors
/// When the database fails.
pub async fn find_pending_connection(
    pool: &PgPool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<Option<PendingConnection>> {
    sqlx::query_as(
        "select o.instance_id, o.access_token, o.number from pending_connections o
         join tokens t on t.owner_kind = 'location' and t.owner_id = o.location_id
         where o.location_id = $1 and o.expires_at > $2",
    )
    .bind(location)
    .bind(now)
    .fetch_optional(pool)
    .await
}

/// Takes offers of installed locations that are due, under a lease; those that nobody needed in time are destroyed.
///
/// # Errors
/// When the database fails.
pub async fn claim_pending_connections(
    pool: &PgPool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<LocationId>> {
    sqlx::query("delete from pending_connections where expires_at <= $1")
        .bind(now)
        .execute(pool)
        .await?;
    sqlx::query_scalar(
        "update pending_connections set due_at = $2 where location_id in (
            select o.location_id from pending_connections o
            join tokens t on t.owner_kind = 'location' and t.owner_id = o.location_id
            where o.due_at <= $1 order by o.due_at limit $3 for update of o skip locked)
         returning location_id",
    )
    .bind(now)
    .bind(now + lease)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Takes a location's offer under a lease; false when there is none, or somebody has it.
///
/// # Errors
/// When the database fails.
pub async fn claim_pending_connection(
    pool: &PgPool,
    location: &LocationId,
    now: OffsetDateTime,
    lease: Duration,
) -> sqlx::Result<bool> {
    let claimed = sqlx::query(
        "update pending_connections set due_at = $3 where location_id = $1 and due_at <= $2",
    )
    .bind(location)
    .bind(now)
    .bind(now + lease)
    .execute(pool)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Uses a location's offer up; false when it is gone, the location was uninstalled, or has a connected number by now.
///
/// # Errors
/// When the database fails.
pub async fn use_pending_connection(
    tx: &mut PgConnection,
    location: &LocationId,
) -> sqlx::Result<bool> {
    let used = sqlx::query(
        "delete from pending_connections where location_id = $1
         and exists (select 1 from tokens where owner_kind = 'location' and owner_id = $1)
         and not exists (select 1 from numbers where location_id = $1 and webhook_secret is not null)",
    )
    .bind(location)
    .execute(tx)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Destroys a location's offer.
///
/// # Errors
/// When the database fails.
pub async fn forget_pending_connection(pool: &PgPool, location: &LocationId) -> sqlx::Result<()> {
    sqlx::query("delete from pending_connections where location_id = $1")
        .bind(location)
        .execute(pool)
        .await
        .map(|_| ())
}
