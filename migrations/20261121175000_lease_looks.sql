-- The watch's lease, apart from when a location is due: whatever makes it due during a look does not end the lease.
alter table locations
    -- null: nobody looks at it.
    add column watch_lease_until timestamptz,
    -- When it was looked at last.
    add column watched_at timestamptz;

-- What has left in part, or may have left, and waits: it goes on from its own number, whichever is the default.
create index outbound_begun on outbound (location_id, number)
    where state = 'accepted' and (parts_sent > 0 or unconfirmed_sends > 0);
