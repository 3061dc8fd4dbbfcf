-- A protected number with settings of its own, after a refusal: to people who never wrote nothing leaves for a time; and one that
-- waits for a person's word.
update numbers
set first_connected_at = '2020-01-01T09:00:00Z', protects = true, cold_code = 'number_restricted',
    cold_args = '{"at": "2020-02-02 17:00 UTC+8"}', cold_since = '2020-02-01T09:00:00Z',
    strangers_from = '2020-02-02T09:00:00Z', stopped_at = '2020-02-01T09:00:01Z', went_on_at = '2020-01-20T09:00:00Z'
where location_id = 'v4';
insert into protection_settings (location_id, number, is_old, daily, hourly, from_minute, until_minute, zone) values
    ('v4', '60120000299', true, 40, 8, 600, 1080, 'Asia/Kuala_Lumpur'),
    ('w5', '60120000399', false, null, null, 540, 1200, null);
insert into first_contacts (location_id, number, day, phone, at) values
    ('v4', '60120000299', '2020-02-01', '60120000301', '2020-02-01T08:00:00Z'),
    ('w5', '60120000399', '2020-02-02', '60120000302', '2020-02-02T08:00:00Z');
insert into sent_texts (location_id, phone, hash, message_id, at) values
    ('v4', '60120000301', '\x0102', 9202, '2020-02-01T08:00:00Z'),
    ('w5', '60120000302', '\x0304', 9203, '2020-02-02T08:00:00Z');
insert into restrictions (location_id, number, wa_message_id, at) values
    ('v4', '60120000299', '3EB0AA', '2020-02-01T09:00:00Z'),
    ('w5', '60120000399', '3EB0AB', '2020-02-02T09:00:00Z');
insert into incidents (location_id, number, kind, detail, since, last_seen_at, resolved_at) values
    ('w5', '60120000399', 'paused', 'stopped', '2020-02-02T09:00:00Z', '2020-02-02T10:00:00Z', '2020-02-02T10:00:00Z');
