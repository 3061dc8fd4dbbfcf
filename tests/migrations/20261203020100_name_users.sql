-- Users whom GHL named.
insert into user_names (user_id, name, told_at) values
    ('user-301', 'Aminah Contoh', '2020-02-03T09:00:00Z'),
    ('user-302', '阿里', '2020-02-03T09:05:00Z');
