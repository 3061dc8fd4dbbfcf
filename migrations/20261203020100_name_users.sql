-- What GHL calls its users, as it told when they opened the app's page: the audit has their ids.
create table user_names (
    user_id text primary key,
    name text not null check (length(name) between 1 and 200),
    told_at timestamptz not null
);

create index user_names_by_time on user_names (told_at);
