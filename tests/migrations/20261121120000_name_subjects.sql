insert into app_events (webhook_id, event_type, body, state, claims, due_at, received_at, location_id, contact_id) values
    ('h801', 'InboundMessage', '{"type":"InboundMessage"}', 'done', 1, '2020-01-08 09:00Z', '2020-01-08 09:00Z', 'l3', 'contact6'),
    ('h802', 'INSTALL', '{"type":"INSTALL"}', 'done', 1, '2020-01-08 09:00Z', '2020-01-08 09:00Z', 'l3', null);
-- What GHL's event proved, and what hides it.
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, ghl_message_id,
    claims, due_at, accepted_at, departed_at, unclear) values
    ('l3', 801, '60100000004', 'I801', false, '60130000011', '60130000011', 'Hi', '2020-01-08 09:00Z', 'posted', 'g801', 2,
        '2020-01-08 09:00Z', '2020-01-08 09:00Z', '2020-01-08 09:00:05Z', false);
insert into timeline (location_id, message_id, at, state, cause) values
    ('l3', 801, '2020-01-08 09:01Z', 'posted', 'GHL has it, its answer was lost'),
    ('l3', 503, '2020-01-08 09:02Z', 'accepted', 'its answer was lost, and another message hides whether GHL has it');
