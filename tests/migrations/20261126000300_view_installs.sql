-- A location for each status of the view: uninstalled, needs_reinstall, inactive, installed, not_installed, pending, and
-- (without any of it) unknown.
insert into locations (location_id, company_id, installed_at, uninstalled_at, token_request_at, check_at, token_request_refusal_code) values
    ('v1', 'c3', '2020-01-24 08:00Z', '2020-01-24 09:00Z', null, '2020-01-24 09:05Z', null),
    ('v2', 'c3', '2020-01-24 08:00Z', null, null, '2020-01-24 09:05Z', null),
    ('v3', 'c3', '2020-01-24 08:00Z', null, null, '2020-01-24 09:05Z', null),
    ('v4', 'c3', '2020-01-24 08:00Z', null, null, '2020-01-24 09:05Z', null),
    ('v5', 'c3', null, null, null, '2020-01-24 09:05Z', 'location_not_installed'),
    ('v6', 'c3', null, null, '2020-01-24 08:10Z', '2020-01-24 09:05Z', null),
    ('v7', null, null, null, null, '2020-01-24 09:05Z', null);
insert into tokens (owner_id, owner_kind, company_id, access_token, refresh_token, expires_at, refresh_at, refresh_failures, trouble,
    trouble_code) values
    ('v2', 'location', 'c3', 'access', 'refresh', '2020-01-25 08:00Z', '2020-01-25 07:00Z', 1, 'needs_reinstall', 'no_refresh_token'),
    ('v3', 'location', 'c3', 'access', 'refresh', '2020-01-25 08:00Z', '2020-01-25 07:00Z', 1, 'inactive', 'location_inactive'),
    ('v4', 'location', 'c3', 'access', 'refresh', '2020-01-25 08:00Z', '2020-01-25 07:00Z', 0, null, null);
-- Its number, and the last message of either way with its ack.
insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash, is_default,
    next_send_at, connected_at, hold_code) values
    ('v4', '60100000024', 'i24', 'access', 'secret 24', 'hash 24', true, '2020-01-24 09:00Z', '2020-01-24 08:00Z', 'quota');
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, number, chat, parts_sent, parts, attempt,
    started_attempt, due_at, accepted_at) values
    ('v4', 2401, 'o2401', 'contact24', '{}', 'delivered', '60100000024', '60130000024', 1, 1, 1, 1, '2020-01-24 09:00Z', '2020-01-24 09:00Z');
insert into timeline (location_id, message_id, at, state) values ('v4', 2401, '2020-01-24 09:01Z', 'delivered');
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, ghl_message_id,
    attempt, due_at, accepted_at, post_started_at) values
    ('v4', 2402, '60100000024', 'I2402', false, '60130000024', '60130000024', 'Hi', '2020-01-24 09:02Z', 'posted', 'g2402', 1,
        '2020-01-24 09:02Z', '2020-01-24 09:02Z', '2020-01-24 09:02:05Z');
