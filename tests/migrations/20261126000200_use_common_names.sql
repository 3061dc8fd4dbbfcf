-- Each table and column that has another name now.
insert into locations (location_id, company_id, token_request_at, token_request_failures, check_at, check_lease_until, checked_at) values
    ('l14', 'c3', '2020-01-23 09:00Z', 1, '2020-01-23 09:05Z', '2020-01-23 09:05Z', '2020-01-23 09:00Z');
insert into locations (location_id, company_id, check_at, token_request_refusal_code, token_request_refusal_args) values
    ('l15', 'c3', '2020-01-23 09:05Z', 'ghl_answered', '{"status": 403, "words": "no", "trace": "t2315"}');
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, number, chat, parts, attempt, crashed_attempts,
    started_attempt, priority, due_at, accepted_at) values
    ('l1', 2301, 'o2301', 'contact1', '{}', 'sending', '60100000001', '60130000001', 1, 3, 2, 3, 2, '2020-01-23 09:01Z', '2020-01-23 09:00Z');
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, attempt,
    due_at, accepted_at, post_started_at, post_sequence, unconfirmed, reconciliations) values
    ('l1', 2302, '60100000001', 'I2302', false, '60130000001', '60130000001', 'Hi', '2020-01-23 09:00Z', 'accepted', 1,
        '2020-01-23 09:03Z', '2020-01-23 09:00Z', '2020-01-23 09:00:05Z', nextval('message_ids'), true, 1);
insert into inbound_media (location_id, message_id, keys, state, attempt, due_at) values
    ('l1', 2302, 'image', 'wanted', 1, '2020-01-23 09:01Z');
insert into status_updates (location_id, message_id, ghl_message_id, status, attempt, due_at) values
    ('l1', 104, 'o104', 'delivered', 1, '2020-01-23 09:05Z');
insert into waapify_events (location_id, number, body, attempt, due_at, received_at) values
    ('l1', '60100000001', '{"event":"messages.upsert"}', 1, '2020-01-23 09:01Z', '2020-01-23 09:00Z');
insert into ghl_events (webhook_id, event_type, body, state, attempt, due_at, received_at) values
    ('h2301', 'INSTALL', '{"type":"INSTALL"}', 'accepted', 1, '2020-01-23 09:01Z', '2020-01-23 09:00Z');
insert into pending_connections (location_id, instance_id, access_token, number, due_at, expires_at) values
    ('l14', 'i23', 'access', '60100000023', '2020-01-23 09:00Z', '2020-01-24 09:00Z');
insert into incidents (location_id, number, kind, since, last_seen_at, resolved_at) values
    ('l1', '60100000001', 'silence', '2020-01-23 08:00Z', '2020-01-23 08:30Z', '2020-01-23 08:45Z');
insert into client_credentials (keys_hash, accepted_at, refused_at, refusal_code, refusal_args) values
    ('keys 5', '2020-01-23 09:00Z', '2020-01-23 10:00Z', 'ghl_answered', '{"status": 401, "words": "invalid client", "trace": "t2305"}');
insert into rate_limits (owner_id, used, window_ends_at, reserve_until) values ('l3', 7, '2020-01-23 09:00:10Z', '2020-01-24 00:00Z');
insert into timeline (location_id, message_id, at, state, cause_code, cause_args) values
    ('l1', 104, '2020-01-23 09:00Z', 'delivered', 'ghl_not_told',
        '{"cause": {"code": "ghl_unreachable", "args": {"words": "timed out"}}}');
