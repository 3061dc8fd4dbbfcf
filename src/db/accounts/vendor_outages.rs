//! Outages of GHL, by location: since when it fails, who looks whether it is back, and what its return makes due.

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::model::ids::LocationId;

/// How often one of a location's waiting rows looks whether GHL is back, whatever the pauses of the others are.
const PROBE_PAUSE: Duration = Duration::MINUTE;
/// What failed a moment ago is tried again in some seconds anyway.
const MOMENT: Duration = Duration::seconds(20);
/// A row that failed more often is not made due by the return: GHL may fail because of it. A probe fails six hundred
/// times in an outage of ten hours.
const MAX_FAILURES: i32 = 2_000;

/// Records that GHL failed for a location. Returns when the caller's row looks again, if it is the probe.
pub async fn record_outage(
    pool: &Pool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<Option<OffsetDateTime>> {
    let next = now + PROBE_PAUSE;
    let taken = sqlx::query!(
        r#"
        with before as (
            select owner_id, probe_at is null or probe_at <= $2 as is_free
            from rate_limits
            where owner_id = $1
            for update
        )
        update rate_limits r
        set down_since = coalesce(r.down_since, $2),
            probe_at = case when before.is_free then $3 else r.probe_at end
        from before
        where r.owner_id = before.owner_id
        returning before.is_free as "is_free!"
        "#,
        location.as_str(),
        now,
        next,
    )
    .fetch_optional(pool)
    .await?;
    Ok(taken.is_some_and(|row| row.is_free).then_some(next))
}

/// Records that GHL answered a location again, and makes due at once what waits because it did not.
pub async fn end_outage(pool: &Pool, owner: &str, now: OffsetDateTime) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let ended = sqlx::query_scalar!(
        r#"
        with before as (
            select owner_id, down_since
            from rate_limits
            where owner_id = $1 and down_since is not null
            for update
        )
        update rate_limits r
        set down_since = null, probe_at = null
        from before
        where r.owner_id = before.owner_id
        returning before.down_since as "since!"
        "#,
        owner,
    )
    .fetch_optional(&mut *tx)
    .await?;
    if ended.is_some_and(|since| since + MOMENT <= now) {
        make_due(&mut tx, owner, now).await?;
    }
    tx.commit().await
}

async fn make_due(tx: &mut Connection, location: &str, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with late as (
            select location_id, id
            from inbound
            where location_id = $1 and state = 'accepted' and is_down and due_at > $2 and failures <= $3
            for update skip locked
        )
        update inbound i
        set is_down = false,
            -- GHL's search must be able to find a post whose answer was lost.
            due_at = case
                when i.unconfirmed then least(i.due_at, greatest($2, i.post_started_at + interval '90 seconds'))
                else $2
            end
        from late
        where i.location_id = any (array[late.location_id]) and i.id = late.id
        "#,
        location,
        now,
        MAX_FAILURES,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        r#"
        with late as (
            select location_id, message_id
            from status_updates
            where location_id = $1 and is_down and due_at > $2 and failures <= $3
            for update skip locked
        )
        update status_updates s
        set is_down = false, due_at = $2
        from late
        where s.location_id = any (array[late.location_id]) and s.message_id = late.message_id
        "#,
        location,
        now,
        MAX_FAILURES,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
