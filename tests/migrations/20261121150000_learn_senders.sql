-- Known with and without a name, and one that the held message below waits for.
insert into lids (location_id, lid, phone, name, said_at) values
    ('l1', '334455667788990', '60130000012', 'Chong', '2020-01-12 09:00Z'),
    ('l1', '334455667788991', '60130000013', null, '2020-01-12 09:00Z'),
    ('l1', '334455667788992', null, null, null),
    -- The same person writes to another location.
    ('l3', '334455667788990', '60130000012', 'Chong', '2020-01-12 09:05Z');
insert into groups (location_id, group_jid, subject, making_until) values
    ('l1', '120363000000000001@g.us', 'Pelanggan', null),
    ('l1', '120363000000000002@g.us', null, '2020-01-12 09:01Z'),
    ('l3', '120363000000000001@g.us', 'Pelanggan', null);
update numbers set forwards_groups = true where location_id = 'l1' and number = '60100000001';

insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, sender_name, text, sent_at, state,
    reason, due_at, accepted_at, undecrypted) values
    ('l1', 1201, '60100000001', 'I1201', false, '334455667788992@lid', null, 'Devi', 'Hi', '2020-01-12 09:00Z', 'held',
        'WhatsApp hides the sender''s number', '2020-01-12 09:00Z', '2020-01-12 09:00Z', false),
    ('l1', 1202, '60100000001', 'I1202', false, '60130000001', '60130000001', null, '[A message]', '2020-01-12 09:00Z', 'held',
        'WhatsApp could not decrypt it yet', '2020-01-12 09:05Z', '2020-01-12 09:00Z', true),
    ('l1', 1203, '60100000001', 'I1203', false, '120363000000000001@g.us', null, 'Budi', 'Hi all', '2020-01-12 09:00Z', 'accepted',
        null, '2020-01-12 09:00Z', '2020-01-12 09:00Z', false);
insert into timeline (location_id, message_id, at, state, cause) values
    ('l1', 1201, '2020-01-12 09:00Z', 'held', 'WhatsApp hides the sender''s number'),
    ('l1', 1202, '2020-01-12 09:00Z', 'held', 'WhatsApp could not decrypt it yet'),
    ('l1', 1203, '2020-01-12 09:00:10Z', 'accepted', 'the group''s contact is being made');
