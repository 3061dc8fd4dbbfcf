-- A customer who wrote to a second number, and what waits for it: a message that begins, one that was sent in part, and one
-- to somebody who never wrote, whose number may send the next such one later.
insert into contacts (location_id, phone, contact_id, wrote_at, last_number) values
    ('v4', '60120000201', 'contact-201', '2020-01-31T09:00:00Z', '60120000299');
insert into outbound (
    id, location_id, ghl_message_id, conversation, body, state, number, parts, parts_sent, due_at, accepted_at, route, is_cold
) values
    (9201, 'v4', 'ghl-route-1', 'contact-201', '', 'sent', '60120000299', 1, 1, '2020-01-31T09:01:00Z', '2020-01-31T09:01:00Z',
        '60120000299', false),
    (9202, 'v4', 'ghl-route-2', 'contact-202', '', 'sent', '60120000299', 1, 1, '2020-01-31T09:02:00Z', '2020-01-31T09:02:00Z',
        '', true);
update numbers set cold_next_at = '2020-01-31T09:03:00Z' where location_id = 'v4';
