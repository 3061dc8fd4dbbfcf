-- A file in each state, and of each kind.
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state,
    ghl_message_id, claims, due_at, accepted_at, departed_at) values
    ('l1', 901, '60100000001', 'I901', false, '60130000002', '60130000002', null, '2020-01-09 09:00Z', 'accepted', null, 0, '2020-01-09 09:05Z', '2020-01-09 09:00Z', null),
    ('l1', 902, '60100000001', 'I902', false, '60130000001', '60130000001', 'Look', '2020-01-09 09:00Z', 'posted', 'g902', 1, '2020-01-09 09:00Z', '2020-01-09 09:00Z', '2020-01-09 09:00:05Z'),
    ('l1', 903, '60100000001', 'I903', false, '60130000001', '60130000001', 'A link', '2020-01-09 09:00Z', 'posted', 'g903', 1, '2020-01-09 09:00Z', '2020-01-09 09:00Z', '2020-01-09 09:00:05Z'),
    ('l1', 904, '60100000001', 'I904', false, '60130000001', '60130000001', '[Document]', '2020-01-09 09:00Z', 'posted', 'g904', 1, '2020-01-09 09:00Z', '2020-01-09 09:00Z', '2020-01-09 09:00:05Z'),
    ('l5', 905, '60100000005', 'I905', false, '60130000009', '60130000009', 'A link', '2020-01-09 09:00Z', 'posted', 'g905', 1, '2020-01-09 09:00Z', '2020-01-09 09:00Z', '2020-01-09 09:00:05Z');
insert into media (location_id, message_id, keys, direct_path, url, media_key, sha256, encrypted_sha256, length, mimetype,
    file_name, state, reason, text_attached, text_linked, text_missing, attachment, link_hash, link_ends_at, failures, claims, due_at) values
    ('l1', 901, 'image', '/v/1', 'https://mmg.whatsapp.net/v/1', 'key', 'sha', 'encrypted sha', 1234, 'image/jpeg', null,
        'wanted', null, 'Image', U&'Image: \FDD0', U&'[Image: \FDD0]', null, null, null, 1, 2, '2020-01-09 09:01Z'),
    ('l1', 902, 'video', null, null, null, null, null, null, 'video/mp4', null,
        'attached', null, null, null, null, 'https://files.example/902.mp4', null, null, 0, 1, '2020-01-09 09:01Z'),
    -- Still to be fetched whenever somebody opens the link.
    ('l1', 903, 'document', '/v/3', null, 'key', 'sha', 'encrypted sha', 12345678, 'application/pdf', 'harga.pdf',
        'linked', null, null, null, null, null, 'link hash 903', '2020-01-16 09:00Z', 0, 1, '2020-01-09 09:01Z'),
    ('l1', 904, 'audio', null, null, null, null, null, null, 'audio/ogg', null,
        'missing', 'WhatsApp''s server does not give the file: it answers 404', null, null, null, null, null, null, 3, 4, '2020-01-09 09:01Z'),
    ('l5', 905, null, null, null, null, null, null, null, null, null,
        'missing', 'the app was uninstalled', null, null, null, null, null, null, 0, 1, '2020-01-09 09:01Z');
insert into timeline (location_id, message_id, at, state, cause) values
    ('l1', 902, '2020-01-09 09:00:04Z', 'accepted', 'its file is in GHL'),
    ('l1', 903, '2020-01-09 09:00:04Z', 'accepted', 'it links its file'),
    ('l1', 904, '2020-01-09 09:00:04Z', 'accepted', 'WhatsApp''s server does not give the file: it answers 404');
