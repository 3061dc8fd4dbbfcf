-- What the new indexes hold, and what they leave out.
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, text, sent_at, state, due_at, accepted_at) values
    ('v4', 2701, '60100000024', 'I2701', false, '60130000027', 'Hi', '2020-01-27 09:00Z', 'accepted', '2020-01-27 09:02Z', '2020-01-27 09:00Z'),
    ('v4', 2702, '60100000024', 'I2702', false, '60130000027', 'Hi', '2020-01-27 09:01Z', 'posted', '2020-01-27 09:01Z', '2020-01-27 09:01Z');
insert into inbound_media (location_id, message_id, keys, state, due_at) values ('v4', 2701, 'image', 'wanted', '2020-01-27 09:00Z');
insert into status_updates (location_id, message_id, ghl_message_id, status, due_at) values
    ('v4', 2401, 'o2401', 'read', '2020-01-27 09:00Z');
