-- How many rows are in each queue and state, $1 at most, and since when the oldest waits. Each part has the order of an
-- index, so that no plan reads the table instead.
with recursive
-- The first message of each conversation that waits for GHL, found one after the other in the index `inbound_waiting`.
heads as (
    (
        select location_id, conversation, accepted_at
        from inbound
        where state = 'accepted'
        order by location_id, conversation, sent_at, id
        limit 1
    )
    union all
    select next.location_id, next.conversation, next.accepted_at
    from heads
    cross join lateral (
        select location_id, conversation, accepted_at
        from inbound
        where state = 'accepted' and (location_id, conversation) > (heads.location_id, heads.conversation)
        order by location_id, conversation, sent_at, id
        limit 1
    ) next
)
-- To WhatsApp. The oldest is the first of a queue and a priority.
select 'outbound' as "queue!: Queue", 'accepted' as "state!: QueueState",
    (
        select count(*)
        from (
            select 1
            from outbound
            where state = 'accepted'
            order by location_id, route, is_cold, priority desc, id
            limit $1
        ) w
    ) as "count!",
    (
        select min(first.accepted_at)
        from outbound_queues q
        cross join (values (0::smallint), (1), (2), (3)) priorities (priority)
        cross join lateral (
            select accepted_at
            from outbound o
            where o.state = 'accepted' and o.location_id = q.location_id and o.route = q.route and o.is_cold = q.is_cold
              and o.priority = priorities.priority
            order by o.id
            limit 1
        ) first
    ) as oldest
union all
select 'outbound', 'sending', count(*), min(accepted_at)
from (
    select accepted_at
    from outbound
    where state = 'sending'
    order by due_at
    limit $1
) w
union all
select 'outbound', 'unconfirmed', count(*), min(accepted_at)
from (
    select accepted_at
    from outbound
    where state = 'unconfirmed'
    order by due_at
    limit $1
) w
-- To GHL. The oldest is the head of a conversation.
union all
select 'inbound', 'accepted',
    (
        select count(*)
        from (
            select 1
            from inbound
            where state = 'accepted'
            order by location_id, conversation, sent_at, id
            limit $1
        ) w
    ),
    (
        select min(accepted_at)
        from (select accepted_at from heads limit $1) h
    )
union all
select 'inbound', 'held', count(*), min(accepted_at)
from (
    select accepted_at
    from inbound
    where state = 'held'
    order by location_id, conversation
    limit $1
) w
-- Status updates for GHL.
union all
select 'statuses', 'due', count(*), min(due_at)
from (
    select due_at
    from status_updates
    order by due_at
    limit $1
) w
-- Waapify's events. The oldest is the first of a number.
union all
select 'gateway_events', 'accepted',
    (
        select count(*)
        from (
            select 1
            from waapify_events
            where state = 'accepted'
            order by location_id, number, coalesce(place, id), id
            limit $1
        ) w
    ),
    (
        select min(head.received_at)
        from numbers n
        cross join lateral (
            select e.received_at
            from waapify_events e
            where e.location_id = n.location_id and e.number = n.number and e.state = 'accepted'
            order by coalesce(e.place, e.id), e.id
            limit 1
        ) head
    )
-- Customers' files.
union all
select 'files', 'wanted', count(*), min(due_at)
from (
    select due_at
    from inbound_media
    where state = 'wanted'
    order by due_at
    limit $1
) w
-- GHL's events.
union all
select 'app_events', 'accepted', count(*), min(received_at)
from (
    select received_at
    from ghl_events
    where state = 'accepted'
    order by id
    limit $1
) w
