-- Connecting begins with a QR code: an agency's own Waapify token, and the number that waits for a person's yes.

create table gateway_tokens (
    company_id text primary key,
    -- Sealed.
    access_token bytea not null,
    set_at timestamptz not null
);

alter table connect_links
    -- The agency whose admin the link was made for: it may use, and keep, the agency's token.
    add column agency_id text,
    -- Since when Waapify is asked for an instance with this link. Meanwhile nobody else asks for its location.
    add column asked_at timestamptz,
    -- When a page with the code of the pending instance was last open. Long ago, another location may have the instance.
    add column pending_seen_at timestamptz,
    -- The number that Waapify named, digits, until a person says that it is the right one.
    add column pending_number text,
    -- A person entered the instance, which may serve others: it is never logged out here.
    add column pending_is_entered boolean not null default false,
    -- The hash of the secret of the page that shows nothing but the code.
    add column scan_hash bytea,
    -- When a test message was sent with it.
    add column tested_at timestamptz;
create unique index connect_links_by_scan on connect_links (scan_hash) where scan_hash is not null;
