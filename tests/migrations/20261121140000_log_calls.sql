insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, ghl_message_id,
    claims, due_at, accepted_at, departed_at, call_status) values
    ('l1', 1101, '60100000001', 'I1101', false, '60130000001', '60130000001', '[Missed call]', '2020-01-11 09:00Z', 'posted', 'g1101', 1,
        '2020-01-11 09:00Z', '2020-01-11 09:00Z', '2020-01-11 09:00:05Z', 'no-answer'),
    ('l1', 1102, '60100000001', 'I1102', false, '60130000002', '60130000002', '[Call]', '2020-01-11 09:01Z', 'accepted', null, 0,
        '2020-01-11 09:01Z', '2020-01-11 09:01Z', null, 'busy');
