-- Customers who want no more messages, as they said here and as GHL says; and who wrote a message, as GHL says.

-- A customer's last word: STOP, or START after it.
create table opt_outs (
    location_id text not null,
    -- The number that people dial, digits; or the address of a sender who hides it.
    phone text not null,
    word text not null check (word in ('stop', 'start')),
    -- When the customer wrote it.
    said_at timestamptz not null,
    -- The message that says so, in `inbound`.
    message_id bigint not null,
    -- GHL's contact, once that message is there.
    contact_id text,
    -- Whether GHL knows.
    state text not null default 'waiting' check (state in ('waiting', 'told', 'was_so', 'lifted', 'refused')),
    reason_code text,
    reason_args jsonb,
    told_at timestamptz,
    -- The one answer that may still leave, since when, and as which message it came back.
    answer text,
    answered_at timestamptz,
    answer_message_id bigint,
    due_at timestamptz not null,
    attempt int not null default 0,
    failures int not null default 0,
    waits int not null default 0,
    primary key (location_id, phone)
);

create index opt_outs_due on opt_outs (due_at) where state = 'waiting';
create index opt_outs_newest on opt_outs (location_id, said_at desc);

-- GHL's "do not disturb" for SMS, where somebody else than we has set it.
create table contact_dnd (
    location_id text not null,
    contact_id text not null,
    is_active boolean not null,
    -- When GHL said so.
    said_at timestamptz not null,
    primary key (location_id, contact_id)
);

-- What a location's people decide about opting out; no row: as it comes.
create table opt_out_settings (
    location_id text primary key,
    is_on boolean not null,
    -- Null: the words that the program brings.
    stop_words text[],
    start_words text[],
    -- What a customer is answered once; null: nothing.
    answer text
);

-- Messages about which GHL is to be asked who wrote them.
create table source_looks (
    location_id text not null,
    message_id bigint not null,
    due_at timestamptz not null,
    attempt int not null default 0,
    failures int not null default 0,
    primary key (location_id, message_id)
);

create index source_looks_due on source_looks (due_at);

alter table outbound
    -- The delivery names a user; null in rows of older versions.
    add column has_sender boolean,
    -- What GHL says of its origin; 'unknown' where it does not say.
    add column source text check (source in ('app', 'workflow', 'api', 'campaign', 'bulk_actions', 'unknown'));

-- Who says that a contact with one of these numbers wants no message that no person wrote: 'customer', 'ghl', or nobody.
-- What a sender said whose number was hidden then counts under the number, too.
create function opt_out_of(a_location text, phones text[], a_contact text) returns text
language sql stable as $$
    select case
        when exists (
            select 1
            from opt_outs
            where location_id = a_location
              and phone = any (
                phones || array(
                    select lid || '@lid'
                    from lids
                    where location_id = a_location and lids.phone = any (phones)
                )
              )
              and word = 'stop'
        ) then 'customer'
        when exists (
            select 1
            from contact_dnd
            where location_id = a_location and contact_id = a_contact and is_active
        ) then 'ghl'
    end
$$;
