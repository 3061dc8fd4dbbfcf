-- GHL's event of a message that it stored proves that our post arrived, whatever became of its answer.
alter table app_events add column location_id text, add column contact_id text;
create index app_events_of_contact on app_events (location_id, contact_id, id) where contact_id is not null;
create index inbound_by_ghl_id on inbound (location_id, ghl_message_id) where ghl_message_id is not null;
