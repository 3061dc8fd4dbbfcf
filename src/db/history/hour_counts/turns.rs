//! The turns: which location's hours are counted next, by which process, and how far back.

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::model::ids::LocationId;

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

/// Ends a turn. False for a caller that has lost the claim.
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
