-- A number that gets no acks.
insert into incidents (location_id, number, kind, detail, since, last_seen_at) values
    ('w6', '60100000028', 'restricted', 'no_acks', '2020-01-28 09:00Z', '2020-01-28 09:00Z');
