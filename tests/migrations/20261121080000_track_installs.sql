insert into app_events (webhook_id, event_type, body, state, reason, claims, due_at, received_at) values
    ('h401', 'INSTALL', '{"type":"INSTALL"}', 'done', null, 1, '2020-01-04 08:00Z', '2020-01-04 08:00Z'),
    ('h402', 'UNINSTALL', '{"type":"UNINSTALL"}', 'accepted', null, 0, '2020-01-04 08:00Z', '2020-01-04 08:00Z'),
    ('h403', 'LocationUpdate', '{"type":"LocationUpdate"}', 'ignored', null, 0, '2020-01-04 08:00Z', '2020-01-04 08:00Z'),
    -- Without an id of GHL's.
    (null, 'INSTALL', '{"type":', 'failed', 'the body is not JSON', 1, '2020-01-04 08:00Z', '2020-01-04 08:00Z');

insert into locations (location_id, company_id, installed_at, uninstalled_at, installed_alone, mint_at, mint_failures,
    mint_refusal, said_installed_at) values
    ('l5', 'c3', '2020-01-04 08:00Z', '2020-01-04 10:00Z', false, null, 0, null, '2020-01-04 08:00Z'),
    ('l6', 'c3', null, null, false, '2020-01-04 08:10Z', 2, null, '2020-01-04 08:00Z'),
    ('l7', 'c3', null, null, false, null, 0, 'GHL answered 403: the app is not there (trace t407)', '2020-01-04 08:00Z'),
    ('l8', 'c1', '2020-01-04 08:00Z', null, true, null, 0, null, '2020-01-04 08:00Z'),
    ('l9', 'c1', '2020-01-04 08:00Z', null, true, null, 0, null, null),
    ('l10', 'c4', '2020-01-04 08:00Z', null, false, null, 0, 'its agency must install the app again', null);

insert into companies (company_id, list_at, list_failures) values ('c4', '2020-01-04 09:00Z', 3);

insert into tokens (owner_id, owner_kind, company_id, access_token, refresh_token, expires_at, refresh_at, refresh_failures,
    trouble, trouble_detail) values
    ('c4', 'company', 'c4', 'access', 'refresh', '2020-01-05 08:00Z', '2020-01-05 07:00Z', 1, 'needs_reinstall',
        'GHL answered 400: invalid grant (trace t408)'),
    ('l8', 'location', 'c1', 'access', 'refresh', '2020-01-05 08:00Z', '2020-01-04 08:05Z', 2, 'failing',
        'GHL could not be reached: timed out'),
    ('l9', 'location', 'c1', 'access', 'refresh', '2020-01-05 08:00Z', '2020-01-04 09:00Z', 1, 'inactive',
        'this sub-account is not active in GHL');

-- An uninstalled location's numbers, of which Waapify has still to be told, and of which it knows.
insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash, is_default,
    next_send_at, hold_reason, connected_at, disconnect_at, disconnect_failures) values
    ('l5', '60100000005', 'i5', 'access', null, null, false, '2020-01-04 08:00Z', 'The app was uninstalled from this sub-account.',
        '2020-01-04 08:00Z', '2020-01-04 10:05Z', 2),
    ('l5', '60100000006', 'i6', null, null, null, false, '2020-01-04 08:00Z', 'The app was uninstalled from this sub-account.',
        '2020-01-04 08:00Z', null, 0);

-- The uninstall ended what waited. A message of a hidden sender keeps the bare LID: learn_senders looks at held ones only.
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, reason, due_at, accepted_at) values
    ('l5', 401, 'o401', 'contact9', '{}', 'failed', 'uninstalled', '2020-01-04 09:00Z', '2020-01-04 09:00Z');
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, reason,
    due_at, accepted_at) values
    ('l5', 402, '60100000005', 'I402', false, '60130000009', '60130000009', 'Hi', '2020-01-04 09:00Z', 'failed', 'uninstalled',
        '2020-01-04 09:00Z', '2020-01-04 09:00Z'),
    ('l5', 403, '60100000005', 'I403', false, '223344556677889', null, 'Hi', '2020-01-04 09:00Z', 'failed', 'uninstalled',
        '2020-01-04 09:00Z', '2020-01-04 09:00Z');
insert into timeline (location_id, message_id, at, state, cause) values
    ('l5', 401, '2020-01-04 10:00Z', 'failed', 'The app was uninstalled from this sub-account.'),
    ('l5', 402, '2020-01-04 10:00Z', 'failed', 'The app was uninstalled from this sub-account.'),
    ('l5', 403, '2020-01-04 10:00Z', 'failed', 'The app was uninstalled from this sub-account.');
insert into gateway_events (location_id, number, body, state, reason, due_at, received_at) values
    ('l5', '60100000005', '{"event":"messages.update"}', 'failed', 'uninstalled', '2020-01-04 09:00Z', '2020-01-04 09:00Z');

-- What waits for a token, in each table.
insert into outbound (location_id, id, ghl_message_id, conversation, body, due_at, accepted_at, is_waiting) values
    ('l6', 404, 'o404', 'contact10', '{}', '2020-01-04 09:15Z', '2020-01-04 09:00Z', true);
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, claims,
    due_at, accepted_at, waits, is_waiting) values
    ('l6', 405, '60100000007', 'I405', false, '60130000010', '60130000010', 'Hi', '2020-01-04 09:00Z', 'accepted', 2,
        '2020-01-04 09:15Z', '2020-01-04 09:00Z', 2, true);
insert into status_updates (location_id, message_id, ghl_message_id, status, error_code, error_message, claims, due_at, waits) values
    ('l9', 404, 'o404', 'failed', 'not_connected',
        'No WhatsApp number is connected to this sub-account yet. Connect one in the app''s settings, then send again.',
        1, '2020-01-04 09:15Z', 1);
