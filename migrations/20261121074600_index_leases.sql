-- Expired leases and waits for an echo are found without reading what merely waits to be sent, which may be a million
-- rows and is found by outbound_waiting; accepting a delivery has one index less to write.
create index outbound_leases on outbound (due_at) where state in ('sending', 'unconfirmed');
drop index outbound_due;
