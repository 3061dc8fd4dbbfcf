-- A question without an answer, two with, and what an answer taught.
insert into phone_checks (location_id, phone, number, asked_at, answer) values
    ('v4', '60120000091', '60100000024', '2020-01-29T09:00:00Z', null),
    ('v4', '60120000092', '60100000024', '2020-01-29T09:01:00Z', 'yes'),
    ('w5', '60120000091', '60100000027', '2020-01-29T09:02:00Z', 'unknown');
insert into lids (location_id, lid, phone, said_at, learnt_by) values
    ('v4', '990000000092', '60120000092', '2020-01-29T09:01:00Z', 'check');
