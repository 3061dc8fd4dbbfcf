-- Two links, a number that was connected again, a session that was signed out, names, a newer install, a replacement.
insert into connect_links (token_hash, location_id, expires_at, tries, made_inside) values
    ('\x2701', 'w5', '2020-02-27 09:00Z', 3, true),
    ('\x2702', 'w5', '2020-02-27 09:00Z', 0, false);
insert into numbers (location_id, number, instance_id, is_default, next_send_at, connected_at) values
    ('w5', '60100000027', 'I27', true, '2020-01-27 09:00Z', '2020-01-27 09:00Z'),
    ('w6', '60100000028', 'I28', true, '2020-01-27 09:00Z', '2020-01-27 09:00Z');
insert into earlier_webhook_secrets (secret_hash, location_id, number, ends_at) values
    ('\x2711', 'w5', '60100000027', '2020-01-27 10:00Z'),
    ('\x2712', 'w6', '60100000028', '2020-01-27 11:00Z');
insert into ended_sessions (session_hash, ends_at) values ('\x2721', '2020-01-27 10:00Z'), ('\x2722', '2020-01-27 11:00Z');
insert into account_names (owner_id, name) values ('w5', 'Kedai Maju'), ('c5', 'Agensi Maju');
insert into companies (company_id, list_at, installed_at) values
    ('c5', '2020-01-27 09:00Z', '2020-01-27 09:00Z'), ('c6', '2020-01-27 09:00Z', '2020-01-27 10:00Z');
insert into incidents (location_id, number, kind, since, last_seen_at) values
    ('w5', '60100000027', 'replaced', '2020-01-27 09:00Z', '2020-01-27 09:00Z');
