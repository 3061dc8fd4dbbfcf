-- A file that waits for its location's token, and its message with it.
alter table inbound_media add column is_held boolean not null default false;
-- When the token worked again: from then on the message waits for the file as if it had arrived then.
alter table inbound_media add column opened_at timestamptz;
