insert into connect_links (token_hash, location_id, expires_at, used_at, pending_instance, pending_token, number, tests_sent) values
    ('link 3', 'l3', '2020-01-17 08:00Z', null, 'i16', 'access', null, 0),
    ('link 1b', 'l1', '2020-01-17 08:00Z', '2020-01-16 08:30Z', null, null, '60100000001', 2);
insert into offers (location_id, instance_id, access_token, number, due_at, expires_at) values
    ('l4', 'i17', 'access', '60100000017', '2020-01-16 08:00Z', '2020-01-17 08:00Z'),
    -- Of a location that is not known yet.
    ('l99', 'i18', 'access 18', '60100000018', '2020-01-16 08:10Z', '2020-01-17 08:00Z');
