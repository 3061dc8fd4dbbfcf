-- What strangers may cost, and who may change what.

alter table connect_links
    -- How often keys were tried with it.
    add column tries integer not null default 0,
    -- It was made for a user whom GHL proved, on the page inside GHL.
    add column made_inside boolean not null default false;
create index connect_links_by_location on connect_links (location_id);

-- Secrets of webhook addresses that are good beside a number's current one, until a moment: the one before a connect,
-- and one that a connect is about to store.
create table earlier_webhook_secrets (
    secret_hash bytea primary key,
    location_id text not null,
    number text not null,
    ends_at timestamptz not null,
    foreign key (location_id, number) references numbers (location_id, number) on delete cascade
);
create index earlier_webhook_secrets_by_number on earlier_webhook_secrets (location_id, number);

-- Sessions that were signed out before their time: a row stays until then.
create table ended_sessions (
    session_hash bytea primary key,
    ends_at timestamptz not null
);

-- What GHL calls sub-accounts and agencies, by their ids.
create table account_names (
    owner_id text primary key,
    name text not null check (length(name) between 1 and 200)
);

-- When a browser, or GHL's event, last installed the app in the agency: an older UNINSTALL says nothing.
alter table companies add column installed_at timestamptz;

alter table incidents drop constraint troubles_kind_check;
alter table incidents add constraint incidents_kind_check
    check (kind in ('provider', 'link', 'silence', 'reinstall', 'replaced'));
