-- Linking a number by QR code, the page behind a used connect link, and numbers that came with GHL's install form.

alter table connect_links
    -- The instance that waits for a phone to scan its QR code, with its sealed access token.
    add column pending_instance text,
    add column pending_token bytea,
    -- What the link connected.
    add column number text,
    -- Test messages that were sent with it.
    add column tests_sent int not null default 0;
-- Waapify hands out one waiting instance to all of an account: only one link may wait for its phone.
create unique index connect_links_by_pending on connect_links (pending_instance) where pending_instance is not null;

-- What GHL's install form brought for a location, until the location is installed and connected.
create table offers (
    location_id text primary key,
    instance_id text not null,
    -- Sealed.
    access_token bytea not null,
    -- E.164 digits.
    number text not null,
    -- When it is tried (again).
    due_at timestamptz not null,
    expires_at timestamptz not null
);
create index offers_due on offers (due_at);
