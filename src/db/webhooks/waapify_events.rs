//! Waapify's events, stored byte for byte until they have been read.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::queue::{Capacity, Claims, claimed, set_due};
use crate::model::ids::LocationId;
use crate::model::reason::{Reason, Step};

/// A claimed event.
#[derive(Clone, Debug)]
pub struct EventJob {
    /// The location of the number.
    pub location_id: LocationId,
    /// Its position in the queue.
    pub id: i64,
    /// The number whose webhook received it.
    pub number: String,
    /// The bytes.
    pub body: Vec<u8>,
    /// The number of tries; also the fence.
    pub attempt: i32,
    /// When it arrived.
    pub received_at: OffsetDateTime,
    /// Processes that stopped while they read it.
    pub crashed_attempts: i32,
    /// Tries that failed because of what it says.
    pub failures: i32,
    /// When the lease of this claim ends.
    pub leased_until: OffsetDateTime,
    /// Its location has several connected numbers.
    pub is_of_several: bool,
}

/// Keeps an event of the number whose webhook address ends in the secret with this hash, or did within the last hour; whose number that is, none
/// when there is none.
pub async fn accept_event(
    pool: &Pool,
    secret_hash: &[u8],
    body: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<LocationId>> {
    sqlx::query_scalar!(
        r#"
        insert into waapify_events (location_id, number, body, due_at, received_at)
        select location_id, number, $2::bytea, $3::timestamptz, $3
        from numbers
        where webhook_secret_hash = $1
        union all
        select n.location_id, n.number, $2, $3, $3
        from earlier_webhook_secrets e
        join numbers n on n.location_id = e.location_id and n.number = e.number
        where e.secret_hash = $1 and e.ends_at > $3 and n.webhook_secret is not null
        limit 1
        returning location_id
        "#,
        secret_hash,
        body,
        now,
    )
    .fetch_optional(pool)
    .await
}

/// Events of one number that are claimed at once, so that the cost of a claim is shared.
const RUN: i64 = 32;
/// Bytes of such a run, unless a single event has more. Receipts and messages have some kilobytes; a book of contacts,
/// which takes long, is claimed alone.
const RUN_BYTES: i64 = 256 * 1024;

/// Numbers of one location that are read at once.
const NUMBERS_OF_LOCATION: i64 = 4;

/// Numbers of one location that a claim looks at, so that one with very many does not cost all others. Of more, every
/// [`LOOKS_AT_ALL`]th claim finds the one that waits longest.
const LOOKED_AT: i64 = 64;
/// Claims of which one looks at all numbers of a location.
const LOOKS_AT_ALL: usize = 16;

/// A number of a location, after which a claim begins its look; at first the beginning.
#[derive(Clone, Debug, Default)]
pub struct Place {
    location: String,
    number: String,
}

/// Claims, until `until`, the first waiting events of each of some numbers of which none are being read
/// (`capacity.left`): of the numbers after `place`, which then becomes the last of them, so that all have their turn. The
/// events of a number are read in the order of their arrival. An event that was claimed before is only claimed as the
/// first one, so that only the event at fault uses up its tries.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    until: OffsetDateTime,
    capacity: impl Into<Capacity>,
    place: &mut Place,
) -> sqlx::Result<Vec<EventJob>> {
    let capacity = capacity.into();
    let looked_at = if capacity.place.is_multiple_of(LOOKS_AT_ALL) {
        i64::MAX
    } else {
        LOOKED_AT
    };
    let claimed = sqlx::query_file!(
        "src/db/webhooks/claim_waapify_events.sql",
        now,
        until,
        capacity.limit,
        RUN,
        RUN_BYTES,
        capacity.left_json(),
        NUMBERS_OF_LOCATION,
        place.location,
        place.number,
        looked_at,
    )
    .map(|row| EventJob {
        location_id: row.location_id,
        id: row.id,
        number: row.number,
        body: row.body,
        attempt: row.attempt,
        received_at: row.received_at,
        crashed_attempts: row.crashed_attempts,
        failures: row.failures,
        leased_until: row.leased_until,
        is_of_several: row.is_of_several,
    })
    .fetch_all(pool)
    .await?;
    if let Some(last) = claimed.last() {
        *place = Place {
            location: last.location_id.0.clone(),
            number: last.number.clone(),
        };
    }
    Ok(claimed)
}

/// An event, whatever has become of it.
pub async fn find(pool: &Pool, location: &LocationId, id: i64) -> sqlx::Result<Option<EventJob>> {
    sqlx::query_as!(
        EventJob,
        r#"
        select location_id, id, number, body, attempt, received_at, crashed_attempts, failures,
            due_at as leased_until,
            exists (
                select 1
                from numbers n
                where n.location_id = $1 and n.webhook_secret is not null and not n.is_default
            ) as "is_of_several!"
        from waapify_events
        where location_id = $1 and id = $2
        "#,
        location.as_str(),
        id,
    )
    .fetch_optional(pool)
    .await
}

/// Gives back what a claim took whose answer was lost: its leases end at `until`, as those of no other claim do.
pub async fn give_back_unanswered(
    pool: &Pool,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update waapify_events set is_leased = false, due_at = $2 where state = 'accepted' and due_at = $1",
        until,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

claimed!(EventJob, id, in location_id);

/// How an event ends: it was read, or cannot be, for this reason.
pub type Ended<'a> = (&'a EventJob, Result<(), Reason>);

