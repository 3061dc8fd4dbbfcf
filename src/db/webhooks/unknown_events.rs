//! Events of the gateway that nobody understood: their shapes, and how often each came, for the doctor to name.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::model::ids::LocationId;

/// How long a shape is named after it came last, and after which its count begins again.
pub const NAMED_FOR: Duration = Duration::days(7);
/// Most shapes of a number, so that a flood of different ones fills no table.
const MAX_SHAPES: i64 = 20;
/// What stands for all shapes beyond that.
pub const OTHER_SHAPES: &str = "…";

/// A shape that came to a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownEvent {
    /// Names of fields, without contents.
    pub shape: String,
    /// How many such events came. One that was read twice, because its process ended, counts twice.
    pub count: i64,
    /// When the last one came.
    pub last_at: OffsetDateTime,
}

/// Counts `count` events of a shape.
pub async fn count(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    (shape, count): (&str, i64),
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into unknown_events as u (location_id, number, shape, count, first_at, last_at)
        select $1, $2,
            case
                when (
                    select count(*) filter (where shape <> $3) < $6
                    from unknown_events
                    where location_id = $1 and number = $2
                ) then $3
                else $7
            end,
            $4, $5, $5
        on conflict (location_id, number, shape) do update
        set count = excluded.count + case when u.last_at > $8 then u.count else 0 end,
            first_at = case when u.last_at > $8 then u.first_at else excluded.first_at end,
            last_at = greatest(u.last_at, excluded.last_at)
        "#,
        location.as_str(),
        number,
        shape,
        count,
        now,
        MAX_SHAPES,
        OTHER_SHAPES,
        now - NAMED_FOR,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// The shapes that came to a number lately, the most frequent first.
pub async fn list(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<UnknownEvent>> {
    sqlx::query_as!(
        UnknownEvent,
        r#"
        select shape, count, last_at
        from unknown_events
        where location_id = $1 and number = $2 and last_at > $3
        order by count desc, shape
        "#,
        location.as_str(),
        number,
        now - NAMED_FOR,
    )
    .fetch_all(pool)
    .await
}
