-- An event that a process reads, and two parts of one that had too many items.
insert into waapify_events (location_id, number, body, state, attempt, is_leased, crashed_attempts, failures, place, due_at, received_at)
values
    ('v4', '60100000024', '{"event":"messages.update"}', 'accepted', 2, true, 1, 0, null, '2020-01-28 09:01Z', '2020-01-28 09:00Z'),
    ('v4', '60100000024', '{"event":"contacts.upsert"}', 'done', 1, false, 0, 0, 1, '2020-01-28 09:01Z', '2020-01-28 09:00Z'),
    ('v4', '60100000024', '{"event":"contacts.upsert"}', 'accepted', 1, false, 0, 1, 1, '2020-01-28 09:01Z', '2020-01-28 09:00Z');
