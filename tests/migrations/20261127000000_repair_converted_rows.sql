-- A message of a hidden sender that an uninstall made failed, and a step of which GHL was not told.
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, text, sent_at, state, due_at, accepted_at,
    reason_code) values
    ('v4', 2601, '60100000024', 'I2601', false, '199900000000026@lid', 'Hi', '2020-01-26 09:00Z', 'failed',
        '2020-01-26 09:00Z', '2020-01-26 09:00Z', 'uninstalled');
insert into timeline (location_id, message_id, at, state, cause_code, cause_args) values
    ('v4', 2501, '2020-01-26 09:00Z', 'failed', 'ghl_not_told', '{"cause": {"code": "database_failed"}}');
