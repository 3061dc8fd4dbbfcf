-- The first waiting event of each number, found number by number, so that a long backlog costs no more than a
-- short one.
with heads as (
    select head.location_id, head.id, head.state, head.attempt
    from numbers n
    cross join lateral (
        select e.location_id, e.id, e.state, e.attempt, e.due_at
        from waapify_events e
        where e.location_id = n.location_id and e.number = n.number and e.state = 'accepted'
        order by e.id
        limit 1
    ) head
    where head.due_at <= $1
    order by head.id
    limit $3
),
-- Locks each head by its key; the process that has locked a head may take the events that follow it. A head that
-- another process has locked, or claimed meanwhile, is skipped with all that follows it. `heads.state` is used because,
-- with the constant 'accepted', the planner could choose the index of waiting events and read all of it.
locked as (
    select e.location_id, e.id, e.number
    from heads
    cross join lateral (
        select e.location_id, e.id, e.number
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
    select e.location_id, e.id, e.attempt
    from locked l
    cross join lateral (
        select next.location_id, next.id, next.attempt,
            bool_and(next.is_new) over upto and sum(next.bytes) over upto <= $5 as fits
        from (
            select location_id, id, attempt, attempt = 0 and due_at <= $1 as is_new, octet_length(body) as bytes
            from waapify_events
            where location_id = l.location_id and number = l.number and state = 'accepted' and id >= l.id
            order by id
            limit $4
        ) next
        window upto as (order by next.id)
    ) e
    where e.fits or e.id = l.id
),
claimed as (
    -- `= any (array[…])` is used because, with `=`, the planner could read the whole index for the join while it does
    -- not know yet how many rows there are.
    update waapify_events e
    set attempt = e.attempt + 1, due_at = $2
    from run
    where e.location_id = any (array[run.location_id]) and e.id = run.id and e.attempt = run.attempt
    returning e.location_id, e.id, e.number, e.body, e.attempt, e.received_at
)
select location_id as "location_id!: LocationId", id as "id!", number as "number!", body as "body!",
    attempt as "attempt!", received_at as "received_at!"
from claimed
order by location_id, number, id
