-- The operator's lists of what failed for one reason, newest first. Only failed messages are in these indexes.
create index outbound_failed_by_reason on outbound (reason_code, id) where state = 'failed';
create index inbound_failed_by_reason on inbound (reason_code, id) where state = 'failed';
