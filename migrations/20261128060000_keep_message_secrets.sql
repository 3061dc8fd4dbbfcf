-- Edits are encrypted with the secret of the message that they change.
alter table inbound add column message_secret bytea;

-- The LID of a phone.
create index lids_by_phone on lids (location_id, phone) where phone is not null;
