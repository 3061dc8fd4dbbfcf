-- The operator sent many again; a user inside GHL was refused a removal.
insert into audit (at, actor_kind, actor, action, location_id, place, count, outcome) values
    ('2020-01-29 09:00Z', 'operator', null, 'replay_many', '', 'no_phone', 12, 'done'),
    ('2020-01-29 09:01Z', 'user', 'u1 user', 'disconnect', 'w6', '60100000028', null, 'refused');
