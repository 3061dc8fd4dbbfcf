-- A question without an answer, one with, and what an answer taught.
insert into phone_checks (location_id, phone, number, asked_at, answer) values
    ('v4', '60120000091', '60100000024', '2020-01-29T09:00:00Z', null),
    ('v4', '60120000092', '60100000024', '2020-01-29T09:01:00Z', 'yes');
insert into lids (location_id, lid, phone, said_at, learnt_by) values
    ('v4', '990000000092', '60120000092', '2020-01-29T09:01:00Z', 'check');
