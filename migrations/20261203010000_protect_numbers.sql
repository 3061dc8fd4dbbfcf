-- How numbers are protected: what people decide, whom they wrote to, and what WhatsApp refused.

alter table numbers
    -- When it was connected the first time; null: at `connected_at`.
    add column first_connected_at timestamptz,
    -- Messages to people who never wrote leave slowly; null: as the deployment says.
    add column protects boolean,
    -- Why the next of those waits until `cold_next_at`, and since when; null: for its pause only.
    add column cold_code text,
    add column cold_args jsonb,
    add column cold_since timestamptz,
    -- WhatsApp refused a message: until when nothing leaves to people who never wrote.
    add column strangers_from timestamptz,
    -- Since when nothing leaves that no person wrote, until a person says so.
    add column stopped_at timestamptz,
    -- When a person said so last.
    add column went_on_at timestamptz;

-- What people decided about a number; no row: as it comes.
create table protection_settings (
    location_id text not null,
    number text not null,
    -- It was used for long before it was connected.
    is_old boolean not null,
    -- First contacts a day and an hour; null: by the program's table.
    daily int,
    hourly int,
    -- The minutes of the day between which people are written to who never wrote.
    from_minute int not null,
    until_minute int not null,
    -- The IANA name of the zone of these; null: the sub-account's.
    zone text,
    primary key (location_id, number)
);

-- The people who never wrote and whom a number wrote to, or asked about, each once a day of its zone.
create table first_contacts (
    location_id text not null,
    number text not null,
    day date not null,
    -- The number that people dial, digits.
    phone text not null,
    at timestamptz not null,
    primary key (location_id, number, day, phone)
);

-- What went to people who never wrote, so that nobody gets the same twice in a day.
create table sent_texts (
    location_id text not null,
    phone text not null,
    -- SHA-256 of its texts and the addresses of its files.
    hash bytea not null,
    message_id bigint not null,
    at timestamptz not null,
    primary key (location_id, phone, hash)
);

-- WhatsApp's refusals with the code of a restricted number, each once.
create table restrictions (
    location_id text not null,
    number text not null,
    wa_message_id text not null,
    at timestamptz not null,
    primary key (location_id, number, wa_message_id)
);

-- Why a message waits because its number is protected. `route`: the number that it leaves from; '': the default one.
create function protection_reason(a_location text, a_route text, a_is_cold boolean, a_source text, a_has_sender boolean)
returns jsonb
language sql stable as $$
    select case
        when n.protects is false then null
        when n.stopped_at is not null
            and not coalesce(a_source = 'app' or a_source = 'unknown' and a_has_sender, false)
            then reason_of('automated_stopped', null)
        when a_is_cold then reason_of(n.cold_code, n.cold_args)
    end
    from numbers n
    where n.location_id = a_location
      and (n.number = a_route or a_route = '' and n.is_default)
    limit 1
$$;

create or replace view messages as
    select 'outbound' as direction, location_id, id, state,
        case
            when state = 'accepted' then coalesce(
                protection_reason(location_id, route, is_cold, source, has_sender),
                reason_of(reason_code, reason_args)
            )
            else reason_of(reason_code, reason_args)
        end as reason,
        number, right(chat, 4) as chat_end, ghl_message_id, parts_sent, parts, accepted_at,
        false as is_echo
    from outbound
    union all
    select 'inbound', location_id, id, state, reason_of(reason_code, reason_args), number,
        right(phone, 4), ghl_message_id, null::int, null::int, accepted_at,
        -- What the business wrote and GHL does not get: as a rule the echo of a message that is in the list already.
        from_me and state = 'ignored'
    from inbound;

-- A message that waits for its turn among first contacts does not grow old; when it leaves that queue, its age begins.
drop index outbound_by_age;
create index outbound_by_age
    on outbound (
        (priority > 0),
        (case when state = 'accepted' and not is_cold then coalesce(waits_since, accepted_at) end)
    )
    where case when state = 'accepted' and not is_cold then coalesce(waits_since, accepted_at) end is not null;
-- But it does not wait for ever.
create index outbound_by_cold_age
    on outbound ((case when state = 'accepted' and is_cold then coalesce(waits_since, accepted_at) end))
    where case when state = 'accepted' and is_cold then coalesce(waits_since, accepted_at) end is not null;

-- Messages wait because WhatsApp refused some.
alter table incidents drop constraint incidents_kind_check;
alter table incidents add constraint incidents_kind_check check (
    kind in (
        'provider', 'link', 'silence', 'reinstall', 'replaced', 'restricted', 'undelivered', 'unheard', 'taken',
        'gateway', 'agency', 'client_keys', 'alerts',
        'paused'
    )
);
