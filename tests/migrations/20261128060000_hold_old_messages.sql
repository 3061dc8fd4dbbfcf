-- One that waits for a person's word, and one that a person wants to see.
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, reason_code,
    due_at, accepted_at, late) values
    ('w5', 2801, '60100000027', 'late1', false, '60130000028', '60130000028', 'lama', '2020-01-20 09:00Z', 'held',
        'old_message', '2020-01-28 09:00Z', '2020-01-28 09:00Z', 'asked'),
    ('w5', 2802, '60100000027', 'late2', false, '60130000028', '60130000028', 'lama', '2020-01-21 09:00Z', 'held',
        'old_message', '2020-01-28 09:00Z', '2020-01-28 09:00Z', 'shown');
