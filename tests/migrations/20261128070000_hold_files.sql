-- A photo that waits for a token.
update inbound_media set is_held = true, opened_at = '2020-01-28 09:00Z' where location_id = 'v4' and message_id = 2701;
