-- Contacts of each source, a LID that was proven, and a phone that was heard under its other number.
insert into contacts (location_id, phone, contact_id, wrote_at, learnt_at, learnt_by, checked_at, moved_at) values
    ('v4', '60100000031', 'con-delivered', null, '2020-01-28 09:00Z', 'delivery', null, null),
    ('v4', '5511987654321', 'con-found', '2020-01-28 09:01Z', '2020-01-28 09:00Z', 'search', '2020-01-28 09:02Z', null),
    ('v4', '112233445566778@lid', 'con-hidden', null, '2020-01-28 09:00Z', 'made', '2020-01-28 09:00Z', '2020-01-28 10:00Z');
insert into lids (location_id, lid, phone, said_at, learnt_by) values
    ('v4', '112233445566778', '60100000031', '2020-01-28 10:00Z', 'receipt');
insert into addresses (location_id, phone, address, seen_at) values
    ('v4', '5511987654321', '551187654321', '2020-01-28 09:01Z'),
    ('c4', '525512345678', '5215512345678', '2020-01-28 09:02Z');
