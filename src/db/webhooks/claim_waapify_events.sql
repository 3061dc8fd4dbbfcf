-- Claims the first waiting events of some numbers; see `claim` in `waapify_events.rs`.
-- $1 now, $2 end of the lease, $3 limit, $4 events of a run, $5 bytes of a run, $6 numbers that are in hand (`Capacity` in
-- `src/db/queue.rs`), $7 numbers of a location that may be in hand.
with recursive in_hand as materialized (
    select key, split_part(key, ' ', 1) as location_id
    from jsonb_object_keys($6::text::jsonb) key
),
-- The numbers with waiting events, from one to the next along the index, so that neither the numbers without any nor a
-- long backlog cost anything.
waiting as (
    (
        select location_id, number
        from waapify_events
        where state = 'accepted'
        order by location_id, number, coalesce(place, id), id
        limit 1
    )
    union all
    select next.location_id, next.number
    from waiting
    cross join lateral (
        select location_id, number
        from waapify_events
        where state = 'accepted' and (location_id, number) > (waiting.location_id, waiting.number)
        order by location_id, number, coalesce(place, id), id
        limit 1
    ) next
),
-- The first waiting event of each. A number that is in hand is not claimed again, even if its lease has ended.
firsts as (
    select head.location_id, head.id, head.state, head.attempt,
        row_number() over (partition by n.location_id order by head.id)
            + (select count(*) from in_hand where in_hand.location_id = n.location_id) as turn
    from waiting n
    -- Only of a number that is known still. `limit 1` keeps the planner from reading all numbers.
    cross join lateral (
        select 1
        from numbers
        where location_id = n.location_id and number = n.number
        limit 1
    ) known
    cross join lateral (
        select e.location_id, e.id, e.state, e.attempt, e.due_at
        from waapify_events e
        where e.location_id = n.location_id and e.number = n.number and e.state = 'accepted'
        order by coalesce(e.place, e.id), e.id
        limit 1
    ) head
    where head.due_at <= $1
        and n.location_id || ' ' || n.number <> all (array(select key from in_hand))
),
-- One number of each location, then the second. Chance decides among equals, so that nobody is always the last.
heads as (
    select location_id, id, state, attempt
    from firsts
    where turn <= $7
    order by turn, random()
    limit $3
),
-- Locks each head by its key; the process that has locked a head may take the events that follow it. A head that
-- another process has locked, or claimed meanwhile, is skipped with all that follows it. `heads.state` is used because,
-- with the constant 'accepted', the planner could choose the index of waiting events and read all of it.
locked as (
    select e.location_id, e.id, e.number, e.place
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
    select e.location_id, e.id, e.attempt, e.id = l.id as is_head
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
        e.due_at
)
select location_id as "location_id!: LocationId", id as "id!", number as "number!", body as "body!",
    attempt as "attempt!", received_at as "received_at!", crashed_attempts as "crashed_attempts!",
    failures as "failures!", due_at as "leased_until!"
from claimed
order by location_id, number, coalesce(place, id), id
