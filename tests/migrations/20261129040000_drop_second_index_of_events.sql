-- Events that wait, one of them in the place of another.
insert into waapify_events (location_id, id, number, body, due_at, received_at, place) overriding system value values
    ('v4', 2901, '60100000024', '{}', '2020-01-27 09:00Z', '2020-01-27 09:00Z', null),
    ('v4', 2902, '60100000024', '{}', '2020-01-27 09:00Z', '2020-01-27 09:00Z', 2900);
