-- One that is looked at this moment, and one that was.
update locations set watch_at = '2020-01-19 09:05Z', watch_lease_until = '2020-01-19 09:05Z', watched_at = '2020-01-19 09:00Z'
where location_id = 'l1';
update locations set watch_at = '2020-01-19 09:15Z', watched_at = '2020-01-19 09:00Z' where location_id = 'l3';
-- What has left in part, and what may have left: both wait, and go on from their own number.
insert into outbound (location_id, id, ghl_message_id, conversation, body, number, chat, parts_sent, parts, unconfirmed_sends, claims,
    departed, due_at, accepted_at) values
    ('l1', 1901, 'o1901', 'contact1', '{}', '60100000002', '60130000001', 1, 3, 0, 1, 1, '2020-01-19 09:00Z', '2020-01-19 09:00Z'),
    ('l1', 1902, 'o1902', 'contact2', '{}', '60100000002', '60130000002', 0, 1, 1, 2, 1, '2020-01-19 09:00Z', '2020-01-19 09:00Z');
insert into timeline (location_id, message_id, at, state, cause) values
    ('l1', 1902, '2020-01-19 09:02Z', 'accepted', 'no sign of it came from WhatsApp; trying once more');
