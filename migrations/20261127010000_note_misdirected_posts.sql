-- What GHL posted to a wrong address: when each kind came last.
create table misdirected_posts (
    kind text primary key,
    last_at timestamptz not null
);

-- A location of which only a delivery told: all agencies have to be asked about it, and few such locations are asked
-- about at a time.
alter table locations
    add column named_by_delivery boolean not null default false,
    add column agencies_asked_at timestamptz;
create index locations_asked_about on locations (agencies_asked_at) where agencies_asked_at is not null;
