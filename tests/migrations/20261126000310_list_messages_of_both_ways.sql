-- A message of either way, and an echo, which the view marks.
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, number, chat, parts_sent, parts, attempt,
    started_attempt, due_at, accepted_at, reason_code) values
    ('v4', 2501, 'o2501', 'contact24', '{}', 'failed', '60100000024', '60130000024', 0, 1, 1, 1, '2020-01-25 09:00Z', '2020-01-25 09:00Z',
        'text_not_taken');
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, due_at, accepted_at,
    reason_code) values
    ('v4', 2502, '60100000024', 'I2502', false, '60130000024', '60130000024', 'Hi', '2020-01-25 09:00Z', 'accepted',
        '2020-01-25 09:00Z', '2020-01-25 09:00Z', null),
    ('v4', 2503, '60100000024', 'I2503', true, '60130000024', '60130000024', null, '2020-01-25 09:01Z', 'ignored',
        '2020-01-25 09:01Z', '2020-01-25 09:01Z', 'own_echo');
