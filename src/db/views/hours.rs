//! Messages counted by hour, added up for charts. The counts are made in [`crate::db::history::hour_counts`].

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::history::hour_counts::{ALL_LOCATIONS, Counts};
use crate::model::ids::LocationId;
use crate::model::states::Direction;

/// The messages of one way in an hour.
#[derive(Clone, Debug)]
pub struct Hour {
    /// When it began.
    pub start: OffsetDateTime,
    /// Which way they went.
    pub direction: Direction,
    /// How many, and what became of them.
    pub counts: Counts,
}

/// The hours of a location, or of all where none is named, since then, oldest first, without those that had no message. Reads
/// along the primary key.
pub async fn list_hours(
    pool: &Pool,
    location: Option<&LocationId>,
    since: OffsetDateTime,
) -> sqlx::Result<Vec<Hour>> {
    let location = location.map_or(ALL_LOCATIONS, LocationId::as_str);
    let hours = sqlx::query!(
        r#"
        -- The numbers are added up; the hours stay apart: which of them make a day depends on the reader's time zone, and
        -- Postgres may not know that.
        select hour as "start!", direction as "direction!: Direction",
            sum(total)::int as "total!", sum(sent)::int as "sent!", sum(delivered)::int as "delivered!",
            sum(read)::int as "read!", sum(failed)::int as "failed!", sum(timed)::int as "timed!",
            sum(within_2s)::int as "within_2s!", sum(within_5s)::int as "within_5s!",
            sum(within_10s)::int as "within_10s!", sum(within_30s)::int as "within_30s!",
            sum(within_1min)::int as "within_1min!", sum(within_5min)::int as "within_5min!",
            sum(within_1h)::int as "within_1h!"
        from hour_counts
        where location_id = $1 and hour >= $2
        group by 1, 2
        order by 1, 2
        "#,
        location,
        since,
    );
    hours
        .map(|row| Hour {
            start: row.start,
            direction: row.direction,
            counts: Counts {
                total: row.total,
                sent: row.sent,
                delivered: row.delivered,
                read: row.read,
                failed: row.failed,
                timed: row.timed,
                within_2s: row.within_2s,
                within_5s: row.within_5s,
                within_10s: row.within_10s,
                within_30s: row.within_30s,
                within_1min: row.within_1min,
                within_5min: row.within_5min,
                within_1h: row.within_1h,
            },
        })
        .fetch_all(pool)
        .await
}

/// Up to when the newest hours of a location are counted; of all, where none is named: the longest ago of their counts. None
/// before the first count.
pub async fn find_counted_at(
    pool: &Pool,
    location: Option<&LocationId>,
) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar!(
        r#"
        select min(counted_at)
        from hour_count_turns
        where counted_at is not null and ($1::text is null or location_id = $1)
        "#,
        location.map(LocationId::as_str),
    )
    .fetch_one(pool)
    .await
}

/// The messages of a number, both ways, on a day of UTC.
#[derive(Clone, Debug)]
pub struct Day {
    /// Its location.
    pub location_id: LocationId,
    /// Digits; empty: none was chosen.
    pub number: String,
    /// When the day began.
    pub start: OffsetDateTime,
    /// How many there were.
    pub total: i32,
    /// How many of them failed.
    pub failed: i32,
}

/// The days of some locations since then, for sparklines. Reads along the primary key.
pub async fn list_days(
    pool: &Pool,
    locations: &[&str],
    since: OffsetDateTime,
) -> sqlx::Result<Vec<Day>> {
    sqlx::query_as!(
        Day,
        r#"
        select h.location_id as "location_id!: LocationId", h.number as "number!",
            date_trunc('day', h.hour, 'UTC') as "start!", sum(h.total)::int as "total!", sum(h.failed)::int as "failed!"
        from unnest($1::text[]) as place (id)
        join hour_counts h on h.location_id = place.id and h.hour >= $2
        group by 1, 2, 3
        order by 1, 2, 3
        "#,
        locations as &[&str],
        since,
    )
    .fetch_all(pool)
    .await
}
