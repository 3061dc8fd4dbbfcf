insert into sso_payloads (salt, used_at) values ('salt 001', '2020-01-17 08:00Z'), ('salt 002', '2020-01-17 08:01Z');
-- Two agencies may share a domain.
insert into white_label_domains (company_id, domain, named_at) values
    ('c1', 'app.agency.example', '2020-01-17 08:00Z'),
    ('c3', 'app.agency.example', '2020-01-17 08:01Z'),
    ('c4', 'crm.other.example', '2020-01-17 08:02Z');
update numbers set mirrors_phone = false, name = 'Kedai' where location_id = 'l1' and number = '60100000001';
-- What its setting leaves out, and a failure of either way, which the new indexes hold.
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, reason, claims,
    due_at, accepted_at) values
    ('l1', 1701, '60100000001', 'I1701', true, '60130000001', '60130000001', null, '2020-01-17 09:00Z', 'ignored',
        'written on the business''s phone, which this number does not show in GHL', 0, '2020-01-17 09:00Z', '2020-01-17 09:00Z'),
    ('l1', 1702, '60100000001', 'I1702', false, '60130000002', '60130000002', 'Hi', '2020-01-17 09:00Z', 'failed',
        'it kept ending its worker', 5, '2020-01-17 09:00Z', '2020-01-17 09:00Z');
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, reason, number, chat, parts, claims, due_at, accepted_at) values
    ('l1', 1703, 'o1703', 'contact2', '{}', 'failed', 'rejected', '60100000001', '60130000002', 1, 1, '2020-01-17 09:00Z', '2020-01-17 09:00Z');
insert into timeline (location_id, message_id, at, state, cause) values
    ('l1', 1702, '2020-01-17 09:05Z', 'failed', 'it kept ending its worker'),
    ('l1', 1703, '2020-01-17 09:00:05Z', 'failed', 'Waapify refused this message: bad media. Change it and send it again.');
