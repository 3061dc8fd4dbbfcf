//! Messages counted by hour, for charts.
//!
//! Counting must cost a send nothing. So nothing is counted when a message moves: the hours are counted afterwards, anew and
//! as a whole, from the messages themselves. A count that is repeated, or cut off, or made by two processes at once, gives
//! the same numbers. How far a count goes back is the worker's matter (`src/workers/hour_counts.rs`), charts read what
//! `src/db/views/hours.rs` does.
//!
//! No index has the times of messages, but ids follow them: each row keeps the id of its first message, and a count of some
//! hours begins where the hour before them began.

use std::collections::BTreeMap;

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
pub use crate::model::hour_counts::Counts;
use crate::model::ids::LocationId;
use crate::model::states::Direction;

/// Messages of one statement: some 30 milliseconds of it.
pub const CHUNK: i64 = 2_000;

/// A location whose hours are to be counted.
#[derive(Clone, Debug)]
pub struct CountTurn {
    /// The location.
    pub location_id: LocationId,
    /// The fence.
    pub attempt: i32,
    /// When its newest hours were counted last; none: never.
    pub counted_at: Option<OffsetDateTime>,
    /// When its last day was.
    pub day_at: Option<OffsetDateTime>,
    /// When its last week was.
    pub week_at: Option<OffsetDateTime>,
}

/// Counts with what they are of.
#[derive(Clone, Debug, Serialize)]
struct Row {
    #[serde(with = "time::serde::rfc3339")]
    hour: OffsetDateTime,
    direction: &'static str,
    number: String,
    first_id: i64,
    #[serde(flatten)]
    counts: Counts,
}

/// In the place of a location: the sums of all locations, so that a chart of the whole service reads as few rows as one of
/// a location.
pub const ALL_LOCATIONS: &str = "";

