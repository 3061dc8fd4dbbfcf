-- The first release. In all these files the day of a time says which migration's version wrote it: the 1st of January
-- is the first. The years are long past, so that whatever is later than that was made by the migrations themselves. A
-- message's id begins with that day too.

insert into locations (location_id, company_id, installed_at) values
    -- With a grant of its own, one whose grant names no agency, and one whose token was made from its agency's.
    ('l1', 'c1', '2020-01-01 08:00Z'),
    ('l2', null, '2020-01-01 08:00Z'),
    ('l3', 'c3', '2020-01-01 08:00Z'),
    -- Connected by the operator, not installed yet.
    ('l4', null, null);

insert into tokens (owner_id, owner_kind, company_id, access_token, refresh_token, expires_at, version, refresh_lease_until) values
    ('l1', 'location', 'c1', 'access 1', 'refresh', '2020-01-02 08:00Z', 1, null),
    ('l2', 'location', null, 'access', 'refresh', '2020-01-02 08:00Z', 3, '2020-01-01 09:00Z'),
    ('l3', 'location', 'c3', 'access', null, '2020-01-02 08:00Z', 1, null),
    ('c3', 'company', 'c3', 'access', 'refresh', '2020-01-02 08:00Z', 1, null);

insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash, is_default,
    next_send_at, hold_reason, connected_at) values
    ('l1', '60100000001', 'i1', 'access', 'secret 1', 'hash 1', true, '2020-01-01 09:00Z', null, '2020-01-01 08:00Z'),
    -- Replaced by the one above.
    ('l1', '60100000002', 'i2', 'access', 'secret 2', 'hash 2', false, '2020-01-01 08:00Z', null, '2020-01-01 07:00Z'),
    ('l2', '60100000003', 'i3', 'access', 'secret 3', 'hash 3', true, '2020-01-01 09:00Z',
        'The message limit of the Waapify plan is used up, or the plan has ended. Renew it in Waapify.', '2020-01-01 08:00Z'),
    ('l3', '60100000004', 'i4', 'access', 'secret 4', 'hash 4', true, '2020-01-01 09:00Z', null, '2020-01-01 08:00Z');

insert into connect_links (token_hash, location_id, expires_at, used_at) values
    ('link 1', 'l1', '2020-01-02 08:00Z', '2020-01-01 08:30Z'),
    ('link 4', 'l4', '2020-01-02 08:00Z', null);

-- Messages of every state.
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, reason, number, chat, parts_sent,
    parts, failures, unconfirmed_sends, claims, departed, due_at, accepted_at) values
    ('l1', 101, 'o101', 'contact1', '{}', 'accepted', null, null, null, 0, null, 0, 0, 0, 0, '2020-01-01 09:00Z', '2020-01-01 09:00Z'),
    ('l1', 102, 'o102', 'contact2', '{"type":"SMS"}', 'sending', null, '60100000001', '60130000002', 1, 2, 0, 0, 2, 2, '2020-01-01 09:02Z', '2020-01-01 09:00Z'),
    ('l1', 103, 'o103', 'contact3', '{}', 'unconfirmed', null, '60100000001', '60130000003', 0, 1, 0, 1, 1, 1, '2020-01-01 09:03Z', '2020-01-01 09:00Z'),
    ('l1', 104, 'o104', 'contact1', '{}', 'sent', null, '60100000001', '60130000001', 1, 1, 0, 0, 1, 1, '2020-01-01 09:00Z', '2020-01-01 09:00Z'),
    ('l1', 105, 'o105', 'contact1', '{}', 'delivered', null, '60100000001', '60130000001', 1, 1, 0, 0, 1, 1, '2020-01-01 09:00Z', '2020-01-01 09:00Z'),
    ('l1', 106, 'o106', 'contact1', '{}', 'read', null, '60100000002', '60130000001', 2, 2, 0, 0, 2, 2, '2020-01-01 09:00Z', '2020-01-01 09:00Z'),
    ('l1', 107, 'o107', 'contact4', '{}', 'failed', 'invalid_phone', '60100000001', null, 0, null, 0, 0, 1, 0, '2020-01-01 09:00Z', '2020-01-01 09:00Z'),
    ('l1', 108, 'o108', 'contact1', '{}', 'ignored', 'an e-mail is not for WhatsApp', '60100000001', null, 0, null, 0, 0, 1, 0, '2020-01-01 09:00Z', '2020-01-01 09:00Z'),
    ('l2', 109, 'o109', 'contact5', '{}', 'failed', 'number_stopped', '60100000003', '60130000005', 0, 1, 3, 0, 4, 4, '2020-01-01 09:00Z', '2020-01-01 09:00Z');

insert into receipts (location_id, number, wa_message_id, message_id, part, level, refused, seen_at) values
    ('l1', '60100000001', 'W104', 104, 0, 2, null, '2020-01-01 09:01Z'),
    ('l1', '60100000001', 'W105', 105, 0, 3, null, '2020-01-01 09:01Z'),
    ('l1', '60100000002', 'W106a', 106, 0, 4, null, '2020-01-01 09:01Z'),
    ('l1', '60100000002', 'W106b', 106, 1, 4, null, '2020-01-01 09:01Z'),
    -- Of no message of ours, as far as is known; and one that WhatsApp refused.
    ('l1', '60100000001', 'W199', null, null, 1, null, '2020-01-01 09:01Z'),
    ('l2', '60100000003', 'W109', 109, 0, 0, '463', '2020-01-01 09:01Z');

