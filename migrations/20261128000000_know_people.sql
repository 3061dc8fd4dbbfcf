-- Which phone, GHL contact and WhatsApp address belong together, since when, and how that was learnt.

alter table contacts
    add column learnt_at timestamptz,
    -- `delivery`: GHL delivered a message for this contact and phone. `search`: GHL found it by the phone. `made`: we made it.
    add column learnt_by text check (learnt_by in ('delivery', 'search', 'made')),
    -- When GHL last said that the contact has this phone; null: not yet, or there is reason to ask.
    add column checked_at timestamptz,
    -- A contact of a sender without a phone: since then the conversation goes on in the phone's contact.
    add column moved_at timestamptz;

alter table lids
    -- Null: by a message with both, as in older rows.
    add column learnt_by text check (learnt_by in ('message', 'receipt', 'quote'));

-- A phone with two numbers: under which one it answered or acknowledged last.
create table addresses (
    location_id text not null,
    -- The number that people dial, digits.
    phone text not null,
    address text not null,
    seen_at timestamptz not null,
    primary key (location_id, phone)
);
