insert into outbound (location_id, id, ghl_message_id, conversation, body, due_at, accepted_at, rank) values
    -- A campaign, an answer, and one that a person sent again.
    ('l1', 701, 'o701', 'contact1', '{}', '2020-01-07 09:00Z', '2020-01-07 09:00Z', 0),
    ('l1', 702, 'o702', 'contact2', '{}', '2020-01-07 09:00Z', '2020-01-07 09:00Z', 1),
    ('l1', 703, 'o703', 'contact3', '{}', '2020-01-07 09:00Z', '2020-01-07 09:00Z', 2);
insert into timeline (location_id, message_id, at, state, cause) values
    ('l1', 703, '2020-01-07 09:01Z', 'accepted', 'replayed by the operator');

update contacts set wrote_at = '2020-01-07 09:00Z' where location_id = 'l1' and phone = '60130000001';
insert into contacts (location_id, phone, contact_id, wrote_at) values ('l1', '60130000002', 'contact2', '2020-01-07 09:00Z');

update numbers set min_interval_ms = 60000 where location_id = 'l1' and number = '60100000001';
update numbers set min_interval_ms = 0 where location_id = 'l3' and number = '60100000004';
