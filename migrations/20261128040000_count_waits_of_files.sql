-- Times a file waited for a call to GHL, a token or a contact: no try of its own failed.
alter table inbound_media add column waits integer not null default 0;
