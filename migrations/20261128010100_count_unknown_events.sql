-- Events of the gateway that nobody understood: how often a body of each shape came to a number. A shape has names of
-- fields and no contents.
create table unknown_events (
    location_id text not null,
    number text not null,
    shape text not null,
    count bigint not null,
    first_at timestamptz not null,
    last_at timestamptz not null,
    primary key (location_id, number, shape)
);
