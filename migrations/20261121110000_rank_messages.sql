-- What a person waits for goes before a campaign of the same number.
alter table outbound add column rank smallint not null default 0;
drop index outbound_waiting;
create index outbound_waiting on outbound (location_id, rank desc, id) where state = 'accepted';

-- When the contact wrote last: a conversation that is under way.
alter table contacts add column wrote_at timestamptz;
create index contacts_by_id on contacts (location_id, contact_id);

-- A number's own pause between two sends; null: that of the settings.
alter table numbers add column min_interval_ms int check (min_interval_ms between 0 and 60000);
