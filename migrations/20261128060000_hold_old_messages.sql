-- Messages that WhatsApp gave us days after they were written, as it may after a phone is linked again.

alter table inbound
    -- What becomes of one that is held: 'asked' waits for a person's word, 'shown' is to be posted after live messages.
    add column late text check (late in ('asked', 'shown'));
create index inbound_late on inbound (location_id, id) where late = 'asked';
create index inbound_shown on inbound (location_id, sent_at, id) where late = 'shown';