insert into status_updates (location_id, message_id, ghl_message_id, status, error_code, error_message, failures, claims, due_at) values
    ('l1', 105, 'o105', 'delivered', null, null, 0, 0, '2020-01-01 09:05Z'),
    ('l1', 106, 'o106', 'read', null, null, 2, 3, '2020-01-01 09:05Z'),
    ('l1', 107, 'o107', 'failed', 'invalid_phone',
        'The contact''s phone number is not complete. Write it with its country code, such as +60123456789, and send again.',
        0, 0, '2020-01-01 09:05Z');

insert into gateway_events (location_id, number, body, state, reason, claims, due_at, received_at) values
    ('l1', '60100000001', '{"event":"messages.upsert"}', 'done', null, 1, '2020-01-01 09:01Z', '2020-01-01 09:01Z'),
    ('l1', '60100000001', '[]', 'failed', 'the body is not a JSON object', 1, '2020-01-01 09:01Z', '2020-01-01 09:01Z'),
    ('l1', '60100000001', '{"event":"messages.update"}', 'accepted', null, 0, '2020-01-01 09:01Z', '2020-01-01 09:01Z'),
    ('l2', '60100000003', '{"event":"messages.update"}', 'accepted', null, 0, '2020-01-01 09:01Z', '2020-01-01 09:01Z'),
    ('l3', '60100000004', '{"event":"messages.update"}', 'accepted', null, 0, '2020-01-01 09:01Z', '2020-01-01 09:01Z');

insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, sender_name, text, sent_at,
    state, reason, ghl_message_id, failures, claims, due_at, accepted_at) values
    ('l1', 121, '60100000001', 'I121', false, '60130000001', '60130000001', 'Aminah', 'Hi', '2020-01-01 09:00Z', 'accepted', null, null, 0, 0, '2020-01-01 09:10Z', '2020-01-01 09:10Z'),
    ('l1', 122, '60100000001', 'I122', false, '60130000001', '60130000001', 'Aminah', 'Salam', '2020-01-01 08:59Z', 'posted', null, 'g122', 1, 2, '2020-01-01 09:09Z', '2020-01-01 09:09Z'),
    -- A sender whom WhatsApp hides is known by a LID only.
    ('l1', 123, '60100000001', 'I123', false, '112233445566778', null, null, 'Who am I?', '2020-01-01 09:00Z', 'held', 'WhatsApp hides the sender''s number', null, 0, 0, '2020-01-01 09:10Z', '2020-01-01 09:10Z'),
    ('l1', 124, '60100000001', 'W105', true, '60130000001', '60130000001', null, null, '2020-01-01 09:00Z', 'ignored', 'the echo of a message sent through Waapify', null, 0, 0, '2020-01-01 09:10Z', '2020-01-01 09:10Z'),
    -- In words of the first release, which later ones had no code for.
    ('l1', 125, '60100000001', 'I125', true, '60130000001', '60130000001', null, null, '2020-01-01 09:00Z', 'ignored', 'written on the business''s own phone', null, 0, 0, '2020-01-01 09:10Z', '2020-01-01 09:10Z'),
    ('l1', 126, '60100000001', 'I126', false, '120363000000000001@g.us', null, 'Budi', null, '2020-01-01 09:00Z', 'ignored', 'a group message', null, 0, 0, '2020-01-01 09:10Z', '2020-01-01 09:10Z'),
    ('l2', 127, '60100000003', 'I127', false, '60130000005', '60130000005', null, 'Helo', '2020-01-01 09:00Z', 'failed', 'GHL answered 400: no such contact (trace t127)', null, 5, 6, '2020-01-01 09:10Z', '2020-01-01 09:10Z');

insert into contacts (location_id, phone, contact_id) values
    ('l1', '60130000001', 'contact1'),
    ('l2', '60130000005', 'contact5');

insert into timeline (location_id, message_id, at, state, cause) values
    -- This version wrote a step for a delivery, too.
    ('l1', 105, '2020-01-01 09:00Z', 'accepted', 'GHL delivered it'),
    ('l1', 105, '2020-01-01 09:00:01Z', 'sending', null),
    ('l1', 105, '2020-01-01 09:00:02Z', 'sent', 'Waapify took it'),
    ('l1', 105, '2020-01-01 09:01Z', 'delivered', null),
    ('l1', 103, '2020-01-01 09:02Z', 'unconfirmed', 'the process that was sending it stopped'),
    ('l1', 107, '2020-01-01 09:00:01Z', 'failed',
        'The contact''s phone number is not complete. Write it with its country code, such as +60123456789, and send again.'),
    ('l1', 108, '2020-01-01 09:00:01Z', 'ignored', 'an e-mail is not for WhatsApp'),
    ('l2', 109, '2020-01-01 09:00:01Z', 'failed',
        'The message limit of the Waapify plan is used up, or the plan has ended. Renew it in Waapify.'),
    -- GHL did not take the status of this one.
    ('l1', 106, '2020-01-01 09:07Z', 'read (GHL was not told)', 'GHL answered 400: no such message (trace t106)'),
    ('l1', 122, '2020-01-01 09:09Z', 'accepted', 'Waapify posted it'),
    ('l1', 122, '2020-01-01 09:09:01Z', 'posted', null),
    ('l1', 123, '2020-01-01 09:10Z', 'held', 'WhatsApp hides the sender''s number'),
    ('l2', 127, '2020-01-01 09:15Z', 'failed', 'GHL answered 400: no such contact (trace t127)');
