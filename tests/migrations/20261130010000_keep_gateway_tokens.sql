-- An agency's own token, and a link whose phone waits for a person's yes.
insert into gateway_tokens (company_id, access_token, set_at) values
    ('c6', '\x0a', '2020-01-30 09:00Z'),
    ('c5', '\x0c', '2020-01-30 09:01Z');
insert into locations (location_id, company_id) values ('x1', 'c6');
insert into connect_links (token_hash, location_id, expires_at, made_inside, agency_id, pending_instance, pending_token,
    pending_number, pending_seen_at, scan_hash) values
    ('\x0b01', 'x1', '2020-01-31 09:00Z', true, 'c6', 'INSTANCE-X1', '\x0b', '60100000031', '2020-01-30 09:05Z', '\x0b02');
-- Entered keys of another sub-account, for which Waapify is being asked, and a link that has sent its test.
insert into connect_links (token_hash, location_id, expires_at, asked_at, pending_is_entered, used_at, number, tested_at) values
    ('\x0b03', 'x1', '2020-01-31 09:00Z', '2020-01-30 09:06Z', true, null, null, null),
    ('\x0b04', 'x1', '2020-01-31 09:00Z', null, false, '2020-01-30 09:10Z', '60100000031', '2020-01-30 09:12Z');
