//! The hours of all locations, added up from the hours of each ([`crate::db::history::hour_counts`]).

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::history::hour_counts::{ALL_LOCATIONS, CountTurn, Depth, end_turn, hold};

/// Hours of one statement that adds up: of 300 locations some 400,000 rows, less than a second of it.
const SLICE: Duration = Duration::days(30);

/// Adds up the hours of all locations from `from` on. They were counted before, most of them minutes ago. The turn counts as
/// the first one until every location had its own.
pub async fn add_up(
    pool: &Pool,
    turn: &CountTurn,
    (from, depth): (OffsetDateTime, Depth),
    now: OffsetDateTime,
    next: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut begin = find_first_hour(pool, from).await?.unwrap_or(now);
    while begin <= now {
        add_up_slice(pool, begin, begin + SLICE).await?;
        begin += SLICE;
    }
    if turn.counted_at.is_none() && is_one_uncounted(pool).await? {
        hold(pool, turn, next).await?;
        return Ok(());
    }
    let mut tx = pool.begin().await?;
    end_turn(&mut tx, turn, depth, now, next).await?;
    tx.commit().await
}

/// The first counted hour from `from` on.
async fn find_first_hour(
    pool: &Pool,
    from: OffsetDateTime,
) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar!(
        "select hour from hour_counts where hour >= $1 order by hour limit 1",
        from,
    )
    .fetch_optional(pool)
    .await
}

async fn is_one_uncounted(pool: &Pool) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from hour_count_turns
            where location_id <> $1 and counted_at is null
        ) as "is_one!"
        "#,
        ALL_LOCATIONS,
    )
    .fetch_one(pool)
    .await
}

async fn add_up_slice(
    pool: &Pool,
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into hour_counts as h (
            location_id, hour, direction, number, total, sent, delivered, read, failed, timed,
            within_2s, within_5s, within_10s, within_30s, within_1min, within_5min, within_1h, first_id
        )
        select $1, hour, direction, '', sum(total), sum(sent), sum(delivered), sum(read), sum(failed), sum(timed),
            sum(within_2s), sum(within_5s), sum(within_10s), sum(within_30s), sum(within_1min), sum(within_5min),
            sum(within_1h), min(first_id)
        from hour_counts
        where location_id <> $1 and hour >= $2 and hour < $3
        group by hour, direction
        on conflict (location_id, hour, direction, number) do update set
            total = excluded.total,
            sent = excluded.sent,
            delivered = excluded.delivered,
            read = excluded.read,
            failed = excluded.failed,
            timed = excluded.timed,
            within_2s = excluded.within_2s,
            within_5s = excluded.within_5s,
            within_10s = excluded.within_10s,
            within_30s = excluded.within_30s,
            within_1min = excluded.within_1min,
            within_5min = excluded.within_5min,
            within_1h = excluded.within_1h,
            first_id = excluded.first_id
        where h.* is distinct from excluded.*
        "#,
        ALL_LOCATIONS,
        from,
        until,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
