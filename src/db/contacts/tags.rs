//! Tags of contacts, which decide from which number a message leaves where a location has rules for tags: kept as GHL said, and
//! asked for while a message waits for them.

use time::{Duration, OffsetDateTime};

use crate::db::accounts::rate_limits::CallPriority;
use crate::db::connection::Pool;
use crate::db::queue::Capacity;
use crate::model::ids::{ContactId, LocationId};

/// How long tags count as known: people set them by hand or with a workflow, and a contact without a number gets few messages.
pub const FRESH: Duration = Duration::minutes(10);
/// After this time a message leaves at its turn without them.
pub const LONGEST_WAIT: Duration = Duration::seconds(30);

/// Questions that are due and looked at in one claim: those of some dozens of locations.
const DUE: i64 = 1_000;

/// A contact whose tags GHL is asked for.
#[derive(Clone, Debug)]
pub struct TagJob {
    /// Its location.
    pub location_id: LocationId,
    /// The contact.
    pub contact_id: ContactId,
    /// Failed attempts.
    pub failures: i32,
    /// The fence.
    pub attempt: i32,
}

/// Claims contacts to ask about, of each location a few, the oldest first, where it has calls left for that.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    capacity: impl Into<Capacity>,
) -> sqlx::Result<Vec<TagJob>> {
    let capacity = capacity.into();
    sqlx::query_as!(
        TagJob,
        r#"
        with exhausted as materialized (
            select owner_id
            from rate_limits
            where paused_until > $1 or reserve_until > $1 or window_ends_at > $1 and used >= max * $5::float8
        ),
        oldest as materialized (
            select location_id, contact_id, due_at
            from tag_looks
            where due_at <= $1 and location_id <> all (array(select owner_id from exhausted))
            order by due_at
            limit $6
        ),
        due as (
            select location_id, contact_id
            from (
                select location_id, contact_id, row_number() over (partition by location_id order by due_at) as place
                from oldest
            ) ranked
            -- A location whose questions are under way has fewer hands left.
            where place <= coalesce(((select $7::text::jsonb)->>location_id)::bigint, $4)
            order by place, location_id
            limit $3
        ),
        locked as (
            select s.location_id, s.contact_id
            from due
            cross join lateral (
                select s.location_id, s.contact_id, s.due_at
                from tag_looks s
                where s.location_id = due.location_id and s.contact_id = due.contact_id
                limit 1
                for update skip locked
            ) s
            where s.due_at <= $1
        )
        update tag_looks s
        set attempt = s.attempt + 1, due_at = $2
        from locked
        where s.location_id = any (array[locked.location_id]) and s.contact_id = locked.contact_id
        returning s.location_id, s.contact_id, s.failures, s.attempt
        "#,
        now,
        now + lease,
        capacity.limit,
        capacity.share,
        CallPriority::Look.share(),
        DUE,
        capacity.left_json(),
    )
    .fetch_all(pool)
    .await
}

/// Whether a message still waits for a contact's tags. If not, nobody asks for them any more. A message that is due without them
/// but has not left waits for them all the same.
pub async fn is_wanted(pool: &Pool, job: &TagJob) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        with wanted as (
            select exists (
                select 1
                from outbound
                where location_id = $1 and conversation = $2 and state = 'accepted' and is_waiting
                  and reason_code = 'asking_tags'
            ) as is_wanted
        ),
        forgotten as (
            delete from tag_looks
            where location_id = $1 and contact_id = $2 and not (select is_wanted from wanted)
        )
        select is_wanted as "is_wanted!"
        from wanted
        "#,
        job.location_id.as_str(),
        job.contact_id.as_str(),
    )
    .fetch_one(pool)
    .await
}

/// Keeps a contact's tags if its location has rules for tags, and lets go what waits for them.
pub async fn record(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    tags: &[String],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let kept = sqlx::query!(
        r#"
        insert into contact_tags (location_id, contact_id, tags, said_at)
        select $1, $2, $3, $4
        where exists (
            select 1
            from number_rules
            where location_id = $1 and kind = 'tag'
        )
        on conflict (location_id, contact_id) do update set tags = excluded.tags, said_at = excluded.said_at
        "#,
        location.as_str(),
        contact.as_str(),
        tags,
        now,
    )
    .execute(pool)
    .await?;
    if kept.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query!(
        r#"
        with asked as (
            delete from tag_looks
            where location_id = $1 and contact_id = $2
            returning location_id
        ),
        waiting as (
            select o.location_id, o.id
            from asked
            cross join lateral (
                select location_id, id
                from outbound
                where location_id = asked.location_id and conversation = $2 and state = 'accepted' and is_waiting
                  and reason_code = 'asking_tags'
                order by location_id, conversation, id
                for update skip locked
            ) o
        )
        update outbound o
        set route = r.route, due_at = $3, is_waiting = false, reason_code = null, reason_args = null
        -- A user's own rule would have decided before.
        from waiting, route_of($1, $2, null, $3) r
        where o.location_id = any (array[waiting.location_id]) and o.id = waiting.id
        "#,
        location.as_str(),
        contact.as_str(),
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Puts a claimed question back until `due`.
pub async fn put_back(pool: &Pool, job: &TagJob, due: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update tag_looks
        set due_at = $4, failures = failures + 1
        where location_id = $1 and contact_id = $2 and attempt = $3
        "#,
        job.location_id.as_str(),
        job.contact_id.as_str(),
        job.attempt,
        due,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends the leases of claims that are still held.
pub async fn release(pool: &Pool, jobs: &[TagJob], now: OffsetDateTime) -> sqlx::Result<()> {
    for job in jobs {
        sqlx::query!(
            r#"
            update tag_looks
            set due_at = $4
            where location_id = $1 and contact_id = $2 and attempt = $3
            "#,
            job.location_id.as_str(),
            job.contact_id.as_str(),
            job.attempt,
            now,
        )
        .execute(pool)
        .await?;
    }
    Ok(())
}
