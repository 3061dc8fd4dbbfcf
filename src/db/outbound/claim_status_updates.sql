-- Claims updates of each location in turn; see `claim` in `status_updates.rs`.
-- $1 now, $2 end of the lease, $3 limit, $4 share of a window's calls that updates may use, $5 updates that a location may
-- have in hand, $6 how many more where it has some (`Capacity` in `src/db/queue.rs`), $7 rows that are looked at first.
with recursive oldest as materialized (
    select location_id, message_id, due_at
    from status_updates
    where due_at <= $1
    order by due_at
    limit $7
),
-- If there are more than those, a few locations may hide all others: then each location is asked for its own.
waiting as (
    (
        select location_id
        from status_updates
        where (select count(*) from oldest) = $7
        order by location_id, message_id
        limit 1
    )
    union all
    select next.location_id
    from waiting
    cross join lateral (
        select location_id
        from status_updates
        where location_id > waiting.location_id
        order by location_id, message_id
        limit 1
    ) next
),
-- Not of a location whose calls are used up, or kept for something more urgent. Each is looked up by its key.
open as (
    select w.location_id,
        coalesce(((select $6::text::jsonb)->>w.location_id)::bigint, $5) as room
    from (select location_id from waiting union select location_id from oldest) w
    where (
        select paused_until > $1
            or reserve_until > $1
            or window_ends_at > $1 and used >= max * $4::float8
        from rate_limits
        where owner_id = w.location_id
    ) is not true
),
-- What is due of each location; where all is in `oldest`, nothing is read again.
found as (
    select o.location_id, o.room, old.message_id, old.due_at
    from oldest old
    join open o on o.location_id = old.location_id
    where (select count(*) from oldest) < $7
    union all
    select o.location_id, o.room, next.message_id, next.due_at
    from open o
    cross join lateral (
        select message_id, due_at
        from status_updates
        where location_id = o.location_id and due_at <= $1
        order by location_id, due_at
        limit o.room
    ) next
    where (select count(*) from oldest) = $7
),
-- The first of each location, then the second; a location with less room has some in hand, and comes later. Chance
-- decides among equals, so that nobody is always the last.
due as (
    select location_id, message_id
    from (
        select location_id, message_id, room,
            row_number() over (partition by location_id order by due_at, message_id) as turn
        from found
    ) f
    where turn <= room
    order by turn - room, random()
),
-- Locks each by its key and keeps those that are still due; what another worker has locked is passed over. `limit 1` keeps
-- the condition outside: inside, the planner could choose another index.
locked as (
    select s.location_id, s.message_id
    from due
    cross join lateral (
        select s.location_id, s.message_id, s.due_at
        from status_updates s
        where s.location_id = due.location_id and s.message_id = due.message_id
        limit 1
        for update skip locked
    ) s
    where s.due_at <= $1
    limit $3
)
-- They are this owner's until the end of the lease. `= any (array[…])` is used because, with `=`, the planner could read
-- the whole index for the join while it does not know yet how many rows there are.
update status_updates s
set attempt = s.attempt + 1, due_at = $2, is_down = false
from locked
where s.location_id = any (array[locked.location_id]) and s.message_id = locked.message_id
returning s.location_id, s.message_id, s.ghl_message_id, s.status,
    reason_of(s.reason_code, s.reason_args) as "reason: Reason",
    s.failures, s.waits, s.attempt,
    (select o.accepted_at from outbound o where o.location_id = s.location_id and o.id = s.message_id) as accepted_at
