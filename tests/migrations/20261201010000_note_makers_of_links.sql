-- Links of a user inside GHL and of a list for an agency; what GHL's install form did; a number that was taken.
insert into locations (location_id) values ('taken1');
insert into connect_links (token_hash, location_id, expires_at, made_inside, made_by)
values ('\x6101', 'taken1', '2020-01-31T12:00:00Z', true, 'u1 (admin)');
insert into connect_links (token_hash, location_id, expires_at, made_inside, list_hash, list_agency_id)
values ('\x6102', 'taken1', '2020-01-31T12:00:00Z', false, '\x6103', 'c5');
insert into audit (at, actor_kind, action, location_id, place, outcome)
values ('2020-01-30T09:02:00Z', 'install_form', 'connect', 'taken1', '60100000031', 'done');
insert into incidents (location_id, number, kind, since, last_seen_at)
values ('taken1', '60100000031', 'taken', '2020-01-30T09:03:00Z', '2020-01-30T09:03:00Z');
