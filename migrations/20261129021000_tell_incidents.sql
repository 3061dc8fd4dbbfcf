-- Alerts: whom incidents are told, whose turn it is, and what each was told.

-- The targets that agencies set themselves. The operator's are settings.
create table alert_targets (
    company_id text not null,
    kind text not null check (kind in ('webhook', 'mail')),
    -- Sealed: the address of a webhook is often a secret.
    address bytea not null,
    -- Sealed: signs what is posted; none for mail.
    secret bytea,
    -- The body of a post; empty: our own form.
    template text not null default '' check (length(template) <= 2000),
    language text not null check (language in ('en', 'ms')),
    set_at timestamptz not null,
    primary key (company_id, kind)
);

-- One row for each target, and one for the watch over the service itself. Whoever holds the lease has the turn.
create table alert_channels (
    channel text primary key,
    due_at timestamptz not null,
    lease_until timestamptz,
    failures integer not null default 0,
    -- Since when nothing could be delivered, and why.
    failing_since timestamptz,
    fault text check (fault in ('unreachable', 'refused', 'not_public', 'sealed')),
    -- What a target answered.
    fault_status integer,
    told_at timestamptz,
    -- A person wants to see whether it works.
    test_at timestamptz
);
create index alert_channels_due on alert_channels (due_at);

-- What a target was told and is not over for it.
create table alerts (
    channel text not null references alert_channels (channel) on delete cascade,
    location_id text not null,
    number text not null,
    kind text not null,
    since timestamptz not null,
    told_at timestamptz not null,
    primary key (channel, location_id, number, kind)
);

-- Incidents of the service itself have no location.
alter table incidents drop constraint incidents_kind_check;
alter table incidents add constraint incidents_kind_check check (
    kind in (
        'provider', 'link', 'silence', 'reinstall', 'replaced', 'restricted', 'undelivered', 'unheard',
        'gateway', 'agency', 'client_keys', 'alerts'
    )
);
create index incidents_ended on incidents (location_id, number, kind, resolved_at) where resolved_at is not null;