/// Ends claimed events. One that another process has claimed meanwhile is left to it, and is not held against this owner,
/// which lives.
pub async fn finish(pool: &Pool, ended: &[Ended<'_>]) -> sqlx::Result<()> {
    let claims = Claims::of(ended.iter().map(|(job, _)| *job));
    let reasons: Vec<Option<&Reason>> = ended
        .iter()
        .map(|(_, result)| result.as_ref().err())
        .collect();
    sqlx::query!(
        r#"
        update waapify_events e
        set state = case when e.attempt <> j.attempt then e.state when j.reason is null then 'done' else 'failed' end,
            is_leased = e.is_leased and e.attempt <> j.attempt,
            crashed_attempts = greatest(0, e.crashed_attempts - (e.attempt <> j.attempt)::int),
            reason_code = case when e.attempt = j.attempt then j.reason->>'code' end,
            reason_args = case when e.attempt = j.attempt then j.reason->'args' end
        -- By `select` the planner does not see how many, and keeps its plan.
        from unnest((select $1::text[]), (select $2::bigint[]), (select $3::int[]), (select $4::jsonb[]))
            as j (location_id, id, attempt, reason)
        where e.location_id = any (array[j.location_id]) and e.id = j.id and e.state not in ('done', 'failed')
        "#,
        &claims.locations as &[&str],
        &claims.ids,
        &claims.attempts,
        &reasons as &[Option<&Reason>],
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Replaces a claimed event by parts of it, which take its place in the order of the number's events. False, without a
/// change, for a caller that has lost the claim.
pub async fn split(
    pool: &Pool,
    job: &EventJob,
    parts: &[Vec<u8>],
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        r#"
        with whole as (
            update waapify_events
            set state = 'done', is_leased = false
            where location_id = $1 and id = $2 and attempt = $3 and state not in ('done', 'failed')
            returning location_id, number, received_at, coalesce(place, id) as place
        )
        insert into waapify_events (location_id, number, body, due_at, received_at, place)
        select whole.location_id, whole.number, part.body, $5, whole.received_at, whole.place
        from whole
        cross join unnest($4::bytea[]) with ordinality as part (body, n)
        order by part.n
        "#,
        job.location_id.as_str(),
        job.id,
        job.attempt,
        parts,
        now,
    )
    .execute(pool)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Moves the end of the leases of claims that are still held to `until`. False if one of them is not.
pub async fn renew(pool: &Pool, jobs: &[EventJob], until: OffsetDateTime) -> sqlx::Result<bool> {
    let renewed = set_due!(
        pool,
        jobs,
        until,
        "waapify_events",
        "q.location_id = any (array[c.location_id]) and q.id = c.id and q.state not in ('done', 'failed')"
    )?;
    Ok(usize::try_from(renewed) == Ok(jobs.len()))
}

/// Puts claimed events back until `due`, because their owner lives and cannot end them. Where another process has claimed
/// one meanwhile, it took the owner for dead: that is taken back. `failed`: the event that could not be read because of
/// what it says.
pub async fn put_back(
    pool: &Pool,
    jobs: &[EventJob],
    failed: Option<&EventJob>,
    due: OffsetDateTime,
) -> sqlx::Result<()> {
    let claims = Claims::of(jobs);
    sqlx::query!(
        r#"
        update waapify_events e
        set due_at = case when e.attempt = c.attempt then $4 else e.due_at end,
            is_leased = e.is_leased and e.attempt <> c.attempt,
            crashed_attempts = greatest(0, e.crashed_attempts - (e.attempt <> c.attempt)::int),
            failures = e.failures + coalesce(e.id = $5, false)::int
        from unnest($1::text[], $2::bigint[], $3::int[]) as c (location_id, id, attempt)
        where e.location_id = any (array[c.location_id]) and e.id = c.id and e.state not in ('done', 'failed')
        "#,
        &claims.locations as &[&str],
        &claims.ids,
        &claims.attempts,
        due,
        failed.map(|job| job.id),
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// An event that was set aside.
#[derive(Clone, Debug)]
pub struct AsideRow {
    /// The location of its number.
    pub location_id: LocationId,
    /// Its id.
    pub id: i64,
    /// The number whose webhook received it.
    pub number: String,
    /// When it arrived.
    pub received_at: OffsetDateTime,
    /// Bytes of its body.
    pub bytes: i32,
    /// Why.
    pub reason: Option<Reason>,
}

/// The oldest events that were set aside because processes ended, or tries failed, while they were read: all, or these, or
/// those of a location.
pub async fn list_aside(
    pool: &Pool,
    ids: Option<&[i64]>,
    location: Option<&LocationId>,
    limit: i64,
) -> sqlx::Result<Vec<AsideRow>> {
    let aside = Reason::from(Step::Poison);
    sqlx::query_as!(
        AsideRow,
        r#"
        select location_id as "location_id: LocationId", id, number, received_at, octet_length(body) as "bytes!",
            reason_of(reason_code, reason_args) as "reason: Reason"
        from waapify_events
        where state = 'failed'
            and reason_code = $4
            and ($1::bigint[] is null or id = any($1))
            and ($2::text is null or location_id = $2)
        order by id
        limit $3
        "#,
        ids,
        location.map(LocationId::as_str),
        limit,
        aside.code(),
    )
    .fetch_all(pool)
    .await
}

/// Has events that were set aside read again, in their old place. Each that ends one more process is set aside at once, so
/// that no operator's word ends many. Returns the ids of those that were still aside.
pub async fn read_again(
    pool: &Pool,
    ids: &[i64],
    crashed_attempts: i32,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<i64>> {
    let aside = Reason::from(Step::Poison);
    sqlx::query_scalar!(
        r#"
        update waapify_events
        set state = 'accepted', is_leased = false, due_at = $2, failures = 0, crashed_attempts = $3,
            reason_code = null, reason_args = null
        where state = 'failed' and reason_code = $4 and id = any($1)
        returning id
        "#,
        ids,
        now,
        crashed_attempts,
        aside.code(),
    )
    .fetch_all(pool)
    .await
}
