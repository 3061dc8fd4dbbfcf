-- Outages of GHL, and the age of messages to WhatsApp.

-- Since when GHL fails for this location, and when the next failure may be the probe.
alter table rate_limits add column down_since timestamptz;
alter table rate_limits add column probe_at timestamptz;

-- The last try failed because GHL was down: the next answer of GHL to the location makes it due.
alter table inbound add column is_down boolean not null default false;
alter table status_updates add column is_down boolean not null default false;

-- From when its age counts, if not from its acceptance: it was replayed.
alter table outbound add column waits_since timestamptz;
-- The condition is one that no other index of the table fulfils: while statistics do not count the waiting rows yet, the
-- planner could choose another one and read all of it.
create index outbound_by_age
    on outbound ((priority > 0), (case when state = 'accepted' then coalesce(waits_since, accepted_at) end))
    where case when state = 'accepted' then coalesce(waits_since, accepted_at) end is not null;
