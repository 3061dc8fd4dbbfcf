-- Who made a connect link, as the audit names a user: GHL's id with the role. None: it was made outside GHL.
alter table connect_links add column made_by text;
-- The agency for which a list of links was made, after an install of its own: whoever has that list may store its token.
alter table connect_links add column list_agency_id text;

-- GHL's install form connects numbers, too.
alter table audit drop constraint audit_actor_kind_check;
alter table audit add constraint audit_actor_kind_check check (
    actor_kind in ('operator', 'command', 'user', 'link', 'install_form')
);

-- Another location has connected the number.
alter table incidents drop constraint incidents_kind_check;
alter table incidents add constraint incidents_kind_check check (
    kind in (
        'provider', 'link', 'silence', 'reinstall', 'replaced', 'restricted', 'undelivered', 'unheard', 'taken',
        'gateway', 'agency', 'client_keys', 'alerts'
    )
);
