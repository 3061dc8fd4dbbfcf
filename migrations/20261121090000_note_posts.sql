-- When a customer's message last left for GHL, and whether GHL has it: an answer may get lost.
alter table inbound
    add column departed_at timestamptz,
    -- It left, and what came of it is not known.
    add column unclear boolean not null default false;
-- When they were posted exactly was not kept; it only decides which of a conversation was the last.
update inbound set departed_at = accepted_at where state = 'posted';
create index inbound_departed on inbound (location_id, conversation, departed_at) where departed_at is not null;
create index inbound_unclear on inbound (location_id, conversation) where state = 'accepted' and unclear;
