-- A set-up that is proven, and its number.
update locations set sent_at = '2020-01-29 09:00Z', posted_at = '2020-01-29 09:01Z' where location_id = 'w6';
update numbers set heard_at = '2020-01-29 09:02Z' where location_id = 'w6';
insert into incidents (location_id, number, kind, since, last_seen_at) values
    ('w5', '', 'undelivered', '2020-01-29 09:00Z', '2020-01-29 09:00Z'),
    ('w5', '60100000027', 'unheard', '2020-01-29 09:00Z', '2020-01-29 09:00Z');
