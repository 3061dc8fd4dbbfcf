-- Of each kind; the second of two of one kind is open, the first has ended.
insert into troubles (location_id, number, kind, detail, since, last_seen_at, healed_at) values
    ('l1', '', 'provider', 'Twilio', '2020-01-14 08:00Z', '2020-01-14 08:30Z', '2020-01-14 08:45Z'),
    ('l1', '', 'provider', 'LC Phone', '2020-01-14 09:00Z', '2020-01-14 09:30Z', null),
    ('l1', '60100000001', 'link', 'link_lost', '2020-01-14 09:00Z', '2020-01-14 09:30Z', null),
    ('l3', '60100000004', 'silence', null, '2020-01-14 09:00Z', '2020-01-14 09:30Z', null),
    ('l3', '', 'reinstall', 'the token came without a refresh token', '2020-01-14 09:00Z', '2020-01-14 09:30Z', null);

update locations set watch_at = '2020-01-14 09:45Z', provider_at = '2020-01-14 07:00Z' where location_id = 'l1';
-- Whose watch begins in five minutes.
insert into locations (location_id, company_id, installed_at) values ('l11', 'c3', '2020-01-14 09:00Z');

insert into app_keys (keys_hash, accepted_at, refused_at, refusal) values
    ('keys 1', '2020-01-14 09:00Z', null, null),
    ('keys 2', null, '2020-01-14 09:00Z', 'GHL answered 401: invalid client (trace t1401)');
update tokens set scope = 'contacts.readonly conversations.write' where owner_id = 'l1';

insert into outbound (location_id, id, ghl_message_id, conversation, body, state, number, chat, parts_sent, parts, claims, departed,
    due_at, accepted_at) values
    ('l3', 1401, 'o1401', 'contact6', '{}', 'sent', '60100000004', '60130000006', 1, 1, 1, 1, '2020-01-14 09:00Z', '2020-01-14 09:00Z');
insert into receipts (location_id, number, wa_message_id, message_id, part, level, seen_at) values
    ('l3', '60100000004', 'W1401', 1401, 0, 2, '2020-01-14 09:00:05Z');
