-- What the watch notices by itself, from its beginning to its end.
create table troubles (
    location_id text not null,
    id bigint generated always as identity,
    -- The number that it is about, digits; empty: the location as a whole.
    number text not null default '',
    kind text not null check (kind in ('provider', 'link', 'silence', 'reinstall')),
    -- More about it: a provider's name, GHL's words, or a word of our own.
    detail text,
    since timestamptz not null,
    last_seen_at timestamptz not null,
    -- null: it is there still.
    healed_at timestamptz,
    primary key (location_id, id)
);
create unique index troubles_open on troubles (location_id, number, kind) where healed_at is null;

alter table locations
    -- When the watch looks at it next, or its lease while it does. A new location is being set up for some minutes.
    add column watch_at timestamptz not null default now() + interval '5 minutes',
    -- When GHL said last that we are its default SMS provider: only then somebody can have switched away.
    add column provider_at timestamptz;
-- Those that are there already are looked at one after the other.
update locations set watch_at = now() + random() * interval '15 minutes';
create index locations_to_watch on locations (watch_at) where uninstalled_at is null;

-- What GHL said to the app's own keys, which can be tried only by using them; by the hash of both.
create table app_keys (
    keys_hash bytea primary key,
    accepted_at timestamptz,
    refused_at timestamptz,
    refusal text
);
-- What a token may do, in GHL's words; null where it did not say.
alter table tokens add column scope text;

-- What was sent last: the gateway reports each send within seconds, if its webhook points here.
create index receipts_by_time on receipts (location_id, seen_at) where message_id is not null;
