-- What left for GHL and what GHL told afterwards, in one order that no clock decides: two processes' clocks differ, and
-- an event kept by the one may look older than the departure kept by the other. Numbers are those of message_ids.
alter table inbound
    -- When the post left that is not cleared up; the first, if it left again.
    add column departed_place bigint,
    -- Looks in a row, since it last left, at a conversation that another message has come into.
    add column looks int not null default 0;
alter table app_events add column place bigint;
alter table app_events alter column place set default nextval('message_ids');
