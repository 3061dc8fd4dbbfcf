-- GHL's contact that a message was posted to; before that, the one of the message that it answers or changes.
alter table inbound add column contact_id text;
