-- What the new index holds: a lease and a wait for an echo; and what it leaves out.
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, number, chat, parts, unconfirmed_sends, claims,
    departed, due_at, accepted_at) values
    ('l3', 301, 'o301', 'contact6', '{}', 'sending', '60100000004', '60130000006', 1, 0, 1, 0, '2020-01-03 09:01Z', '2020-01-03 09:00Z'),
    ('l3', 302, 'o302', 'contact7', '{}', 'unconfirmed', '60100000004', '60130000007', 1, 1, 1, 1, '2020-01-03 09:02Z', '2020-01-03 09:00Z'),
    ('l3', 303, 'o303', 'contact8', '{}', 'accepted', null, null, null, 0, 0, 0, '2020-01-03 09:00Z', '2020-01-03 09:00Z');
