-- The version before still runs beside, and writes sentences.
insert into outbound (location_id, id, ghl_message_id, conversation, body, state, due_at, accepted_at) values
    ('l3', 2201, 'o2201', 'contact6', '{}', 'sending', '2020-01-22 09:00Z', '2020-01-22 09:00Z');
update outbound set state = 'failed', reason = 'uninstalled' where location_id = 'l3' and id = 2201;
insert into timeline (location_id, message_id, at, state, cause) values
    ('l3', 2201, '2020-01-22 09:00:05Z', 'failed', 'The app was uninstalled from this sub-account.'),
    -- A cause without arguments.
    ('l3', 1401, '2020-01-22 09:00Z', 'delivered (GHL was not told)', 'the database failed'),
    -- One that the program before had no code for, and one without any cause.
    ('l3', 1401, '2020-01-22 09:01Z', 'read (GHL was not told)', 'something else'),
    ('l3', 1401, '2020-01-22 09:02Z', 'failed (GHL was not told)', null);
insert into status_updates (location_id, message_id, ghl_message_id, status, error_code, error_message, due_at) values
    ('l3', 2201, 'o2201', 'failed', 'uninstalled', 'The app was uninstalled from this sub-account.', '2020-01-22 09:05Z');
-- As the version that keeps codes writes.
insert into timeline (location_id, message_id, at, state, cause_code, cause_args) values
    ('l3', 1401, '2020-01-22 09:03Z', 'read (GHL was not told)', 'ghl_answered', '{"status": 400, "words": "no", "trace": "t2201"}');
