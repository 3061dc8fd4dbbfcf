-- The page inside GHL.

-- SSO payloads that opened a session, so that none opens a second one. A payload has no time and no MAC: nothing but
-- this table ends it, so that a row stays for as long as the shared secret is in use (delete all of them when you change
-- it). A row comes only with a payload that GHL encrypted, one each time somebody opens the page: some 50 bytes. By the
-- payload's salt and not by its hash: a copy with changed bytes has another hash, and the same salt.
create table sso_payloads (
    salt bytea primary key check (length(salt) = 8),
    used_at timestamptz not null
);

-- The domain under which a white-label agency's users see GHL, as GHL names it in the agency's installs; checked to be a
-- host name before it comes here. One an agency.
create table white_label_domains (
    company_id text primary key,
    domain text not null,
    named_at timestamptz not null
);
create index white_label_domains_by_name on white_label_domains (domain);
create index white_label_domains_newest on white_label_domains (named_at desc);

alter table numbers
    -- Whether GHL shows what the business writes on the phone itself.
    add column mirrors_phone boolean not null default true,
    -- What the business calls the number.
    add column name text check (length(name) between 1 and 60);

-- The last failures of a location, however many messages it has.
create index outbound_failed on outbound (location_id, id) where state = 'failed';
create index inbound_failed on inbound (location_id, id) where state = 'failed';
