-- From here on the view shows the first step of a delivery, and none is written. The view takes the message's own row
-- for it, and no step of the timeline that says the same.
insert into outbound (location_id, id, ghl_message_id, conversation, body, due_at, accepted_at) values
    ('l1', 201, 'o201', 'contact1', '{}', '2020-01-02 09:00Z', '2020-01-02 09:00Z');
-- A process of the first release beside writes it still.
insert into outbound (location_id, id, ghl_message_id, conversation, body, due_at, accepted_at) values
    ('l1', 202, 'o202', 'contact1', '{}', '2020-01-02 09:00Z', '2020-01-02 09:00Z');
insert into timeline (location_id, message_id, at, state, cause) values
    ('l1', 202, '2020-01-02 09:00Z', 'accepted', 'GHL delivered it'),
    -- A step without a cause is shown as well.
    ('l1', 202, '2020-01-02 09:00:01Z', 'sending', null);
