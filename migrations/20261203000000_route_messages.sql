-- Which of a location's numbers a message leaves from.

-- The number that a contact last wrote to, or was last written from; null while its location has only one.
alter table contacts add column last_number text;

alter table outbound
    -- The number from which it leaves; '': its location's default number.
    add column route text not null default '',
    -- It is written to somebody who has never written: such messages leave less often.
    add column is_cold boolean not null default false;

-- When the next message to somebody who has never written may leave; null: now.
alter table numbers add column cold_next_at timestamptz;

-- What was sent in part, or may have been, stays with its number.
update outbound
set route = number
where state in ('accepted', 'sending', 'unconfirmed') and number is not null
  and (parts_sent > 0 or unconfirmed_sends > 0);

drop index outbound_begun;
drop index outbound_waiting;
create index outbound_waiting on outbound (location_id, route, is_cold, priority desc, id) where state = 'accepted';

drop index numbers_by_next_send;
create index numbers_by_next_send on numbers (next_send_at) where is_default or webhook_secret is not null;

-- The number for a new message to a contact; '': the default. Asked only where a location has more than one.
create function route_of(a_location text, a_contact text) returns text
language sql stable as $$
    select coalesce(
        (
            select n.number
            from contacts c
            join numbers n on n.location_id = c.location_id and n.number = c.last_number
            where c.location_id = a_location and c.contact_id = a_contact and n.webhook_secret is not null
            order by c.wrote_at desc nulls last
            limit 1
        ),
        ''
    )
$$;

-- What waits, divided as `outbound_waiting` is: found by a walk from one queue to the next along that index, so that a long
-- queue costs no more than a short one.
create view outbound_queues as
with recursive queues as (
    (
        select location_id, route, is_cold
        from outbound
        where state = 'accepted'
        order by location_id, route, is_cold, priority desc, id
        limit 1
    )
    union all
    select next.location_id, next.route, next.is_cold
    from queues
    cross join lateral (
        select o.location_id, o.route, o.is_cold
        from outbound o
        where o.state = 'accepted'
          and (o.location_id, o.route, o.is_cold) > (queues.location_id, queues.route, queues.is_cold)
        order by o.location_id, o.route, o.is_cold, o.priority desc, o.id
        limit 1
    ) next
)
select location_id, route, is_cold
from queues;
