-- Messages counted by hour, for charts; and who did what.

-- What became of the messages of an hour (of their arrival), of each number and way.
create table hour_counts (
    location_id text not null,
    hour timestamptz not null,
    direction text not null check (direction in ('outbound', 'inbound')),
    -- Digits; empty: none was chosen yet.
    number text not null,
    -- All but those that are for nobody.
    total integer not null,
    -- WhatsApp took them; 0 for those from WhatsApp.
    sent integer not null,
    -- On the customer's phone; from WhatsApp: in GHL.
    delivered integer not null,
    read integer not null,
    failed integer not null,
    -- Those of `delivered` whose time is known, and how many of them took no longer.
    timed integer not null,
    within_2s integer not null,
    within_5s integer not null,
    within_10s integer not null,
    within_30s integer not null,
    within_1min integer not null,
    within_5min integer not null,
    within_1h integer not null,
    -- The first of them, where the next count of the hour begins.
    first_id bigint not null,
    primary key (location_id, hour, direction, number)
);
create index hour_counts_by_hour on hour_counts (hour);

-- When the hours of a location are counted next. A claim raises `attempt` and moves `due_at` to the end of its lease.
create table hour_count_turns (
    location_id text primary key,
    due_at timestamptz not null,
    attempt integer not null default 0,
    -- When its newest hours were counted, its last day's, its last week's; none: never.
    counted_at timestamptz,
    day_at timestamptz,
    week_at timestamptz
);
create index hour_count_turns_due on hour_count_turns (due_at);
