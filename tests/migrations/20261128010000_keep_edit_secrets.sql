-- A message that a phone may edit.
insert into inbound (location_id, id, number, wa_message_id, from_me, conversation, phone, text, sent_at, state, due_at, accepted_at, edit_secret)
values ('l1', 9001, '60100000001', 'EDITABLE', false, '60123450000', '60123450000', 'hai', '2020-01-27 09:00Z', 'ignored', '2020-01-27 09:00Z',
    '2020-01-27 09:00Z', '\x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20');