/// Gives locations without a turn one, due now, and the sums of all.
pub async fn keep_turns(pool: &Pool, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into hour_count_turns (location_id, due_at)
        select location_id, $1
        from (select location_id from locations union all select '') l
        where not exists (
            select 1
            from hour_count_turns t
            where t.location_id = l.location_id
        )
        on conflict do nothing
        "#,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Claims turns that are due, those that wait longest first.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<CountTurn>> {
    sqlx::query_as!(
        CountTurn,
        r#"
        update hour_count_turns t
        set attempt = t.attempt + 1, due_at = $2
        where t.location_id in (
            select location_id
            from hour_count_turns
            where due_at <= $1
            order by due_at
            limit $3
            for update skip locked
        )
        returning t.location_id, t.attempt, t.counted_at, t.day_at, t.week_at
        "#,
        now,
        now + lease,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Moves the end of a claim's lease. False for a caller that has lost the claim.
pub async fn hold(pool: &Pool, turn: &CountTurn, until: OffsetDateTime) -> sqlx::Result<bool> {
    let held = sqlx::query!(
        "update hour_count_turns set due_at = $3 where location_id = $1 and attempt = $2",
        turn.location_id.as_str(),
        turn.attempt,
        until,
    )
    .execute(pool)
    .await?;
    Ok(held.rows_affected() == 1)
}

/// The hours of a location from one on, while they are counted.
#[derive(Debug)]
pub struct Count {
    from: OffsetDateTime,
    last_id: i64,
    rows: BTreeMap<(OffsetDateTime, &'static str, String), (i64, Counts)>,
}

impl Count {
    /// Begins a count of the hours from `from` on. What came just before an hour may have a later id than its first message:
    /// it is read from where the last counted hour before them began.
    pub async fn begin(
        pool: &Pool,
        location: &LocationId,
        from: OffsetDateTime,
    ) -> sqlx::Result<Self> {
        let first_id = sqlx::query_scalar!(
            r#"
            select min(first_id)
            from hour_counts
            where location_id = $1
                and hour >= (
                    select hour
                    from hour_counts
                    where location_id = $1 and hour < $2
                    order by hour desc
                    limit 1
                )
            "#,
            location.as_str(),
            from,
        )
        .fetch_one(pool)
        .await?;
        Ok(Self {
            from,
            last_id: first_id.map_or(0, |id| id - 1),
            rows: BTreeMap::new(),
        })
    }

    /// Counts the next messages. False when there are none left.
    pub async fn go_on(&mut self, pool: &Pool, location: &LocationId) -> sqlx::Result<bool> {
        let counted = sqlx::query!(
            r#"
            select direction as "direction!: Direction", date_trunc('hour', accepted_at, 'UTC') as "hour!",
                number as "number!", count(*)::int as "rows!", min(id) as "first_id!", max(id) as "last_id!",
                (count(*) filter (where state <> 'ignored'))::int as "total!",
                (count(*) filter (where direction = 'outbound' and state in ('sent', 'delivered', 'read')))::int as "sent!",
                (count(*) filter (where state in ('delivered', 'read', 'posted')))::int as "delivered!",
                (count(*) filter (where state = 'read'))::int as "read!",
                (count(*) filter (where state = 'failed'))::int as "failed!",
                count(seconds)::int as "timed!",
                (count(*) filter (where seconds <= 2))::int as "within_2s!",
                (count(*) filter (where seconds <= 5))::int as "within_5s!",
                (count(*) filter (where seconds <= 10))::int as "within_10s!",
                (count(*) filter (where seconds <= 30))::int as "within_30s!",
                (count(*) filter (where seconds <= 60))::int as "within_1min!",
                (count(*) filter (where seconds <= 300))::int as "within_5min!",
                (count(*) filter (where seconds <= 3600))::int as "within_1h!"
            from (
                select m.direction, m.id, coalesce(m.number, '') as number, m.state, m.accepted_at,
                    -- Along `timeline_by_message`.
                    case when m.state in ('delivered', 'read', 'posted') then (
                        select extract(epoch from min(t.at) - m.accepted_at)
                        from timeline t
                        where t.location_id = $1 and t.message_id = m.id and t.state in ('delivered', 'read', 'posted')
                    ) end as seconds
                from (
                    -- Along the primary keys.
                    select direction, id, number, state, accepted_at
                    from messages
                    where location_id = $1 and id > $2
                    order by id
                    limit $3
                ) m
            ) m
            group by 1, 2, 3
            "#,
            location.as_str(),
            self.last_id,
            CHUNK,
        )
        .fetch_all(pool)
        .await?;
        let mut rows = 0;
        for row in counted {
            rows += i64::from(row.rows);
            self.last_id = self.last_id.max(row.last_id);
            if row.hour < self.from {
                continue;
            }
            let counts = Counts {
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
            };
            let key = (row.hour, row.direction.as_str(), row.number);
            let known = self
                .rows
                .entry(key)
                .or_insert((row.first_id, Counts::default()));
            known.0 = known.0.min(row.first_id);
            known.1.add(&counts);
        }
        Ok(rows == CHUNK)
    }

    /// Whether a message came in these hours.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Puts the hours in the place of what was counted before. Changes nothing for a caller that has lost the claim.
    pub async fn finish(
        self,
        pool: &Pool,
        turn: &CountTurn,
        depth: Depth,
        now: OffsetDateTime,
        next: OffsetDateTime,
    ) -> sqlx::Result<()> {
        let mut tx = pool.begin().await?;
        if end_turn(&mut tx, turn, depth, now, next).await? {
            let rows = self.rows.into_iter();
            let rows = rows.map(|((hour, direction, number), (first_id, counts))| Row {
                hour,
                direction,
                number,
                first_id,
                counts,
            });
            replace(
                &mut tx,
                &turn.location_id,
                self.from,
                &rows.collect::<Vec<_>>(),
            )
            .await?;
        }
        tx.commit().await
    }
}

/// How far a count goes back, beyond the newest hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// No further.
    Newest,
    /// A day.
    Day,
    /// A week, or to the beginning.
    Week,
}

pub(super) async fn end_turn(
    tx: &mut Connection,
    turn: &CountTurn,
    depth: Depth,
    now: OffsetDateTime,
    next: OffsetDateTime,
) -> sqlx::Result<bool> {
    let ended = sqlx::query!(
        r#"
        update hour_count_turns
        set due_at = $3,
            counted_at = $4,
            day_at = case when $5 then $4 else day_at end,
            week_at = case when $6 then $4 else week_at end
        where location_id = $1 and attempt = $2
        "#,
        turn.location_id.as_str(),
        turn.attempt,
        next,
        now,
        depth != Depth::Newest,
        depth == Depth::Week,
    )
    .execute(tx)
    .await?;
    Ok(ended.rows_affected() == 1)
}

async fn replace(
    tx: &mut Connection,
    location: &LocationId,
    from: OffsetDateTime,
    rows: &[Row],
) -> sqlx::Result<()> {
    let rows = serde_json::to_string(rows).unwrap_or_else(|_| "[]".to_owned());
    sqlx::query!(
        r#"
        with counted as (
            select $1 as location_id, c.*
            from jsonb_to_recordset($3::text::jsonb) as c (
                hour timestamptz, direction text, number text, total int, sent int, delivered int, read int, failed int,
                timed int, within_2s int, within_5s int, within_10s int, within_30s int, within_1min int,
                within_5min int, within_1h int, first_id bigint
            )
        ),
        gone as (
            -- A message without a number was given one.
            delete from hour_counts h
            where h.location_id = $1
                and h.hour >= $2
                and not exists (
                    select 1
                    from counted c
                    where c.hour = h.hour and c.direction = h.direction and c.number = h.number
                )
        )
        insert into hour_counts as h (
            location_id, hour, direction, number, total, sent, delivered, read, failed, timed,
            within_2s, within_5s, within_10s, within_30s, within_1min, within_5min, within_1h, first_id
        )
        select location_id, hour, direction, number, total, sent, delivered, read, failed, timed,
            within_2s, within_5s, within_10s, within_30s, within_1min, within_5min, within_1h, first_id
        from counted
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
        -- Most have not changed.
        where h.* is distinct from excluded.*
        "#,
        location.as_str(),
        from,
        rows,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
