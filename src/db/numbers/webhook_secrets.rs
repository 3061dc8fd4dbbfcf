//! The secrets in the addresses that Waapify posts to: a number's current one, and those that are good beside it for a
//! while.

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::model::ids::LocationId;

/// How long the secret before a connect is good: what Waapify posts late, or to an address that it has not forgotten yet,
/// comes within minutes.
const LIFE: Duration = Duration::hours(1);

/// The location and number whose webhook address ends in the secret with this hash.
pub async fn find_by_webhook_secret(
    pool: &Pool,
    secret_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<(LocationId, String)>> {
    sqlx::query!(
        r#"
        select location_id as "location_id!: LocationId", number as "number!"
        from numbers
        where webhook_secret_hash = $1
        union all
        select n.location_id, n.number
        from earlier_webhook_secrets e
        join numbers n on n.location_id = e.location_id and n.number = e.number
        where e.secret_hash = $1 and e.ends_at > $2 and n.webhook_secret is not null
        limit 1
        "#,
        secret_hash,
        now,
    )
    .map(|row| (row.location_id, row.number))
    .fetch_optional(pool)
    .await
}

/// Makes a connected number's next secret good before Waapify is told of it, so that no event is lost however the connect
/// ends. A number that is not connected has none.
pub async fn announce(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    secret_hash: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into earlier_webhook_secrets (secret_hash, location_id, number, ends_at)
        select $3, location_id, number, $4
        from numbers
        where location_id = $1 and number = $2 and webhook_secret is not null
        on conflict do nothing
        "#,
        location.as_str(),
        number,
        secret_hash,
        now + LIFE,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Keeps a number's current secret good for a while, before it gets another; forgets those whose time is over, and all of
/// a number that was given up.
pub(super) async fn keep_current(
    tx: &mut Connection,
    location: &LocationId,
    number: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        delete from earlier_webhook_secrets e
        where e.location_id = $1
          and e.number = $2
          and (
            e.ends_at <= $3
            or exists (
                select 1
                from numbers n
                where n.location_id = $1 and n.number = $2 and n.webhook_secret is null
            )
          )
        "#,
        location.as_str(),
        number,
        now,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        insert into earlier_webhook_secrets (secret_hash, location_id, number, ends_at)
        select webhook_secret_hash, location_id, number, $3
        from numbers
        where location_id = $1 and number = $2 and webhook_secret_hash is not null
        on conflict (secret_hash) do update set ends_at = excluded.ends_at
        "#,
        location.as_str(),
        number,
        now + LIFE,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
