-- Who did what, for a year: people on the pages and at the command line.
create table audit (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    -- Whoever it was: the operator in a browser or with a program, a user of the machine, a user inside GHL, who opened a link.
    actor_kind text not null check (actor_kind in ('operator', 'command', 'user', 'link')),
    -- GHL's id of a user with the role, the name of a user of the machine; none: not known.
    actor text,
    action text not null,
    -- Empty: the service.
    location_id text not null default '',
    -- Which number, message or target, without a customer's number.
    place text,
    -- How many rows it was about.
    count integer,
    outcome text not null check (outcome in ('done', 'refused', 'failed'))
);
create index audit_of_location on audit (location_id, id);
-- The oldest are deleted first.
create index audit_by_time on audit (at);
