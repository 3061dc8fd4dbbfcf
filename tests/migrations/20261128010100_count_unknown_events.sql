-- Shapes that came to two numbers.
insert into unknown_events (location_id, number, shape, count, first_at, last_at)
values
    ('l1', '60100000001', 'x.y: {a: text}', 2, '2020-01-27 09:00Z', '2020-01-27 10:00Z'),
    ('l2', '60100000003', '[]', 1, '2020-01-27 11:00Z', '2020-01-27 11:00Z');
