-- A better picture with the smaller one in reserve.
update inbound_media
set better_of = 'P2701', spare = '{"keys": "image", "direct_path": "/v/small", "media_key": "\\x01"}'
where location_id = 'v4' and message_id = 2701;
