insert into outbound (location_id, id, ghl_message_id, conversation, body, state, reason, number, chat, parts, claims, due_at,
    accepted_at, files) values
    ('l1', 1001, 'o1001', 'contact1', '{}', 'accepted', null, '60100000001', '60130000001', 2, 1, '2020-01-10 09:00Z',
        '2020-01-10 09:00Z', '[{"name": "harga.pdf", "type": "application/pdf"}, {"name": "menu", "type": null}]'),
    ('l1', 1002, 'o1002', 'contact2', '{}', 'accepted', null, null, null, null, 0, '2020-01-10 09:00Z', '2020-01-10 09:00Z', '[]'),
    ('l1', 1003, 'o1003', 'contact3', '{}', 'failed', 'file_gone', '60100000001', '60130000003', 1, 1, '2020-01-10 09:00Z',
        '2020-01-10 09:00Z', null);
insert into timeline (location_id, message_id, at, state, cause) values
    ('l1', 1001, '2020-01-10 09:00:02Z', 'accepted', 'its files were looked at'),
    ('l1', 1003, '2020-01-10 09:00:02Z', 'failed',
        'The file "harga.pdf" is not there any more, or not for everyone to fetch. Attach it again and send it once more.');
