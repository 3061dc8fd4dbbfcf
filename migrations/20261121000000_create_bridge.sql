-- The bridge's tables. Keys begin with location_id, so that a distributed Postgres can shard by it.
-- Sealed columns hold what crypto::Sealer makes; everything else is plain.

-- One number names a message of either direction.
create sequence message_ids;

create table locations (
    location_id text primary key,
    company_id text,
    -- null: connected by the operator, not installed yet.
    installed_at timestamptz
);

-- OAuth token pairs, of locations and of the companies that location tokens are minted from.
create table tokens (
    owner_id text not null,
    owner_kind text not null check (owner_kind in ('company', 'location')),
    company_id text,
    access_token bytea not null,
    refresh_token bytea,
    expires_at timestamptz not null,
    -- Grows with each new pair; a refresh replaces only the pair it started from.
    version bigint not null default 1,
    -- Until then one process is refreshing this pair.
    refresh_lease_until timestamptz,
    primary key (owner_id, owner_kind)
);

-- WhatsApp numbers, each linked to one Waapify instance.
create table numbers (
    location_id text not null references locations,
    number text not null,
    instance_id text not null,
    access_token bytea not null,
    webhook_secret bytea not null,
    webhook_secret_hash bytea not null unique,
    is_default boolean not null,
    -- Pacing: no send of this number starts before then.
    next_send_at timestamptz not null,
    -- Why sending is on hold; null while it is not.
    hold_reason text,
    connected_at timestamptz not null,
    primary key (location_id, number)
);
create unique index numbers_one_default on numbers (location_id) where is_default;
create index numbers_by_next_send on numbers (next_send_at) where is_default;

-- Single-purpose links to the connect form.
create table connect_links (
    token_hash bytea primary key,
    location_id text not null references locations,
    expires_at timestamptz not null,
    used_at timestamptz
);

-- What GHL asked us to send, as the signed bytes it came in.
create table outbound (
    location_id text not null,
    id bigint not null default nextval('message_ids'),
    ghl_message_id text not null,
    -- The GHL contact, of which each has one conversation.
    conversation text not null,
    body bytea not null,
    state text not null default 'accepted' check (state in
        ('accepted', 'sending', 'unconfirmed', 'sent', 'delivered', 'read', 'failed', 'ignored')),
    reason text,
    -- The number it leaves from and the WhatsApp chat it goes to (digits), once known.
    number text,
    chat text,
    -- Parts (text, attachments) that have left, of how many.
    parts_sent int not null default 0,
    parts int,
    -- Failed attempts at the current part.
    failures int not null default 0,
    -- How often the current part left with an unknown outcome.
    unconfirmed_sends int not null default 0,
    -- How often a worker took this row: the fence against stale owners.
    claims int not null default 0,
    -- The claim whose request has left for the gateway; an older one means that nothing left in this claim.
    departed int not null default 0,
    -- accepted: not before; sending: the owner's lease; unconfirmed: wait for the echo until.
    due_at timestamptz not null,
    accepted_at timestamptz not null,
    primary key (location_id, id),
    unique (location_id, ghl_message_id)
);
create index outbound_due on outbound (due_at) where state in ('accepted', 'sending', 'unconfirmed');
create index outbound_waiting on outbound (location_id, id) where state = 'accepted';
create index outbound_open on outbound (location_id, conversation, id)
    where state in ('accepted', 'sending', 'unconfirmed');

-- One row for each WhatsApp message id of ours: which message it belongs to, and how far WhatsApp got with it.
-- Either half may come first: an ack can overtake the gateway's answer to the send.
create table receipts (
    location_id text not null,
    number text not null,
    wa_message_id text not null,
    message_id bigint,
    part int,
    -- 0 none, 1 pending, 2 server, 3 delivered, 4 read (Baileys' numbers; 5 'played' counts as read).
    level int not null default 0,
    -- WhatsApp's code when it refused the message after the gateway had taken it.
    refused text,
    seen_at timestamptz not null,
    primary key (location_id, number, wa_message_id)
);
create index receipts_by_message on receipts (location_id, message_id);

-- Status updates that GHL has to be told; a row goes when GHL knows.
create table status_updates (
    location_id text not null,
    message_id bigint not null,
    ghl_message_id text not null,
    status text not null check (status in ('delivered', 'read', 'failed')),
    error_code text,
    error_message text,
    failures int not null default 0,
    claims int not null default 0,
    due_at timestamptz not null,
    primary key (location_id, message_id)
);
create index status_updates_due on status_updates (due_at);

-- What Waapify posted, byte for byte.
create table gateway_events (
    location_id text not null,
    id bigint generated always as identity,
    number text not null,
    body bytea not null,
    state text not null default 'accepted' check (state in ('accepted', 'done', 'failed')),
    reason text,
    claims int not null default 0,
    due_at timestamptz not null,
    received_at timestamptz not null,
    primary key (location_id, id)
);
create index gateway_events_waiting on gateway_events (location_id, number, id) where state = 'accepted';

-- WhatsApp messages of others (and what we ignore of our own), to be posted to GHL.
create table inbound (
    location_id text not null,
    id bigint not null default nextval('message_ids'),
    number text not null,
    wa_message_id text not null,
    from_me boolean not null,
    -- The chat, of which each is one conversation.
    conversation text not null,
    -- Digits of the sender; null while only a LID is known, or where nobody asks.
    phone text,
    sender_name text,
    text text,
    sent_at timestamptz,
    state text not null check (state in ('accepted', 'posted', 'ignored', 'held', 'failed')),
    reason text,
    ghl_message_id text,
    failures int not null default 0,
    claims int not null default 0,
    due_at timestamptz not null,
    accepted_at timestamptz not null,
    primary key (location_id, id),
    unique (location_id, number, wa_message_id, from_me)
);
create index inbound_waiting on inbound (location_id, conversation, sent_at, id) where state = 'accepted';

-- GHL's contact for a phone, so that it is looked up once.
create table contacts (
    location_id text not null,
    phone text not null,
    contact_id text not null,
    primary key (location_id, phone)
);

-- Every step of a message, either direction: what a person reads to understand what happened.
create table timeline (
    location_id text not null,
    message_id bigint not null,
    -- Steps of one moment in the order they were written.
    step bigint generated always as identity,
    at timestamptz not null,
    state text not null,
    cause text
);
create index timeline_by_message on timeline (location_id, message_id, at, step);
