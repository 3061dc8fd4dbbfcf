-- A word that waits for GHL, one that GHL knows with its answer, one that a person lifted, and one that GHL refused.
insert into opt_outs (
    location_id, phone, word, said_at, message_id, contact_id, state, reason_code, reason_args, told_at, answer,
    answered_at, answer_message_id, due_at, attempt, failures, waits
) values
    ('v4', '60120000101', 'stop', '2020-01-30T09:00:00Z', 9101, null, 'waiting', null, null, null, null, null, null,
        '2020-01-30T09:00:05Z', 1, 2, 3),
    ('v4', '60120000102', 'stop', '2020-01-30T09:01:00Z', 9102, 'contact-102', 'told', null, null,
        '2020-01-30T09:01:03Z', 'Terima kasih', '2020-01-30T09:01:02Z', 9110, '2020-01-30T09:01:00Z', 1, 0, 0),
    ('v4', '990000000103@lid', 'start', '2020-01-30T09:02:00Z', 9103, 'contact-103', 'lifted', null, null, null, null,
        null, null, '2020-01-30T09:02:00Z', 2, 0, 0),
    ('w5', '60120000104', 'stop', '2020-01-30T09:03:00Z', 9104, 'contact-104', 'refused', 'ghl_answered',
        '{"status": 422, "words": "no", "trace": "t9104"}', null, null, null, null, '2020-01-30T09:03:00Z', 1, 1, 0),
    ('w5', '60120000105', 'stop', '2020-01-30T09:04:00Z', 9105, 'contact-105', 'was_so', null, null, null, null, null,
        null, '2020-01-30T09:04:00Z', 1, 0, 0);
insert into contact_dnd (location_id, contact_id, is_active, said_at) values
    ('v4', 'contact-102', false, '2020-01-30T09:05:00Z'),
    ('w5', 'contact-105', true, '2020-01-30T09:06:00Z');
insert into opt_out_settings (location_id, is_on, stop_words, start_words, answer) values
    ('v4', true, '{BERHENTI,停止}', '{MULA}', 'Terima kasih'),
    ('w5', false, null, null, null);
insert into source_looks (location_id, message_id, due_at, attempt, failures) values
    ('v4', 9120, '2020-01-30T09:07:00Z', 2, 1),
    ('w5', 9121, '2020-01-30T09:08:00Z', 0, 0);
insert into outbound (
    id, location_id, ghl_message_id, conversation, body, state, due_at, accepted_at, priority, has_sender, source
) values
    (9121, 'v4', 'ghl-source-1', 'contact-source', '', 'sent', '2020-01-30T09:08:00Z', '2020-01-30T09:08:00Z', 3, true, 'app'),
    (9122, 'v4', 'ghl-source-2', 'contact-source', '', 'sent', '2020-01-30T09:09:00Z', '2020-01-30T09:09:00Z', 0, true,
        'bulk_actions'),
    (9123, 'v4', 'ghl-source-3', 'contact-source', '', 'sent', '2020-01-30T09:10:00Z', '2020-01-30T09:10:00Z', 0, false, null);
