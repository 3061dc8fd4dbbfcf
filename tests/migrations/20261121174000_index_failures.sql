-- A failure of either way, newer than all others.
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, reason, number, chat, parts, failures, claims,
    departed, due_at, accepted_at, failing) values
    ('l2', 1801, 'o1801', 'contact5', '{}', 'failed', 'not_taken', '60100000003', '60130000005', 1, 4, 5, 5, '2020-01-18 09:00Z',
        '2020-01-18 09:00Z', 'not_taken');
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, reason, failures,
    claims, due_at, accepted_at) values
    ('l2', 1802, '60100000003', 'I1802', false, '60130000005', '60130000005', 'Hi', '2020-01-18 09:00Z', 'failed',
        'GHL answered 422: the answer lacks messageId (trace t1802)', 3, 4, '2020-01-18 09:00Z', '2020-01-18 09:00Z');
insert into timeline (location_id, message_id, at, state, cause) values
    ('l2', 1801, '2020-01-18 09:10Z', 'failed',
        'WhatsApp did not take this message. The number may have no WhatsApp. Check it and send again.'),
    ('l2', 1802, '2020-01-18 09:10Z', 'failed', 'GHL answered 422: the answer lacks messageId (trace t1802)');
