-- An encrypted edit that came before the message which it changes: the event that brought it is read again once the
-- message is there.
alter table inbound add column sealed_event bigint;

-- Contacts of which GHL said, when this message was posted to them, that they do not exist any more.
alter table inbound add column gone_contacts text[] not null default '{}';

-- What was set aside is listed without reading all events.
create index waapify_events_failed on waapify_events (id) where state = 'failed';
