-- As this version writes: codes, and nothing in the old columns.
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, due_at, accepted_at, reason_code, reason_args) values
    ('l1', 2101, 'o2101', 'contact1', '{}', 'failed', '2020-01-21 09:00Z', '2020-01-21 09:00Z', 'no_phone', null),
    ('l1', 2102, 'o2102', 'contact1', '{}', 'failed', '2020-01-21 09:00Z', '2020-01-21 09:00Z', 'file_too_large',
        '{"file": "harga.pdf", "megabytes": 16}');
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, due_at,
    accepted_at, reason_code, reason_args) values
    ('l1', 2103, '60100000001', 'I2103', false, '60130000001', '60130000001', 'Hi', '2020-01-21 09:00Z', 'failed', '2020-01-21 09:00Z',
        '2020-01-21 09:00Z', 'ghl_answered', '{"status": 400, "words": "no", "trace": "t2103"}');
insert into media (location_id, message_id, state, due_at, reason_code, reason_args) values
    ('l1', 2103, 'missing', '2020-01-21 09:00Z', 'media_server_answers', '{"status": 410}');
insert into gateway_events (location_id, number, body, state, due_at, received_at, reason_code) values
    ('l1', '60100000001', '{', 'failed', '2020-01-21 09:00Z', '2020-01-21 09:00Z', 'not_json');
insert into app_events (webhook_id, event_type, body, state, due_at, received_at, reason_code, reason_args) values
    ('h2101', 'INSTALL', '{}', 'failed', '2020-01-21 09:00Z', '2020-01-21 09:00Z', 'ghl_unreachable', '{"words": "timed out"}');
insert into timeline (location_id, message_id, at, state, cause_code, cause_args) values
    ('l1', 2101, '2020-01-21 09:00:05Z', 'failed', 'no_phone', null),
    ('l1', 2102, '2020-01-21 09:00:05Z', 'failed', 'file_too_large', '{"file": "harga.pdf", "megabytes": 16}');
insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash, is_default,
    next_send_at, connected_at, hold_code) values
    ('l11', '60100000021', 'i21', 'access', 'secret 21', 'hash 21', true, '2020-01-21 09:00Z', '2020-01-21 08:00Z', 'link_lost');
insert into status_updates (location_id, message_id, ghl_message_id, status, due_at, reason_code, reason_args) values
    ('l1', 2101, 'o2101', 'failed', '2020-01-21 09:05Z', 'no_phone', null),
    ('l1', 2102, 'o2102', 'failed', '2020-01-21 09:05Z', 'file_too_large', '{"file": "harga.pdf", "megabytes": 16}');
insert into tokens (owner_id, owner_kind, company_id, access_token, refresh_token, expires_at, refresh_at, refresh_failures, trouble,
    trouble_code, trouble_args) values
    ('l11', 'location', 'c3', 'access', null, '2020-01-22 08:00Z', '2020-01-22 07:00Z', 1, 'failing', 'renewal_failed',
        '{"cause": {"code": "database_failed"}}');
insert into locations (location_id, company_id, watch_at, mint_refusal_code, mint_refusal_args) values
    ('l12', 'c4', '2020-01-21 09:05Z', 'agency_not_installed', null),
    ('l13', 'c4', '2020-01-21 09:05Z', 'ghl_answered', '{"status": 403, "words": "no", "trace": "t2113"}');
insert into app_keys (keys_hash, refused_at, refusal_code, refusal_args) values
    ('keys 3', '2020-01-21 09:00Z', 'ghl_answered', '{"status": 401, "words": "invalid client", "trace": "t2121"}');
insert into troubles (location_id, number, kind, since, last_seen_at, reason_code, reason_args) values
    ('l11', '', 'reinstall', '2020-01-21 09:00Z', '2020-01-21 09:30Z', 'no_refresh_token', null);

-- As the version before writes beside it: sentences, which the triggers take. A failed message's row comes before its step.
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, due_at, accepted_at) values
    ('l1', 2111, 'o2111', 'contact1', '{}', 'sending', '2020-01-21 09:00Z', '2020-01-21 09:00Z'),
    ('l1', 2112, 'o2112', 'contact1', '{}', 'sending', '2020-01-21 09:00Z', '2020-01-21 09:00Z'),
    ('l1', 2113, 'o2113', 'contact1', '{}', 'accepted', '2020-01-21 09:00Z', '2020-01-21 09:00Z');
