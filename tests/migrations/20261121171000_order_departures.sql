-- A post with an answer that was lost, the event that came after it, and one more look than the first.
select setval('message_ids', 1500);
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, claims, due_at,
    accepted_at, departed_at, unclear, departed_place, looks) values
    ('l3', nextval('message_ids'), '60100000004', 'I1501', false, '60130000014', '60130000014', 'Hi', '2020-01-15 09:00Z', 'accepted', 1,
        '2020-01-15 09:03Z', '2020-01-15 09:00Z', '2020-01-15 09:00:05Z', true, nextval('message_ids'), 2);
insert into app_events (webhook_id, event_type, body, state, claims, due_at, received_at, location_id, contact_id) values
    ('h1501', 'InboundMessage', '{"type":"InboundMessage"}', 'accepted', 0, '2020-01-15 09:01Z', '2020-01-15 09:01Z', 'l3', 'contact14');
