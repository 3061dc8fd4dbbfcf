-- What GHL posts about the app, how a location's install stands, and when its token is looked after.

-- App webhooks as the bytes they came in.
create table app_events (
    id bigint generated always as identity primary key,
    -- GHL's id of the event; one without cannot be recognised when it comes again.
    webhook_id text unique,
    event_type text not null,
    body bytea not null,
    state text not null check (state in ('accepted', 'done', 'ignored', 'failed')),
    reason text,
    claims int not null default 0,
    due_at timestamptz not null,
    received_at timestamptz not null
);
create index app_events_waiting on app_events (id) where state = 'accepted';

alter table locations
    add column uninstalled_at timestamptz,
    -- Installed by itself, with a grant of its own: the uninstall of its company leaves it alone.
    add column installed_alone boolean not null default false,
    -- When its company is asked for its token next; null while nobody asks.
    add column mint_at timestamptz,
    add column mint_failures int not null default 0,
    -- Why no company gave a token; null while that is not known.
    add column mint_refusal text,
    -- GHL's own time of its last INSTALL: an UNINSTALL from before it is about an earlier install.
    add column said_installed_at timestamptz;
-- A location whose company has no token of ours was installed by its own grant.
update locations l set installed_alone = true
where exists (select 1 from tokens t where t.owner_id = l.location_id and t.owner_kind = 'location')
  and not exists (select 1 from tokens t where t.owner_id = l.company_id and t.owner_kind = 'company');
create index locations_to_mint on locations (mint_at) where mint_at is not null;
create index locations_by_company on locations (company_id);

-- Agencies that installed the app.
create table companies (
    company_id text primary key,
    -- When GHL is asked next which of its locations have the app.
    list_at timestamptz not null,
    list_failures int not null default 0
);
create index companies_to_list on companies (list_at);
insert into companies (company_id, list_at) select owner_id, now() from tokens where owner_kind = 'company';

alter table tokens
    -- When the pair is renewed; after a failure nobody tries sooner.
    add column refresh_at timestamptz not null default now(),
    add column refresh_failures int not null default 0,
    -- Why it could not be renewed the last time; null when it could.
    add column trouble text check (trouble in ('failing', 'inactive', 'needs_reinstall')),
    add column trouble_detail text;
update tokens set refresh_at = expires_at - interval '1 hour';
create index tokens_to_refresh on tokens (refresh_at);
create index tokens_interrupted on tokens (refresh_lease_until) where refresh_lease_until is not null;

-- An uninstalled location's numbers stay, without their secrets.
alter table numbers
    alter column access_token drop not null,
    alter column webhook_secret drop not null,
    alter column webhook_secret_hash drop not null,
    -- The location was uninstalled: when Waapify is told (again) to post nothing more. Null when it knows.
    add column disconnect_at timestamptz,
    add column disconnect_failures int not null default 0;
create index numbers_to_disconnect on numbers (disconnect_at) where disconnect_at is not null;

-- How often a message was put back because its location has no token: no failure of its own. `is_waiting` from then
-- until it is claimed again, so that an install can call in what waits and nothing that is being worked on.
alter table inbound add column waits int not null default 0, add column is_waiting boolean not null default false;
alter table outbound add column is_waiting boolean not null default false;
alter table status_updates add column waits int not null default 0;
