-- Claims the first waiting events of some numbers; see `claim` in `waapify_events.rs`.
-- $1 now, $2 end of the lease, $3 limit, $4 events of a run, $5 bytes of a run, $6 numbers that are in hand (`Capacity` in
-- `src/db/queue.rs`), $7 numbers of a location that may be in hand, $8 and $9 location and number after which the look
-- begins, $10 numbers that are looked at in one location.
with recursive in_hand as materialized (
    select key, split_part(key, ' ', 1) as location_id
    from jsonb_object_keys($6::text::jsonb) key
),
-- The numbers with waiting events and the first event of each, from one number to the next along the index: from the place
-- to the end, then from the beginning to the place. It ends when enough are found to give each location a turn, so that
-- neither a long backlog, nor the numbers without events, nor a thousand others that wait cost anything.
walk as (
    select $8::text as location_id, $9::text as number, null::bigint as id, null::text as state, null::int as attempt,
        false as is_ready, 0::bigint as looked_at,
        (select count(*) from in_hand where in_hand.location_id = $8) as busy,
        0::bigint as ready, 0::bigint as found, 0::bigint as step, false as has_turned
    union all
    select coalesce(next.location_id, ''), coalesce(next.number, ''), next.id, next.state, next.attempt, usable.is_ready,
        here.looked_at + 1, here.busy, here.ready + usable.is_ready::int,
        w.found + (usable.is_ready and here.busy + here.ready < $7)::int, w.step + 1,
        w.has_turned or next.location_id is null
    from walk w
    left join lateral (
        select location_id, number, id, state, attempt, due_at
        from waapify_events
        where state = 'accepted'
            and (location_id, number) > (
                w.location_id,
                -- No number has more than 15 digits: that ends the look at a location.
                case when w.looked_at >= $10 or w.busy >= $7 then '9999999999999999' else w.number end
            )
        order by location_id, number, coalesce(place, id), id
        limit 1
    ) next on true
    cross join lateral (
        select case when is_same then w.looked_at else 0 end as looked_at,
            case when is_same then w.ready else 0 end as ready,
            case
                when is_same then w.busy
                else (select count(*) from in_hand where in_hand.location_id = next.location_id)
            end as busy
        from (values (coalesce(next.location_id = w.location_id, false))) location (is_same)
    ) here
    cross join lateral (
        -- Only of a number that is known still. One that is in hand is not claimed again, even if its lease has ended.
        select coalesce(next.due_at <= $1, false)
            and next.location_id || ' ' || next.number <> all (array(select key from in_hand))
            and exists (select 1 from numbers n where n.location_id = next.location_id and n.number = next.number)
            as is_ready
    ) usable
    where w.found < $3 * $7
        and (not w.has_turned or (next.location_id, next.number) <= ($8, $9))
),
-- One number of each location, then the second; of a location the one that waits longest.
heads as (
    select location_id, id, state, attempt, step
    from (
        select location_id, id, state, attempt, step,
            row_number() over (partition by location_id order by id) + busy as turn
        from walk
        where is_ready
    ) first
    where turn <= $7
    order by turn, step
    limit $3
),
-- Locks each head by its key; the process that has locked a head may take the events that follow it. A head that
-- another process has locked, or claimed meanwhile, is skipped with all that follows it. `heads.state` is used because,
-- with the constant 'accepted', the planner could choose the index of waiting events and read all of it.
locked as (
    select e.location_id, e.id, e.number, e.place, heads.step
    from heads
    cross join lateral (
        select e.location_id, e.id, e.number, coalesce(e.place, e.id) as place
        from waapify_events e
        where e.location_id = heads.location_id
            and e.id = heads.id
            and e.state = heads.state
            and e.attempt = heads.attempt
            and e.due_at <= $1
        for update skip locked
    ) e
),
-- The head, and the events that follow it as long as all of them are new and small together.
run as (
    select e.location_id, e.id, e.attempt, e.id = l.id as is_head, l.step
    from locked l
    cross join lateral (
        select next.location_id, next.id, next.attempt,
            bool_and(next.is_new) over upto and sum(next.bytes) over upto <= $5 as fits
        from (
            select location_id, id, attempt, coalesce(place, id) as place,
                attempt = 0 and due_at <= $1 as is_new, octet_length(body) as bytes
            from waapify_events
            where location_id = l.location_id and number = l.number and state = 'accepted'
                and (coalesce(place, id), id) >= (l.place, l.id)
            order by coalesce(place, id), id
            limit $4
        ) next
        window upto as (order by next.place, next.id)
    ) e
    where e.fits or e.id = l.id
),
claimed as (
    -- A lease of the head that nobody ended is that of a process that stopped while it read this event. What follows the
    -- head is read after it, so nothing is held against it. `= any (array[…])` is used because, with `=`, the planner could
    -- read the whole index for the join while it does not know yet how many rows there are.
    update waapify_events e
    set attempt = e.attempt + 1, due_at = $2, is_leased = run.is_head,
        crashed_attempts = e.crashed_attempts + e.is_leased::int
    from run
    where e.location_id = any (array[run.location_id]) and e.id = run.id and e.attempt = run.attempt
    returning e.location_id, e.id, e.number, e.body, e.attempt, e.received_at, e.crashed_attempts, e.failures, e.place,
        e.due_at, run.step
)
select location_id as "location_id!: LocationId", id as "id!", number as "number!", body as "body!",
    attempt as "attempt!", received_at as "received_at!", crashed_attempts as "crashed_attempts!",
    failures as "failures!", due_at as "leased_until!",
    exists (
        select 1
        from numbers n
        where n.location_id = claimed.location_id and n.webhook_secret is not null and not n.is_default
    ) as "is_of_several!"
from claimed
order by step, coalesce(place, id), id
