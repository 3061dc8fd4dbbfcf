-- What failed, newest first: of all locations, and of one. Only a failure writes to these.
create index outbound_failed on outbound (id) where state = 'failed';
create index outbound_failed_here on outbound (location_id, id) where state = 'failed';
create index inbound_failed on inbound (id) where state = 'failed';
create index inbound_failed_here on inbound (location_id, id) where state = 'failed';
