//! The hours of one location, from the messages themselves.

use std::collections::BTreeMap;

use serde::Serialize;
use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::db::history::hour_counts::Counts;
use crate::db::history::hour_counts::turns::{CountTurn, Depth, end_turn};
use crate::model::ids::LocationId;
use crate::model::states::Direction;

/// Messages of one statement: some 30 milliseconds of it.
pub const CHUNK: i64 = 2_000;

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
