-- One rule of each kind, a chosen wait, tags that GHL said, and a question that goes on.
insert into number_rules (location_id, kind, subject, number, weight) values
    ('v4', 'user', 'user-9301', '60120000299', null),
    ('v4', 'tag', 'vip', '60120000299', null),
    ('v4', 'share', '60120000299', '60120000299', 3),
    ('w5', 'share', '60120000298', '60120000298', 100);
insert into routing_settings (location_id, when_held) values
    ('v4', 'mixed'),
    ('w5', 'leave'),
    ('x6', 'wait');
insert into contact_tags (location_id, contact_id, tags, said_at) values
    ('v4', 'contact-301', '{vip,bulanan}', '2020-02-01T09:00:00Z'),
    ('w5', 'contact-303', '{}', '2020-02-01T09:02:00Z');
insert into tag_looks (location_id, contact_id, due_at, attempt, failures) values
    ('v4', 'contact-302', '2020-02-01T09:01:00Z', 2, 1),
    ('w5', 'contact-304', '2020-02-01T09:03:00Z', 0, 0);
