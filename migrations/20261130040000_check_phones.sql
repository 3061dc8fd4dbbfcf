-- Waapify is asked whether phones are on WhatsApp, because its answer names their LIDs.

create table phone_checks (
    location_id text not null,
    -- The number that people dial, digits.
    phone text not null,
    -- The number of the business whose instance was asked.
    number text not null,
    asked_at timestamptz not null,
    -- Null: there is no answer yet, or the process ended before it came.
    answer text check (answer in ('yes', 'no', 'unknown', 'unsupported')),
    primary key (location_id, phone)
);

create index phone_checks_of_number on phone_checks (location_id, number, asked_at);

alter table lids
    drop constraint lids_learnt_by_check,
    add constraint lids_learnt_by_check check (learnt_by in ('message', 'receipt', 'quote', 'check'));

create index lids_by_phone on lids (location_id, phone) where phone is not null;
