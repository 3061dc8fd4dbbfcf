insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state,
    ghl_message_id, claims, due_at, accepted_at, departed_at, unclear) values
    -- Posted; on its way for the first time; and with an answer that got lost.
    ('l3', 501, '60100000004', 'I501', false, '60130000006', '60130000006', 'One', '2020-01-05 09:00Z', 'posted', 'g501', 1,
        '2020-01-05 09:00Z', '2020-01-05 09:00Z', '2020-01-05 09:00:05Z', false),
    ('l3', 502, '60100000004', 'I502', false, '60130000007', '60130000007', 'Two', '2020-01-05 09:01Z', 'accepted', null, 1,
        '2020-01-05 09:02Z', '2020-01-05 09:01Z', '2020-01-05 09:01:05Z', false),
    ('l3', 503, '60100000004', 'I503', false, '60130000006', '60130000006', 'Three', '2020-01-05 09:02Z', 'accepted', null, 1,
        '2020-01-05 09:03Z', '2020-01-05 09:02Z', '2020-01-05 09:02:05Z', true);
insert into timeline (location_id, message_id, at, state, cause) values
    ('l3', 501, '2020-01-05 09:00:06Z', 'posted', null),
    ('l3', 503, '2020-01-05 09:02:15Z', 'accepted', 'GHL could not be reached: timed out');
