-- How a call ended, in GHL's words, for its call log; null for what is no call.
alter table inbound add column call_status text check (call_status in ('no-answer', 'busy'));
