-- What failed at all locations, newest first. Only a failure writes to these.
create index outbound_failed_anywhere on outbound (id) where state = 'failed';
create index inbound_failed_anywhere on inbound (id) where state = 'failed';
