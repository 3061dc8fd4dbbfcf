insert into outbound (location_id, id, ghl_message_id, conversation, body, state, reason, number, chat, parts, failures, claims,
    departed, due_at, accepted_at, failing, lost_claims) values
    ('l3', 1301, 'o1301', 'contact6', '{}', 'accepted', null, '60100000004', '60130000006', 1, 2, 2, 2, '2020-01-13 09:10Z',
        '2020-01-13 09:00Z', 'gateway_down', 0),
    ('l3', 1302, 'o1302', 'contact7', '{}', 'accepted', null, '60100000004', '60130000007', 1, 1, 1, 1, '2020-01-13 09:10Z',
        '2020-01-13 09:00Z', 'not_taken', 0),
    ('l3', 1303, 'o1303', 'contact8', '{}', 'failed', 'lost', '60100000004', '60130000008', 1, 0, 5, 0, '2020-01-13 09:10Z',
        '2020-01-13 09:00Z', null, 5);
insert into timeline (location_id, message_id, at, state, cause) values
    ('l3', 1301, '2020-01-13 09:05Z', 'accepted', 'no answer in time (30 seconds)'),
    ('l3', 1302, '2020-01-13 09:05Z', 'accepted', 'Waapify answered 500'),
    ('l3', 1303, '2020-01-13 09:05Z', 'failed',
        'The service stopped each time it was about to send this message, so it was given up. Write it anew, and tell support if that fails too.');
