-- An hour in which two messages left and one customer wrote; whose turn it is.
insert into hour_counts (
    location_id, hour, direction, number, total, sent, delivered, read, failed, timed,
    within_2s, within_5s, within_10s, within_30s, within_1min, within_5min, within_1h, first_id
) values
    ('w6', '2020-01-29 09:00Z', 'outbound', '60100000028', 3, 2, 2, 1, 1, 2, 1, 2, 2, 2, 2, 2, 2, 2601),
    ('w6', '2020-01-29 09:00Z', 'inbound', '60100000028', 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2602),
    ('w5', '2020-01-29 10:00Z', 'outbound', '', 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2603);
insert into hour_count_turns (location_id, due_at, attempt, counted_at, day_at, week_at) values
    ('w6', '2020-01-29 10:00Z', 3, '2020-01-29 09:55Z', '2020-01-29 09:10Z', '2020-01-29 08:00Z'),
    -- Never counted.
    ('w5', '2020-01-29 10:01Z', 0, null, null, null);
