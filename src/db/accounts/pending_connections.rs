//! Numbers that arrived with GHL's install form, kept until their locations are installed.

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::model::ids::LocationId;

/// The number that arrived with a location's install form.
#[derive(Clone, Debug)]
pub struct PendingConnection {
    /// Waapify's instance.
    pub instance_id: String,
    /// Sealed.
    pub access_token: Vec<u8>,
    /// E.164 digits.
    pub number: String,
}

/// Stores a pending connection in place of the location's last one. False, without a change, when the location has a
/// connected number.
pub async fn record_pending_connection(
    pool: &Pool,
    location: &LocationId,
    pending: &PendingConnection,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> sqlx::Result<bool> {
    let recorded = sqlx::query!(
        r#"
        insert into pending_connections (location_id, instance_id, access_token, number, due_at, expires_at)
        select $1, $2, $3, $4, $5, $6
        where not exists (
            select 1
            from numbers
            where location_id = $1 and webhook_secret is not null
        )
        on conflict (location_id) do update set
            instance_id = excluded.instance_id,
            access_token = excluded.access_token,
            number = excluded.number,
            due_at = excluded.due_at,
            expires_at = excluded.expires_at
        "#,
        location.as_str(),
        pending.instance_id,
        pending.access_token,
        pending.number,
        now,
        expires_at,
    )
    .execute(pool)
    .await?;
    Ok(recorded.rows_affected() == 1)
}

/// The pending connection of a location that is installed.
pub async fn find_pending_connection(
    pool: &Pool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<Option<PendingConnection>> {
    sqlx::query_as!(
        PendingConnection,
        r#"
        select p.instance_id, p.access_token, p.number
        from pending_connections p
        join tokens t on t.owner_kind = 'location' and t.owner_id = p.location_id
        where p.location_id = $1 and p.expires_at > $2
        "#,
        location.as_str(),
        now,
    )
    .fetch_optional(pool)
    .await
}

/// Claims due pending connections of installed locations, and destroys those that have expired.
pub async fn claim_pending_connections(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<LocationId>> {
    sqlx::query!(
        r#"
        delete from pending_connections
        where expires_at <= $1
        "#,
        now,
    )
    .execute(pool)
    .await?;
    sqlx::query_scalar!(
        r#"
        update pending_connections
        set due_at = $2
        where location_id in (
            select p.location_id
            from pending_connections p
            join tokens t on t.owner_kind = 'location' and t.owner_id = p.location_id
            where p.due_at <= $1
            order by p.due_at
            limit $3
            for update of p skip locked
        )
        returning location_id
        "#,
        now,
        now + lease,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Claims a location's pending connection. False when there is none, or another process has claimed it.
pub async fn claim_pending_connection(
    pool: &Pool,
    location: &LocationId,
    now: OffsetDateTime,
    lease: Duration,
) -> sqlx::Result<bool> {
    let claimed = sqlx::query!(
        r#"
        update pending_connections
        set due_at = $3
        where location_id = $1 and due_at <= $2
        "#,
        location.as_str(),
        now,
        now + lease,
    )
    .execute(pool)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Uses up a location's pending connection. False when it is gone, or the location was uninstalled or has a connected
/// number by now.
pub async fn use_pending_connection(
    tx: &mut Connection,
    location: &LocationId,
) -> sqlx::Result<bool> {
    let used = sqlx::query!(
        r#"
        delete from pending_connections
        where location_id = $1
          and exists (select 1 from tokens where owner_kind = 'location' and owner_id = $1)
          and not exists (select 1 from numbers where location_id = $1 and webhook_secret is not null)
        "#,
        location.as_str(),
    )
    .execute(tx)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Destroys a location's pending connection.
pub async fn forget_pending_connection(pool: &Pool, location: &LocationId) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        delete from pending_connections
        where location_id = $1
        "#,
        location.as_str(),
    )
    .execute(pool)
    .await
    .map(|_| ())
}
