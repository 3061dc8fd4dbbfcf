insert into call_budgets (owner_id, used, window_ends_at) values ('l1', 3, '2020-01-06 09:00:10Z');
insert into call_budgets (owner_id, used, max, window_ends_at, window_ms, paused_until, saving_until) values
    ('c3', 25, 25, '2020-01-06 09:00:05Z', 5000, '2020-01-06 09:00:30Z', '2020-01-07 00:00Z');
