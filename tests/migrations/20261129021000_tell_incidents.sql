-- An agency's webhook that was told of one incident and answers no more.
insert into alert_targets (company_id, kind, address, secret, language, set_at) values
    ('c6', 'webhook', '\x01', '\x02', 'ms', '2020-01-29 09:00Z');
insert into alert_channels (channel, due_at, failures, failing_since, fault, fault_status, told_at) values
    ('agency/c6/webhook', '2020-01-29 11:00Z', 3, '2020-01-29 10:00Z', 'refused', 404, '2020-01-29 09:30Z');
insert into alerts (channel, location_id, number, kind, since, told_at) values
    ('agency/c6/webhook', 'w6', '60100000028', 'restricted', '2020-01-28 09:00Z', '2020-01-29 09:30Z');
insert into incidents (location_id, number, kind, since, last_seen_at) values
    ('', 'agency/c6/webhook', 'alerts', '2020-01-29 10:10Z', '2020-01-29 10:10Z');
-- Another agency's mail, which a person wants to try; the operator's webhook, whose turn a process has.
insert into alert_targets (company_id, kind, address, template, language, set_at) values
    ('c5', 'mail', '\x03', '{"text": {{text}}}', 'en', '2020-01-29 08:00Z');
insert into alert_channels (channel, due_at, lease_until, test_at, failures, failing_since, fault, fault_status) values
    ('agency/c5/mail', '2020-01-29 08:00Z', '2020-01-29 08:02Z', '2020-01-29 08:00Z', 0, null, null, null),
    ('operator/webhook', '2020-01-29 12:00Z', '2020-01-29 12:02Z', '2020-01-29 12:00Z', 1, '2020-01-29 11:59Z', 'refused', 500);
update alert_channels set told_at = '2020-01-29 08:30Z' where channel = 'agency/c5/mail';
update alert_channels set fault = 'unreachable', fault_status = null where channel = 'operator/webhook';
insert into alert_channels (channel, due_at, failures, failing_since, fault, fault_status) values
    ('operator/mail', '2020-01-29 12:00Z', 2, '2020-01-29 11:50Z', 'refused', 550);
update alert_targets set secret = '\x04' where company_id = 'c5';
insert into alerts (channel, location_id, number, kind, since, told_at) values
    ('operator/mail', 'w5', '', 'undelivered', '2020-01-29 09:00Z', '2020-01-29 09:05Z');
