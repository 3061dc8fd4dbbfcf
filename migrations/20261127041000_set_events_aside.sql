-- `is_leased`: a process reads this event first of those that it claimed; whoever finds that its lease has ended counts a
-- crashed attempt. `failures`: tries that failed because of the event. `place`: the event whose place in the number's order a
-- part of it takes; null for whole events.
alter table waapify_events
    add column is_leased boolean not null default false,
    add column crashed_attempts integer not null default 0,
    add column failures integer not null default 0,
    add column place bigint;

create index waapify_events_in_order on waapify_events (location_id, number, coalesce(place, id), id) where state = 'accepted';