update outbound set state = 'failed', reason = 'invalid_phone' where location_id = 'l1' and id = 2111;
insert into timeline (location_id, message_id, at, state, cause) values
    ('l1', 2111, '2020-01-21 09:00:05Z', 'failed',
        'The contact''s phone number has letters or an extension, which WhatsApp cannot dial. Write the number alone and send again.');
insert into status_updates (location_id, message_id, ghl_message_id, status, error_code, error_message, due_at) values
    ('l1', 2111, 'o2111', 'failed', 'invalid_phone',
        'The contact''s phone number has letters or an extension, which WhatsApp cannot dial. Write the number alone and send again.',
        '2020-01-21 09:05Z');
update outbound set state = 'ignored', reason = 'an e-mail is not for WhatsApp' where location_id = 'l1' and id = 2112;
-- A replay of a message of an older version empties its reason.
update outbound set state = 'accepted', reason = null, failures = 0, unconfirmed_sends = 0, rank = 2, due_at = '2020-01-21 09:00Z'
where location_id = 'l1' and id = 1703;
insert into timeline (location_id, message_id, at, state, cause) values
    ('l1', 1703, '2020-01-21 09:00Z', 'accepted', 'sent again from the page in GHL'),
    ('l1', 106, '2020-01-21 09:00Z', 'delivered (GHL was not told)', 'GHL could not be reached: timed out');
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, reason, due_at, accepted_at) values
    ('l1', 2114, '60100000001', 'I2114', false, '445566778899001@lid', null, 'Hi', '2020-01-21 09:00Z', 'held',
        'WhatsApp hides the sender''s number', '2020-01-21 09:00Z', '2020-01-21 09:00Z');
update media set state = 'missing', reason = 'the file is cut off' where location_id = 'l1' and message_id = 901;
update gateway_events set state = 'failed', reason = 'it cannot be read', due_at = '2020-01-21 09:00Z' where location_id = 'l2' and state = 'accepted';
-- Words that no code is known for stay words.
update gateway_events set state = 'failed', reason = 'it is odd', due_at = '2020-01-21 09:00Z' where location_id = 'l3' and state = 'accepted';
update numbers set hold_reason = 'An odd hold.' where location_id = 'l2' and number = '60100000003';
update app_events set state = 'failed', reason = 'GHL''s grant names neither a location nor a company', due_at = '2020-01-21 09:00Z'
where webhook_id = 'h402';
update numbers set hold_reason = 'Waapify refuses the access token or the instance id. Connect the number again with the right ones.'
where location_id = 'l1' and number = '60100000001';
update tokens set trouble = 'failing', trouble_detail = 'the token could not be renewed: no answer in time (10 seconds)', refresh_failures = 1
where owner_id = 'l1';
update locations set mint_refusal = 'this sub-account has not installed the app', mint_at = null, watch_at = '2020-01-21 09:05Z'
where location_id = 'l6';
insert into app_keys (keys_hash, refused_at, refusal) values ('keys 4', '2020-01-21 09:00Z', 'GHL answered 401: invalid client (trace t2122)');
-- The words of this refusal are lost: the trigger takes them off the row that was to be inserted, and the old statement
-- does not know where they went.
insert into app_keys as k (keys_hash, refused_at, refusal) values ('keys 1', '2020-01-21 09:00Z', 'GHL answered 401: invalid client (trace t2123)')
on conflict (keys_hash) do update set refused_at = excluded.refused_at, refusal = excluded.refusal;
insert into troubles (location_id, number, kind, detail, since, last_seen_at) values
    ('l8', '', 'reinstall', 'GHL answered 400: invalid grant (trace t2131)', '2020-01-21 09:00Z', '2020-01-21 09:30Z'),
    -- A word of the watch's own stays a detail.
    ('l2', '60100000003', 'link', 'credentials', '2020-01-21 09:00Z', '2020-01-21 09:30Z');
