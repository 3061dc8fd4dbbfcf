-- The phone behind each hidden address (LID) of WhatsApp, once it is known. A row without a phone is a LID that a held
-- message waits for: whoever records such a message and whoever learns the phone lock this row, one after the other.
create table lids (
    location_id text not null,
    lid text not null,
    phone text,
    -- The name that came with it.
    name text,
    -- When it was said; of two that contradict each other the later one counts.
    said_at timestamptz,
    primary key (location_id, lid)
);

-- WhatsApp groups: what they are called, and who makes GHL's contact of one this moment.
create table groups (
    location_id text not null,
    group_jid text not null,
    subject text,
    making_until timestamptz,
    primary key (location_id, group_jid)
);

alter table numbers add column forwards_groups boolean not null default false;

-- A held message whose content is still to come: until `due_at`, then it is posted as it is.
alter table inbound add column undecrypted boolean not null default false;
-- A conversation by LID says so, so that no LID is ever taken for a phone.
update inbound set conversation = conversation || '@lid' where state = 'held' and phone is null;
create index inbound_held on inbound (location_id, conversation) where state = 'held';
create index inbound_undecrypted on inbound (due_at) where state = 'held' and undecrypted;
