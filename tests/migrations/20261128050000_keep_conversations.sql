-- A contact whose conversation is known.
update contacts set conversation_id = 'conv-1' where location_id = 'v4' and contact_id = 'con-found';
update contacts set conversation_id = 'conv-2' where location_id = 'v4' and contact_id = 'con-hidden';
